package org.pgkeel.bench.scenario;

import java.util.ArrayList;
import java.util.List;

/// One way of using pgbench.
///
/// @param name     as in `--only` and in the tables
/// @param protocol pgbench's `--protocol`: simple, extended, prepared
/// @param clients  at once
/// @param script   what a transaction is
/// @param sessions whether a client keeps its connection
/// @param logged   share of the transactions whose latency is written down
record Workload(String name, String protocol, int clients, Script script, Sessions sessions, double logged) {
    enum Script { SELECT_ONLY, TPC_B }

    enum Sessions { KEPT, ONE_PER_TRANSACTION }

    static final int MANY_CLIENTS = 1_000;

    private static final double EVERY = 1.0;
    private static final double SOME = 0.2;

    /// More clients than PostgreSQL has connections: only a pool can serve them.
    boolean needsPool() {
        return clients >= MANY_CLIENTS;
    }

    static List<Workload> all() {
        var all = new ArrayList<Workload>();
        for (String protocol : List.of("simple", "extended", "prepared")) {
            for (int clients : new int[] {1, 16, 100}) {
                all.add(new Workload(protocol + "-" + clients, protocol, clients, Script.SELECT_ONLY, Sessions.KEPT, clients == 1 ? EVERY : SOME));
            }
        }
        all.add(new Workload("tpcb-16", "simple", 16, Script.TPC_B, Sessions.KEPT, EVERY));
        all.add(new Workload("many-simple", "simple", MANY_CLIENTS, Script.SELECT_ONLY, Sessions.KEPT, SOME));
        all.add(new Workload("many-prepared", "prepared", MANY_CLIENTS, Script.SELECT_ONLY, Sessions.KEPT, SOME));
        all.add(new Workload("connect-scram", "simple", 4, Script.SELECT_ONLY, Sessions.ONE_PER_TRANSACTION, EVERY));
        return List.copyOf(all);
    }

    /// What `--quick` runs.
    static List<String> quick() {
        return List.of("simple-1", "simple-16", "extended-16", "prepared-16", "tpcb-16", "many-simple", "connect-scram");
    }
}
