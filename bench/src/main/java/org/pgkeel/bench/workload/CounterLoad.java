package org.pgkeel.bench.workload;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.pgkeel.bench.check.Counters;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.history.Recorder;

/// Each client increments a counter of its own and reads it back at once, wherever reads go, and looks at its neighbour's.
final class CounterLoad implements Workload {
    private static final int COUNTERS_MAX = 1_000;

    @Override
    public String name() {
        return "counters";
    }

    @Override
    public List<String> schema() {
        return Stream.concat(Columns.FUNCTIONS.stream(), Stream.of("create table chaos_counters (key bigint primary key, n bigint not null)")).toList();
    }

    @Override
    public List<String> reset() {
        return List.of("truncate chaos_counters", "insert into chaos_counters select n, 0 from generate_series(0, " + (COUNTERS_MAX - 1) + ") n");
    }

    @Override
    public Worker worker(Endpoint endpoint, Recorder recorder, long seed) {
        JdbcClient.Mode[] modes = JdbcClient.Mode.values();
        return new Counting(new JdbcClient(endpoint, modes[recorder.worker() % modes.length], recorder), recorder, new SplittableRandom(seed));
    }

    @Override
    public List<Finding> check(List<Operation> operations, Connection primary) throws SQLException {
        Map<Long, Long> finals = new HashMap<>();
        try (var statement = primary.createStatement(); ResultSet rows = statement.executeQuery("select key, n from chaos_counters")) {
            while (rows.next()) finals.put(rows.getLong(1), rows.getLong(2));
        }
        return Counters.check(operations, finals);
    }

    private static final class Counting implements Worker {
        private final JdbcClient client;
        private final Recorder recorder;
        private final SplittableRandom random;
        private long id;

        Counting(JdbcClient client, Recorder recorder, SplittableRandom random) {
            this.client = client;
            this.recorder = recorder;
            this.random = random;
            this.id = IdTables.firstId(recorder.worker());
        }

        @Override
        public void step() throws InterruptedException {
            if (!client.connected()) return;
            int own = recorder.worker();
            switch (random.nextInt(4)) {
                case 0 -> read(own);
                case 1 -> read(Math.max(0, own - 1));
                default -> {
                    increment(own);
                    if (client.connected()) read(own);
                }
            }
        }

        private void increment(long key) {
            long now = System.nanoTime();
            recorder.add(Kind.INCREMENT, key, id++, now, now, client.autocommit(session ->
                    one(session, "update chaos_counters set n = n + 1 where key = ? returning " + Columns.NOW_WRITING + ", n", key, Columns::writtenAndSeen)));
        }

        private void read(long key) {
            long now = System.nanoTime();
            recorder.add(Kind.READ, key, 0, now, now, client.autocommit(session ->
                    one(session, "select n from chaos_counters where key = ?", key, row -> Acknowledged.saw(row.getLong(1)))));
        }

        private interface Reading {
            Acknowledged of(ResultSet row) throws SQLException;
        }

        private static Acknowledged one(Connection session, String sql, long key, Reading reading) throws SQLException {
            try (PreparedStatement statement = session.prepareStatement(sql)) {
                statement.setLong(1, key);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return reading.of(row);
                }
            }
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
