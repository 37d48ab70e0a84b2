package org.pgkeel.proxy.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// One rule of `coalesce`: INSERTs into these tables share commits and become COPY. The first that fits a table and a client counts.
///
/// @param origin            where the file has it, `proxy.conf:12`
/// @param tables            one of which the INSERT is into
/// @param users             as the client gives its name; empty: all
/// @param applications      as the client has set its application_name last; empty: all
/// @param maxRows           rows of one batch
/// @param maxBytes          bytes of one batch's rows
/// @param maxDelay          how long a row may wait for others while nothing else holds its batch back
/// @param maxBufferedBytes  bytes of all rows of the rule that wait or are under way, per event loop; from 80 % on clients are not read from
/// @param lanes             batches in flight at once
/// @param lanesBy           which rows leave together, where there is no order
/// @param orderBy           rows that are equal in a column are inserted in the order they came in
/// @param dedupBy           column; a row whose value is in the table already is acknowledged, and not inserted
/// @param copyFromRows      below it the unchanged INSERTs share a commit
/// @param lockTimeout       of a batch, so that one locked key does not hold up the others; zero: none
/// @param spill             where requests wait when memory is short; empty: in memory
public record CoalesceRule(String origin, List<TablePattern> tables, Set<String> users, Set<String> applications, int maxRows, long maxBytes,
                           Duration maxDelay, long maxBufferedBytes, int lanes, LanesBy lanesBy, Optional<KeyOrder> orderBy, Optional<String> dedupBy, int copyFromRows,
                           Duration lockTimeout, AfterRowTriggers afterRowTriggers, Optional<SpillConfig> spill) {
    /// What becomes of tables with AFTER ROW triggers, which see all rows of a COPY when they fire.
    public enum AfterRowTriggers {
        /// They get no COPY; their INSERTs share commits.
        REFUSE,
        ALLOW
    }

    /// Which rows of a table leave together.
    public enum LanesBy {
        /// As they came.
        ARRIVAL,
        /// Those of one partition, where enough of them wait.
        PARTITION
    }

    public CoalesceRule {
        tables = List.copyOf(tables);
        users = Set.copyOf(users);
        applications = Set.copyOf(applications);
    }

    /// Whether the rule is for the table with this schema and name.
    public boolean fits(String schema, String name) {
        for (TablePattern table : tables) if (table.fits(schema, name)) return true;
        return false;
    }

    /// Whether the rule may be for a table that a statement writes like this: without a schema nobody knows yet.
    public boolean mayFit(Optional<String> schema, String name) {
        for (TablePattern table : tables) if (schema.isPresent() ? table.fits(schema.get(), name) : table.mayFit(name)) return true;
        return false;
    }

    public boolean isFor(String user, String application) {
        return (users.isEmpty() || users.contains(user)) && (applications.isEmpty() || applications.contains(application));
    }
}
