package org.pgkeel.bench.workload;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.pgkeel.bench.client.Reply;
import org.pgkeel.bench.client.Requests;
import org.pgkeel.bench.client.WireClient;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.history.Recorder;

/// Inserts of several ids in one write: each with a Sync of its own, so that each is a transaction,
/// or all before one Sync, so that all are one.
final class PipelineLoad extends IdLoad {
    /// Where the Syncs are.
    enum Form {
        EACH("pipeline"), TOGETHER("pipeline-one-sync");

        private final String name;

        Form(String name) {
            this.name = name;
        }
    }

    private static final int DEPTH = 5;

    private final Form form;

    PipelineLoad(Form form) {
        super(form.name, "chaos_" + form.name.replace('-', '_'));
        this.form = form;
    }

    @Override
    public Worker worker(Endpoint endpoint, Recorder recorder, long seed) {
        return new Pipeline(endpoint, recorder);
    }

    private final class Pipeline implements Worker {
        private final WireSession session;
        private final Recorder recorder;
        private final String sql;
        private long id;

        Pipeline(Endpoint endpoint, Recorder recorder) {
            this.session = new WireSession(endpoint, recorder, WireSession.Preparation.NONE);
            this.recorder = recorder;
            this.sql = "insert into " + table(recorder) + " (id) values ($1) returning xid, timeline";
            this.id = IdTables.firstId(recorder.worker());
        }

        @Override
        public void step() throws InterruptedException {
            Optional<WireClient> open = session.open();
            if (open.isEmpty()) return;
            WireClient client = open.get();
            long first = id;
            id += DEPTH;
            long now = System.nanoTime();
            int answered = 0;
            try {
                client.send(requests(first));
                while (answered < DEPTH) {
                    int statements = form == Form.EACH ? 1 : DEPTH;
                    Reply reply = client.reply();
                    for (int i = 0; i < statements; i++) record(first + answered++, now, outcome(reply, i));
                }
            } catch (IOException e) {
                while (answered < DEPTH) record(first + answered++, now, WireSession.closed(e));
                session.forget();
            }
        }

        private Requests requests(long first) {
            var requests = new Requests();
            for (int i = 0; i < DEPTH; i++) {
                requests.query(sql, List.of(Long.toString(first + i)));
                if (form == Form.EACH || i == DEPTH - 1) requests.sync();
            }
            return requests;
        }

        /// @param row of the statement in this reply
        private static Outcome outcome(Reply reply, int row) throws IOException {
            if (reply.error().isPresent()) return Outcome.ofError(reply.error().get().sqlState());
            if (row >= reply.rows().size()) throw new IOException("an answer without a row");
            List<String> written = reply.rows().get(row);
            return Acknowledged.wrote(Long.parseUnsignedLong(written.get(0)), Integer.parseInt(written.get(1)));
        }

        private void record(long row, long invokedAt, Outcome outcome) {
            recorder.add(Kind.INSERT, 0, row, invokedAt, invokedAt, outcome);
        }

        @Override
        public void close() {
            session.close();
        }
    }
}
