package org.pgkeel.bench.fault;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.cluster.ProcessTable;
import org.pgkeel.bench.fault.Injection.Before;

/// SIGSTOP of processes of the primary until it has been replaced, then SIGCONT: the zombie goes on where it was.
///
/// @param what  which of its processes
/// @param until how long at most
public record Freeze(What what, Until.Promoted until) implements Fault {
    public enum What {
        /// All of PostgreSQL.
        POSTGRES,
        /// PostgreSQL and Patroni, as when the machine hangs.
        NODE,
        /// Patroni only: PostgreSQL goes on taking writes, and when the lock has run out there are two primaries.
        PATRONI
    }

    @Override
    public String name() {
        return switch (what) {
            case POSTGRES -> "postgres-frozen";
            case NODE -> "node-frozen";
            case PATRONI -> "patroni-frozen";
        };
    }

    @Override
    public String summary() {
        return switch (what) {
            case POSTGRES -> "SIGSTOP of all of the primary's PostgreSQL until it is replaced, then SIGCONT";
            case NODE -> "SIGSTOP of the primary's PostgreSQL and Patroni until it is replaced, then SIGCONT";
            case PATRONI -> "SIGSTOP of the primary's Patroni alone until it is replaced (two writable primaries), then SIGCONT";
        };
    }

    @Override
    public Injection inject(Scene scene) throws IOException {
        PatroniNode primary = scene.primary();
        Before before = Before.of(this, scene, primary);
        var frozen = new ArrayList<Long>();
        switch (what) {
            case POSTGRES -> freezePostgres(primary, frozen);
            case NODE -> {
                freeze(primary.patroniPids(), frozen);
                freezePostgres(primary, frozen);
            }
            case PATRONI -> freeze(primary.patroniPids(), frozen);
        }
        return before.done(until, () -> ProcessTable.signal("CONT", frozen));
    }

    /// The postmaster first, or it starts more of them meanwhile.
    private static void freezePostgres(PatroniNode node, List<Long> frozen) throws IOException {
        freeze(List.of(node.postmasterPid().orElseThrow(() -> new IOException(node + " has no postmaster"))), frozen);
        freeze(node.postgresPids(), frozen);
    }

    private static void freeze(List<Long> pids, List<Long> frozen) throws IOException {
        frozen.addAll(pids);
        ProcessTable.signal("STOP", pids);
    }
}
