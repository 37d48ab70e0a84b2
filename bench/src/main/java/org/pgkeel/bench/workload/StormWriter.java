package org.pgkeel.bench.workload;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.pgkeel.bench.client.Reply;
import org.pgkeel.bench.client.Requests;
import org.pgkeel.bench.client.ServerError;
import org.pgkeel.bench.client.WireClient;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.history.Recorder;

/// One client of [StormLoad] that speaks the protocol itself: a few rows in one write, each a transaction of its own.
///
/// Threading: confined to one thread, [#close] excepted.
final class StormWriter implements Worker {
    enum Form { SIMPLE, EXTENDED, PREPARED }

    private static final int ROWS_MAX = 4;
    private static final String STATEMENT = "storm";

    private record Row(long id, int key) {
        List<String> parameters() {
            return List.of(Long.toString(id), Integer.toString(key), "event " + id);
        }
    }

    private final WireSession session;
    private final Recorder recorder;
    private final String head;
    private final Form form;
    private final StormIds ids;
    private final SplittableRandom random;

    StormWriter(Endpoint endpoint, Recorder recorder, StormTable table, Form form, StormIds ids, SplittableRandom random) {
        this.session = new WireSession(endpoint, recorder, form == Form.PREPARED ? this::prepare : WireSession.Preparation.NONE);
        this.recorder = recorder;
        this.head = table.insert();
        this.form = form;
        this.ids = ids;
        this.random = random;
    }

    private void prepare(WireClient client) throws IOException {
        client.send(new Requests().prepare(STATEMENT, head + "($1, $2, $3)").sync());
        Optional<ServerError> refused = client.reply().error();
        if (refused.isPresent()) throw refused.get();
    }

    @Override
    public void step() throws InterruptedException {
        Optional<WireClient> open = session.open();
        if (open.isEmpty()) return;
        WireClient client = open.get();
        var rows = new ArrayList<Row>();
        for (int left = 1 + random.nextInt(ROWS_MAX); left > 0; left--) rows.add(new Row(ids.next(), random.nextInt(StormLoad.KEYS)));
        long now = System.nanoTime();
        int answered = 0;
        try {
            client.send(requests(rows));
            while (answered < rows.size()) {
                Reply reply = client.reply();
                record(rows.get(answered++), now, reply.error().<Outcome>map(e -> Outcome.ofError(e.sqlState())).orElseGet(() -> Acknowledged.wrote(0, 0)));
            }
        } catch (IOException e) {
            while (answered < rows.size()) record(rows.get(answered++), now, WireSession.closed(e));
            session.forget();
        }
    }

    private Requests requests(List<Row> rows) {
        var requests = new Requests();
        for (Row row : rows) {
            switch (form) {
                case SIMPLE -> requests.simple(head + "(" + row.id + ", " + row.key + ", 'event " + row.id + "')");
                case EXTENDED -> requests.query(head + "($1, $2, $3)", row.parameters()).sync();
                case PREPARED -> requests.execute(STATEMENT, row.parameters()).sync();
            }
        }
        return requests;
    }

    private void record(Row row, long invokedAt, Outcome outcome) {
        recorder.add(Kind.INSERT, row.key, row.id, invokedAt, invokedAt, outcome);
    }

    @Override
    public void close() {
        session.close();
    }
}
