package org.pgkeel.bench.ingest;

import java.util.OptionalLong;
import org.pgkeel.bench.cluster.Target;

/// Who takes the rows in a run.
///
/// @param name    in the tables
/// @param target  what is connected to
/// @param byHand  the rows come in batches that the producer made, over a few connections: what coalescing can reach at best
record Contender(String name, Target target, ByHand byHand) {
    enum ByHand { NO, MULTI_ROW, COPY }

    /// Connections of a producer that batches.
    static final int BATCH_CONNECTIONS = 2;
    private static final int BATCH_ROWS_MAX = 1_000;

    static Contender of(Target target) {
        return new Contender(target.name(), target, ByHand.NO);
    }

    int connections(Workload workload) {
        return byHand == ByHand.NO ? workload.clients() : Math.min(BATCH_CONNECTIONS, workload.clients());
    }

    /// As many rows are on their way as with single rows from all clients.
    Manner manner(Workload workload) {
        int rows = Math.clamp(workload.clients() / connections(workload), 1, BATCH_ROWS_MAX);
        return switch (byHand) {
            case NO -> workload.manner();
            case MULTI_ROW -> Manner.multiRow(rows);
            case COPY -> Manner.copy(rows);
        };
    }

    OptionalLong proxyPid() {
        return target.proxyPid();
    }
}
