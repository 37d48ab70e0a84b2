package org.pgkeel.bench.workload;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.check.Rows;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.history.Recorder;

/// Two ids by one text of the simple protocol that begins and ends their transaction, as scripts send it, in tables as in [InsertLoad]: both are there, or
/// neither.
final class ScriptLoad implements Workload {
    private static final String TABLE = "chaos_scripts";

    @Override
    public String name() {
        return "scripts";
    }

    @Override
    public List<String> schema() {
        return IdTables.schema(TABLE);
    }

    @Override
    public List<String> reset() {
        return IdTables.reset(TABLE);
    }

    @Override
    public Worker worker(Endpoint endpoint, Recorder recorder, long seed) {
        return new Scribe(new JdbcClient(endpoint, JdbcClient.Mode.SIMPLE, recorder), recorder);
    }

    @Override
    public List<Finding> check(List<Operation> operations, Connection primary) throws SQLException {
        return Rows.check(operations, IdTables.ids(TABLE, primary));
    }

    private static final class Scribe implements Worker {
        private final JdbcClient client;
        private final Recorder recorder;
        private final String table;
        private long id;

        Scribe(JdbcClient client, Recorder recorder) {
            this.client = client;
            this.recorder = recorder;
            this.table = IdTables.of(TABLE, recorder.worker());
            this.id = IdTables.firstId(recorder.worker());
        }

        @Override
        public void step() throws InterruptedException {
            if (!client.connected()) return;
            long first = id;
            id += 2;
            long now = System.nanoTime();
            Outcome outcome = client.script(session -> run(session, first));
            recorder.add(Kind.SCRIPT, 0, first, now, now, outcome);
            recorder.add(Kind.SCRIPT, 0, first + 1, now, now, outcome);
        }

        private Acknowledged run(Connection session, long first) throws SQLException {
            try (Statement script = session.createStatement()) {
                boolean isRow = script.execute("begin; insert into " + table + " (id) values (" + first + ") returning xid, timeline; insert into " + table + " (id) values (" + (first + 1) + "); commit");
                while (!isRow) {
                    if (script.getUpdateCount() < 0) throw new SQLException("the INSERT has returned no row");
                    isRow = script.getMoreResults();
                }
                try (ResultSet row = script.getResultSet()) {
                    row.next();
                    return Columns.written(row);
                }
            }
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
