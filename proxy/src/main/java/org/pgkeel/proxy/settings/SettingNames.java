package org.pgkeel.proxy.settings;

import java.util.List;
import java.util.Set;

/// What is known about single parameters.
final class SettingNames {
    static final String ROLE = "role";
    /// Of two parts, of which SET may name one.
    static final String DATE_STYLE = "datestyle";
    static final String SESSION_AUTHORIZATION = "session_authorization";
    static final String SYNCHRONOUS_COMMIT = "synchronous_commit";
    /// Its values by which a commit is acknowledged before it is on disk.
    static final Set<String> ASYNCHRONOUS = Set.of("off", "false", "no", "0");

    /// Reported by ParameterStatus and settable by a client.
    private static final Set<String> REPORTED = Set.of("application_name", "client_encoding", "datestyle",
            "default_transaction_read_only", "intervalstyle", "scram_iterations", "search_path",
            "standard_conforming_strings", "timezone");

    /// Limits, memory, logging and output: they change how a statement runs, not what it means.
    private static final Set<String> NOT_SEMANTIC = Set.of("application_name", "statement_timeout", "lock_timeout",
            "idle_in_transaction_session_timeout", "idle_session_timeout", "transaction_timeout", "deadlock_timeout",
            "client_connection_check_interval", "work_mem", "hash_mem_multiplier", "maintenance_work_mem", "temp_buffers",
            "temp_file_limit", "client_min_messages", SYNCHRONOUS_COMMIT, "commit_delay", "commit_siblings",
            "extra_float_digits", "bytea_output", "vacuum_cost_delay", "vacuum_cost_limit", "debug_print_parse",
            "debug_print_plan", "debug_print_rewritten", "debug_pretty_print", "effective_io_concurrency",
            "maintenance_io_concurrency", "wal_compression", "scram_iterations", "password_encryption",
            "gin_pending_list_limit", "default_statistics_target");

    /// Once set, RESET does not take them away in every session: temporary tables may have been used since, or the parameter belongs to a transaction, or is
    /// none that has a value.
    private static final Set<String> STAYING = Set.of("temp_buffers", "seed", "transaction_isolation", "transaction_read_only", "transaction_deferrable");

    /// They decide how the text of a statement is read.
    static final List<String> OF_TEXTS = List.of("client_encoding", "standard_conforming_strings");

    /// `SQL_ASCII` leaves the bytes as they are.
    static final Set<String> USUAL_OF_TEXTS = Set.of("on", "UTF8", "SQL_ASCII");

    private SettingNames() {}

    static boolean isReported(String name) {
        return REPORTED.contains(name);
    }

    static boolean stays(String name) {
        return STAYING.contains(name);
    }

    static boolean isSemantic(String name) {
        return !NOT_SEMANTIC.contains(name) && !name.startsWith("log_") && !name.startsWith("tcp_")
                && !name.startsWith("track_");
    }
}
