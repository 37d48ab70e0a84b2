package org.pgkeel.proxy.config;

/// The `sslmode` words of libpq, on both sides of the proxy.
/// <https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>
public enum TlsMode { DISABLE, ALLOW, PREFER, REQUIRE, VERIFY_CA, VERIFY_FULL }
