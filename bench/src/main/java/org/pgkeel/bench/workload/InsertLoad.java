package org.pgkeel.bench.workload;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Locale;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Recorder;

/// Autocommit inserts. In the simple protocol some come in pairs, in one text: both are done, or neither.
final class InsertLoad extends IdLoad {
    private final JdbcClient.Mode mode;

    InsertLoad(JdbcClient.Mode mode) {
        super("inserts-" + word(mode), "chaos_" + word(mode));
        this.mode = mode;
    }

    private static String word(JdbcClient.Mode mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public Worker worker(Endpoint endpoint, Recorder recorder, long seed) {
        return new Inserter(new JdbcClient(endpoint, mode, recorder), recorder, table(recorder), mode == JdbcClient.Mode.SIMPLE);
    }

    private static final class Inserter implements Worker {
        /// Every so many steps a pair is inserted.
        private static final int PAIR_EVERY = 4;

        private final JdbcClient client;
        private final Recorder recorder;
        private final String table;
        private final String sql;
        private final boolean pairs;
        private int steps;
        private long id;

        Inserter(JdbcClient client, Recorder recorder, String table, boolean pairs) {
            this.client = client;
            this.recorder = recorder;
            this.table = table;
            this.sql = text("?");
            this.pairs = pairs;
            this.id = IdTables.firstId(recorder.worker());
        }

        @Override
        public void step() throws InterruptedException {
            if (!client.connected()) return;
            if (pairs && ++steps % PAIR_EVERY == 0) pair();
            else single();
        }

        private void single() throws InterruptedException {
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

        /// Not by a PreparedStatement: the driver makes several Queries of its text.
        private void pair() throws InterruptedException {
            long first = id;
            id += 2;
            long now = System.nanoTime();
            Outcome outcome = client.autocommit(session -> {
                try (Statement insert = session.createStatement()) {
                    insert.execute(text(Long.toString(first)) + "; " + text(Long.toString(first + 1)));
                    try (ResultSet row = insert.getResultSet()) {
                        row.next();
                        return Columns.written(row);
                    }
                }
            });
            recorder.add(Kind.INSERT, 0, first, now, now, outcome);
            recorder.add(Kind.INSERT, 0, first + 1, now, now, outcome);
        }

        private String text(String value) {
            return "insert into " + table + " (id) values (" + value + ") returning xid, timeline";
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
