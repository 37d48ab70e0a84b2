package org.pgkeel.bench.verdict;

import java.util.Set;

/// Which promises a round is judged by.
///
/// @param errorsOfFault SQLSTATEs that the fault makes PostgreSQL itself answer, as 53100 of a full disk
/// @param connections   whether the fault itself ends client connections
public record Rules(Replication replication, OutcomeTracking outcome, Set<String> errorsOfFault, Connections connections) {
    public enum Replication { SYNCHRONOUS, ASYNCHRONOUS }

    /// PgKeel's `outcome`.
    public enum OutcomeTracking { OFF, PIPELINED, STRICT }

    public enum Connections {
        /// No client may lose its connection.
        STAY,
        /// The fault kills the proxy that they go through.
        MAY_END
    }
}
