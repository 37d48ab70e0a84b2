package org.pgkeel.proxy.statement;

import java.util.Set;

/// Views and settings whose content is the node's own: a replica would answer something else than the primary does.
final class NodeState {
    private static final Set<String> VIEWS = Set.of("pg_locks", "pg_settings", "pg_file_settings", "pg_hba_file_rules", "pg_ident_file_mappings",
            "pg_cursors", "pg_prepared_statements", "pg_prepared_xacts", "pg_replication_slots", "pg_replication_origin_status", "pg_sequences",
            "pg_config", "pg_backend_memory_contexts", "pg_shmem_allocations", "pg_buffercache", "pg_backend_pid");

    private NodeState() {}

    /// @param name of a relation or function, in lower case
    static boolean isOfTheNode(String name) {
        return name.startsWith("pg_stat_") || name.startsWith("pg_statio_") || VIEWS.contains(name);
    }

    /// Settings that say which role the node has.
    static boolean isRole(String setting) {
        return setting.equals("transaction_read_only") || setting.equals("in_hot_standby");
    }

    /// Whether a string has the name of such a setting in it: the server does not mind its case.
    static boolean namesRole(String text) {
        if (text.indexOf('_') < 0) return false;
        String lower = Lexer.lowerCase(text);
        return lower.contains("transaction_read_only") || lower.contains("in_hot_standby");
    }
}
