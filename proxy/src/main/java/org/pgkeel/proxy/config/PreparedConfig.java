package org.pgkeel.proxy.config;

/// Prepared statements in transaction mode: the `prepared.*` keys.
///
/// @param unnamed       what happens to unnamed statements of the extended protocol
/// @param perBackend    statements kept prepared in one backend connection at most; the least recently used goes
/// @param perClient     named statements of one client at most; the next one gets ERROR 53400
/// @param statementBytes length of a statement's text at most to be shared; a longer one is forwarded as it is
/// @param cacheBytes    of all shared statements at most; each event loop has an equal share
public record PreparedConfig(Unnamed unnamed, int perBackend, int perClient, int statementBytes, long cacheBytes) {
    public enum Unnamed {
        /// Kept prepared in the backend like named ones: PostgreSQL parses and plans once.
        CACHE,
        /// Sent as they come.
        FORWARD
    }
}
