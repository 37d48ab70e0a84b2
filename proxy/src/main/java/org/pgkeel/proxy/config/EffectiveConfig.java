package org.pgkeel.proxy.config;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Every key as it is in force, with where it came from. Secrets are masked when an entry is made, not when it is shown.
/// Threading: immutable.
///
/// @param entries in the order of the sections, `listen` first
public record EffectiveConfig(List<Entry> entries) {
    /// The origin of a key that no file sets.
    public static final String DEFAULT_ORIGIN = "default";

    private static final Set<String> BOUND_AT_START = Set.of(
            "listen.address", "listen.port", "listen.unix-socket-directory", "listen.backlog", "admin.address", "admin.port");

    public EffectiveConfig {
        entries = List.copyOf(entries);
    }

    /// @param key          the full key, `databases.app.pool.max`
    /// @param kind         the key with `NAME` for what the operator named: `databases.NAME.pool.max`
    /// @param value        as it would be written in the file; empty if there is none
    /// @param defaultValue the same for the default; empty if there is none
    /// @param origin       `proxy.conf:12`, `environment variable X`, or [#DEFAULT_ORIGIN]
    public record Entry(String key, String kind, String value, String defaultValue, String origin) {
        /// Sockets and threads are set up once; everything else follows a reload.
        public boolean reloadable() {
            return !BOUND_AT_START.contains(key) && !key.startsWith("runtime.");
        }
    }

    /// What is in force when this one has been loaded in the place of another: what a reload cannot change stays as it was.
    public EffectiveConfig after(EffectiveConfig before) {
        Map<String, Entry> kept = before.entries.stream().filter(entry -> !entry.reloadable()).collect(Collectors.toMap(Entry::key, entry -> entry));
        return new EffectiveConfig(entries.stream().map(entry -> entry.reloadable() ? entry : kept.getOrDefault(entry.key(), entry)).toList());
    }

    /// One line per key: `key = value   # origin`.
    public String render() {
        int width = entries.stream().mapToInt(entry -> assignment(entry).length()).filter(length -> length <= 60).max().orElse(0);
        StringBuilder text = new StringBuilder();
        for (Entry entry : entries) {
            String assignment = assignment(entry);
            text.append(assignment).repeat(' ', Math.max(0, width - assignment.length())).append("  # ").append(entry.origin()).append('\n');
        }
        return text.toString();
    }

    private static String assignment(Entry entry) {
        return entry.key() + " = " + (entry.value().isEmpty() ? "none" : entry.value());
    }
}
