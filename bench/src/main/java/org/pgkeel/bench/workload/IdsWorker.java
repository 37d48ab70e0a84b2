package org.pgkeel.bench.workload;

import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Recorder;

/// Writes one or several fresh ids at a time by a driver, all of them or none.
///
/// Threading: confined to one thread, [#close] excepted.
final class IdsWorker implements Worker {
    /// How they are written.
    interface Writing {
        Outcome write(JdbcClient client, long first);
    }

    private final JdbcClient client;
    private final Recorder recorder;
    private final Kind kind;
    private final int ids;
    private final Writing writing;
    private long id;

    IdsWorker(JdbcClient client, Recorder recorder, Kind kind, int ids, Writing writing) {
        this.client = client;
        this.recorder = recorder;
        this.kind = kind;
        this.ids = ids;
        this.writing = writing;
        this.id = IdTables.firstId(recorder.worker());
    }

    @Override
    public void step() throws InterruptedException {
        if (!client.connected()) return;
        long first = id;
        id += ids;
        long now = System.nanoTime();
        Outcome outcome = writing.write(client, first);
        for (int i = 0; i < ids; i++) recorder.add(kind, 0, first + i, now, now, outcome);
    }

    @Override
    public void close() {
        client.close();
    }
}
