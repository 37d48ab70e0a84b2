package org.pgkeel.bench.history;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The histories of all clients of one workload.
///
/// Threading: shared, guarded by itself and by the recorders.
public final class History {
    private final List<Recorder> recorders = new ArrayList<>();

    public synchronized Recorder recorder(int worker) {
        var recorder = new Recorder(worker);
        recorders.add(recorder);
        return recorder;
    }

    /// All operations since the last call, by their end.
    public synchronized List<Operation> drain() {
        var all = new ArrayList<Operation>();
        for (Recorder recorder : recorders) all.addAll(recorder.drain());
        all.sort(Comparator.comparingLong(Operation::finishedAt));
        return all;
    }
}
