package org.pgkeel.proxy.config;

/// How a client proves who it is; PostgreSQL's `pg_hba.conf` words.
/// <https://www.postgresql.org/docs/current/auth-methods.html>
public enum AuthMethod { SCRAM_SHA_256, MD5, PASSWORD, CERT, TRUST, REJECT }
