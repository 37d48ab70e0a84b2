package org.pgkeel.bench.workload;

import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.check.Rows;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.history.Recorder;
import org.postgresql.PGConnection;

/// Several ids by one COPY FROM STDIN outside of a transaction, in tables as in [InsertLoad]: all are there, or none. COPY has no RETURNING, so
/// nobody learns which transaction wrote.
final class CopyLoad implements Workload {
    private static final String TABLE = "chaos_copies";
    private static final int ROWS = 5;

    @Override
    public String name() {
        return "copies";
    }

    @Override
    public boolean tellsTransactions() {
        return false;
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
        return new Copier(new JdbcClient(endpoint, JdbcClient.Mode.EXTENDED, recorder), recorder);
    }

    @Override
    public List<Finding> check(List<Operation> operations, Connection primary) throws SQLException {
        return Rows.check(operations, IdTables.ids(TABLE, primary));
    }

    private static final class Copier implements Worker {
        private final JdbcClient client;
        private final Recorder recorder;
        private final String sql;
        private long id;

        Copier(JdbcClient client, Recorder recorder) {
            this.client = client;
            this.recorder = recorder;
            this.sql = "copy " + IdTables.of(TABLE, recorder.worker()) + " (id) from stdin";
            this.id = IdTables.firstId(recorder.worker());
        }

        @Override
        public void step() throws InterruptedException {
            if (!client.connected()) return;
            long first = id;
            id += ROWS;
            long now = System.nanoTime();
            Outcome outcome = client.autocommit(session -> copy(session, first));
            for (int i = 0; i < ROWS; i++) recorder.add(Kind.COPY, 0, first + i, now, now, outcome);
        }

        private Acknowledged copy(Connection session, long first) throws SQLException {
            String lines = LongStream.range(first, first + ROWS).mapToObj(each -> each + "\n").collect(Collectors.joining());
            try {
                session.unwrap(PGConnection.class).getCopyAPI().copyIn(sql, new StringReader(lines));
            } catch (IOException e) {
                throw new SQLException("a text that cannot be read", e);
            }
            return Acknowledged.wrote(0, 0);
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
