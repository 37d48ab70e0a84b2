package org.pgkeel.bench.workload;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.check.Lists;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.history.Recorder;

/// Values at the end of lists that several clients share: by an UPDATE, by an INSERT that meets its conflict, and in explicit
/// transactions. Each append tells the whole list, and it is read back in between.
final class AppendLoad implements Workload {
    private static final int LISTS = 12;

    /// How a client appends.
    private enum Form {
        UPDATE("update chaos_lists set items = items || ?::bigint where key = ? returning " + Columns.NOW_WRITING + ", items::text", Kind.APPEND),
        INSERT("insert into chaos_lists as l (items, key) values (array[?::bigint], ?) on conflict (key) do update set items = l.items || excluded.items returning "
                + Columns.NOW_WRITING + ", items::text", Kind.APPEND),
        TRANSACTION(UPDATE.sql, Kind.APPEND_IN_TRANSACTION);

        private final String sql;
        private final Kind kind;

        Form(String sql, Kind kind) {
            this.sql = sql;
            this.kind = kind;
        }
    }

    @Override
    public String name() {
        return "appends";
    }

    @Override
    public List<String> schema() {
        return Stream.concat(Columns.FUNCTIONS.stream(), Stream.of("create table chaos_lists (key bigint primary key, items bigint[] not null)")).toList();
    }

    @Override
    public List<String> reset() {
        return List.of("truncate chaos_lists", "insert into chaos_lists select n, '{}' from generate_series(1, " + LISTS + ") n");
    }

    @Override
    public Worker worker(Endpoint endpoint, Recorder recorder, long seed) {
        int number = recorder.worker();
        JdbcClient.Mode[] modes = JdbcClient.Mode.values();
        Form[] forms = Form.values();
        return new Appender(new JdbcClient(endpoint, modes[number / forms.length % modes.length], recorder), recorder, forms[number % forms.length], new SplittableRandom(seed));
    }

    @Override
    public List<Finding> check(List<Operation> operations, Connection primary) throws SQLException {
        Map<Long, List<Long>> finals = new HashMap<>();
        try (var statement = primary.createStatement(); ResultSet rows = statement.executeQuery("select key, items::text from chaos_lists")) {
            while (rows.next()) finals.put(rows.getLong(1), Arrays.stream(Columns.numbers(rows.getString(2))).boxed().toList());
        }
        return Lists.check(operations, finals);
    }

    private static final class Appender implements Worker {
        private final JdbcClient client;
        private final Recorder recorder;
        private final Form form;
        private final SplittableRandom random;
        private long id;

        Appender(JdbcClient client, Recorder recorder, Form form, SplittableRandom random) {
            this.client = client;
            this.recorder = recorder;
            this.form = form;
            this.random = random;
            this.id = IdTables.firstId(recorder.worker());
        }

        @Override
        public void step() throws InterruptedException {
            if (!client.connected()) return;
            long key = random.nextLong(1, LISTS + 1);
            if (random.nextInt(3) == 0) read(key);
            else append(key);
        }

        private void append(long key) throws InterruptedException {
            long wantedAt = System.nanoTime();
            boolean again = true;
            while (again && client.connected() && !Thread.currentThread().isInterrupted()) {
                long value = id++;
                long now = System.nanoTime();
                Outcome outcome = switch (form) {
                    case UPDATE, INSERT -> client.autocommit(session -> append(session, key, value));
                    case TRANSACTION -> client.transaction(session -> {
                        list(session, key);
                        return append(session, key, value);
                    });
                };
                recorder.add(form.kind, key, value, wantedAt, now, outcome);
                again = form == Form.TRANSACTION && outcome instanceof Outcome.Failed(String sqlState) && sqlState.equals(Outcome.SERIALIZATION_FAILURE);
            }
        }

        private void read(long key) {
            long now = System.nanoTime();
            recorder.add(Kind.READ, key, 0, now, now, client.autocommit(session -> Columns.sawList(0, 0, list(session, key))));
        }

        private Acknowledged append(Connection session, long key, long value) throws SQLException {
            try (PreparedStatement append = session.prepareStatement(form.sql)) {
                append.setLong(1, value);
                append.setLong(2, key);
                try (ResultSet row = append.executeQuery()) {
                    row.next();
                    Acknowledged written = Columns.written(row);
                    return Columns.sawList(written.xid(), written.timeline(), row.getString(3));
                }
            }
        }

        private static String list(Connection session, long key) throws SQLException {
            try (PreparedStatement select = session.prepareStatement("select items::text from chaos_lists where key = ?")) {
                select.setLong(1, key);
                try (ResultSet row = select.executeQuery()) {
                    return row.next() ? row.getString(1) : "{}";
                }
            }
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
