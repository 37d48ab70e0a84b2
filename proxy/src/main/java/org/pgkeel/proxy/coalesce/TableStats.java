package org.pgkeel.proxy.coalesce;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// The numbers of all tables of one event loop. Tables come and go, as partitions and schemas of tenants do: where there are many, those are forgotten
/// that no row came to for a while.
///
/// Threading: confined to its event loop.
final class TableStats {
    static final int TABLES_MAX = 1024;
    static final long IDLE_NANOS = Duration.ofMinutes(5).toNanos();

    private final Map<String, CoalesceStats> byTable = new HashMap<>();
    /// When all began to be watched for rows; 0 if they are not.
    private long watchedSinceNanos;

    CoalesceStats of(String table) {
        return byTable.computeIfAbsent(table, CoalesceStats::new);
    }

    Collection<CoalesceStats> all() {
        return byTable.values();
    }

    /// To be called now and then.
    /// @return those of tables without a row for [#IDLE_NANOS], if there are too many
    Set<CoalesceStats> idle(long nowNanos) {
        if (byTable.size() <= TABLES_MAX) {
            watchedSinceNanos = 0;
            return Set.of();
        }
        if (watchedSinceNanos != 0 && nowNanos - watchedSinceNanos < IDLE_NANOS) return Set.of();
        var idle = new HashSet<CoalesceStats>();
        for (CoalesceStats each : byTable.values()) if (!each.usedSinceAsked() && watchedSinceNanos != 0) idle.add(each);
        watchedSinceNanos = nowNanos;
        return idle;
    }

    void forget(Set<CoalesceStats> those) {
        byTable.values().removeAll(those);
    }
}
