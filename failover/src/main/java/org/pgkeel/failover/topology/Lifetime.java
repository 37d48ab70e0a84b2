package org.pgkeel.failover.topology;

/// Which life of a server it is: both values are readable by any role. A clean restart changes the first only, a crash recovery
/// (also that of `restart_after_crash`, which the postmaster survives) changes the second.
///
/// Threading: immutable.
///
/// @param postmasterStart `pg_postmaster_start_time()`, in a text that does not depend on who asks
/// @param statsReset      `stats_reset` of `pg_stat_bgwriter`; empty where it is null
public record Lifetime(String postmasterStart, String statsReset) {
    /// Of a server that could not be asked.
    public static final Lifetime UNKNOWN = new Lifetime("", "");
}
