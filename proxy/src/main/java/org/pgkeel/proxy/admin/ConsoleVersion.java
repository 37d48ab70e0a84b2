package org.pgkeel.proxy.admin;

/// What the console says it is. Tools that talk to PgBouncer look for its version to know which columns come, so they
/// find the version of PgBouncer whose columns these are, and PgKeel's own after it.
final class ConsoleVersion {
    /// The version of PgBouncer whose console this one resembles.
    static final String PGBOUNCER = "1.25.0";
    /// `server_version`. Drivers want digits and dots first; below 9.0, no driver tries PostgreSQL's newer ways on it.
    static final String SERVER_VERSION = PGBOUNCER + "/pgkeel";

    private ConsoleVersion() {}

    /// The answer to SHOW VERSION: the first number in it is PgBouncer's.
    static String shown(String pgkeelVersion) {
        return "PgBouncer " + PGBOUNCER + " console of PgKeel " + pgkeelVersion;
    }
}
