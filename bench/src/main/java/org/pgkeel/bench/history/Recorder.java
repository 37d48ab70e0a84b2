package org.pgkeel.bench.history;

import java.util.ArrayList;
import java.util.List;

/// One client's part of a history.
///
/// Threading: written by its worker, read by the judge; guarded by itself.
public final class Recorder {
    private final int worker;
    private List<Operation> operations = new ArrayList<>();

    Recorder(int worker) {
        this.worker = worker;
    }

    public int worker() {
        return worker;
    }

    public synchronized void add(Kind kind, long key, long id, long wantedAt, long invokedAt, Outcome outcome) {
        operations.add(new Operation(worker, kind, key, id, wantedAt, invokedAt, System.nanoTime(), outcome));
    }

    synchronized List<Operation> drain() {
        List<Operation> drained = operations;
        operations = new ArrayList<>();
        return drained;
    }
}
