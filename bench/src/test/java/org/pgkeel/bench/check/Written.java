package org.pgkeel.bench.check;

import java.util.ArrayList;
import java.util.List;
import org.pgkeel.bench.history.Fingerprint;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Acknowledged;

/// A history written by hand. Each operation takes 10 nanoseconds and begins after the one before; [#during] lets one overlap.
final class Written {
    private final List<Operation> operations = new ArrayList<>();
    private long now = 100;

    Written add(int worker, Kind kind, long key, long id, Outcome outcome) {
        operations.add(new Operation(worker, kind, key, id, now, now, now + 10, outcome));
        now += 20;
        return this;
    }

    /// One that was in flight all the time.
    Written during(int worker, Kind kind, long key, long id, Outcome outcome) {
        operations.add(new Operation(worker, kind, key, id, 0, 0, Long.MAX_VALUE, outcome));
        return this;
    }

    List<Operation> operations() {
        return List.copyOf(operations);
    }

    static Acknowledged wrote(long xid) {
        return Acknowledged.wrote(xid, 1);
    }

    static Acknowledged sawList(long... values) {
        return new Acknowledged(7, 1, values.length, Fingerprint.of(values));
    }

    static Outcome failed(String sqlState) {
        return new Outcome.Failed(sqlState);
    }

    static Outcome unknown() {
        return new Outcome.Unknown(Outcome.RESOLUTION_UNKNOWN);
    }

    static Outcome closed() {
        return new Outcome.Closed(Outcome.Closer.PEER, "08006");
    }

    static List<Defect> defects(List<Finding> findings) {
        return findings.stream().map(Finding::defect).toList();
    }
}
