package org.pgkeel.bench.ingest;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Clients in a manner.
///
/// @param pacedBy the workload whose rate by direct connections, times [#PACE], is that of this one; empty for as fast as it goes
record Workload(Manner manner, int clients, Optional<String> pacedBy) {
    static final double PACE = 0.7;
    static final List<Integer> CLIENTS = List.of(1, 32, 128, 512, 2_000);
    private static final int PIPELINE_DEPTH = 10;

    String name() {
        return manner.name() + "-" + clients + (pacedBy.isPresent() ? "-paced" : "");
    }

    boolean isPaced() {
        return pacedBy.isPresent();
    }

    /// Rows in hand-made batches are compared with those of pgjdbc.
    boolean hasCeiling() {
        return manner.equals(Manner.PGJDBC) && clients > 1 && !isPaced();
    }

    static List<Workload> all() {
        var all = new ArrayList<Workload>();
        for (Manner manner : List.of(Manner.PGJDBC, Manner.LIBPQ_SIMPLE, Manner.LIBPQ_PREPARED)) {
            for (int clients : CLIENTS) all.add(new Workload(manner, clients, Optional.empty()));
        }
        for (int clients : List.of(32, 128)) {
            all.add(new Workload(Manner.PGJDBC, clients, Optional.of("pgjdbc-" + clients)));
        }
        all.add(new Workload(Manner.PGX, 128, Optional.empty()));
        all.add(new Workload(Manner.PGJDBC_BATCH, 32, Optional.empty()));
        all.add(new Workload(Manner.pipeline(PIPELINE_DEPTH), 32, Optional.empty()));
        return all;
    }

    static List<String> quick() {
        return List.of("pgjdbc-1", "pgjdbc-32", "pgjdbc-128", "pgjdbc-128-paced", "libpq-simple-128");
    }
}
