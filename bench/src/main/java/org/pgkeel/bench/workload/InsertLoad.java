package org.pgkeel.bench.workload;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.check.Rows;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Recorder;

/// Autocommit inserts of ids that are used once. Half of the clients write into a table with a unique key, where a second
/// execution is an error, the other half into one without, where it is a second row.
final class InsertLoad implements Workload {
    private final JdbcClient.Mode mode;

    InsertLoad(JdbcClient.Mode mode) {
        this.mode = mode;
    }

    @Override
    public String name() {
        return "inserts-" + mode.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public List<String> schema() {
        return IdTables.schema(table());
    }

    @Override
    public List<String> reset() {
        return IdTables.reset(table());
    }

    @Override
    public Worker worker(Endpoint endpoint, Recorder recorder, long seed) {
        return new Inserter(new JdbcClient(endpoint, mode, recorder), recorder, IdTables.of(table(), recorder.worker()));
    }

    @Override
    public List<Finding> check(List<Operation> operations, Connection primary) throws SQLException {
        return Rows.check(operations, IdTables.ids(table(), primary));
    }

    private String table() {
        return "chaos_" + mode.name().toLowerCase(Locale.ROOT);
    }

    private static final class Inserter implements Worker {
        private final JdbcClient client;
        private final Recorder recorder;
        private final String sql;
        private long id;

        Inserter(JdbcClient client, Recorder recorder, String table) {
            this.client = client;
            this.recorder = recorder;
            this.sql = "insert into " + table + " (id) values (?) returning xid, timeline";
            this.id = IdTables.firstId(recorder.worker());
        }

        @Override
        public void step() throws InterruptedException {
            if (!client.connected()) return;
            long fresh = id++;
            long now = System.nanoTime();
            recorder.add(Kind.INSERT, 0, fresh, now, now, client.autocommit(session -> {
                try (PreparedStatement insert = session.prepareStatement(sql)) {
                    insert.setLong(1, fresh);
                    try (ResultSet row = insert.executeQuery()) {
                        row.next();
                        return Columns.written(row);
                    }
                }
            }));
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
