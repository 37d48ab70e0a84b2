package org.pgkeel.proxy.login;

/// How the bytes of a client travel.
public enum ConnectionKind { TCP, TLS, UNIX_SOCKET }
