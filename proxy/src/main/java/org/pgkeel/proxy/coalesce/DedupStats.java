package org.pgkeel.proxy.coalesce;

import java.util.Optional;
import org.pgkeel.proxy.observe.DedupSnapshot;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What one event loop knows of the rows of one table that were there already. Threading: confined to its event loop.
final class DedupStats {
    private static final Logger log = LoggerFactory.getLogger(DedupStats.class);

    private final String table;
    private String state = "";
    private long duplicates;

    DedupStats(String table) {
        this.table = table;
    }

    /// Rows were acknowledged that were not inserted.
    void duplicates(int rows) {
        duplicates += rows;
    }

    /// Whether a rule's `dedup-by` is in force in the table.
    /// @param obstacle what is in its way
    void found(String column, Optional<String> obstacle) {
        String now = obstacle.map(why -> "off: " + why).orElse("on");
        if (now.equals(state)) return;
        state = now;
        if (obstacle.isPresent()) {
            log.warn("coalesce: dedup-by = {} is off for {}: {}; its INSERTs go as if the rule had no dedup-by, and a repeated key gets its error", column, table, obstacle.get());
        } else {
            log.info("coalesce: dedup-by = {} is on for {}", column, table);
        }
    }

    DedupSnapshot snapshot() {
        return new DedupSnapshot(state, duplicates);
    }
}
