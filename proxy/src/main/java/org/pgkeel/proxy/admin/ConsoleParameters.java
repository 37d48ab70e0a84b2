package org.pgkeel.proxy.admin;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.pgkeel.protocol.backend.ParameterStatus;

/// The settings of PostgreSQL that drivers ask for or set before they look where they are. They have fixed values here.
final class ConsoleParameters {
    private static final String UTF8 = "UTF8";

    /// Values for SHOW, by name in lower case.
    private static final Map<String, String> VALUES = Map.ofEntries(
            Map.entry("server_version", ConsoleVersion.SERVER_VERSION),
            Map.entry("client_encoding", UTF8),
            Map.entry("server_encoding", UTF8),
            Map.entry("datestyle", "ISO, MDY"),
            Map.entry("intervalstyle", "postgres"),
            Map.entry("timezone", "UTC"),
            Map.entry("standard_conforming_strings", "on"),
            Map.entry("integer_datetimes", "on"),
            Map.entry("extra_float_digits", "1"),
            Map.entry("is_superuser", "on"),
            Map.entry("in_hot_standby", "off"),
            Map.entry("application_name", ""),
            Map.entry("search_path", ""),
            Map.entry("max_identifier_length", "63"),
            Map.entry("default_transaction_isolation", "read committed"),
            Map.entry("default_transaction_read_only", "off"),
            Map.entry("transaction_isolation", "read committed"),
            Map.entry("transaction_read_only", "off"),
            Map.entry("statement_timeout", "0"));

    /// What drivers and tools set on every connection. Nothing here depends on it.
    private static final Set<String> SET_IGNORED = Set.of("client_encoding", "datestyle", "intervalstyle", "timezone",
            "time", "names", "standard_conforming_strings", "extra_float_digits", "application_name", "search_path",
            "default_transaction_isolation", "default_transaction_read_only", "transaction", "session",
            "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "client_min_messages",
            "bytea_output", "synchronous_commit", "row_security", "jit");

    private ConsoleParameters() {}

    /// @param name in lower case
    static Optional<String> value(String name) {
        return Optional.ofNullable(VALUES.get(name));
    }

    /// @param name in lower case
    static boolean isSetIgnored(String name) {
        return SET_IGNORED.contains(name);
    }

    static List<ParameterStatus> atLogin() {
        return List.of(
                new ParameterStatus("server_version", ConsoleVersion.SERVER_VERSION),
                new ParameterStatus("server_encoding", UTF8),
                new ParameterStatus("client_encoding", UTF8),
                new ParameterStatus("DateStyle", "ISO, MDY"),
                new ParameterStatus("IntervalStyle", "postgres"),
                new ParameterStatus("TimeZone", "UTC"),
                new ParameterStatus("integer_datetimes", "on"),
                new ParameterStatus("standard_conforming_strings", "on"),
                new ParameterStatus("is_superuser", "on"));
    }
}
