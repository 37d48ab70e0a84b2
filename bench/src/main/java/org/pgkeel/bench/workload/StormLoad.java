package org.pgkeel.bench.workload;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.check.Order;
import org.pgkeel.bench.check.Rows;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.history.Recorder;

/// Many clients that insert events as coalescing takes them: no RETURNING, so no xid is known; simple, extended, prepared, by pgjdbc or
/// by hand with up to four in one write, each with a Sync of its own; in each of the [StormTable]s.
/// What is checked: every acknowledged row is there once, none twice, and the tables' own numbering tells the order in which rows came.
final class StormLoad implements Workload {
    static final int KEYS = 16;
    private static final int CLIENTS_MIN = 64;
    /// Most were sent some tenths of a second ago, a few long before.
    private static final int SENT_LATELY = 128;

    private final AtomicLongArray sent = new AtomicLongArray(SENT_LATELY);
    /// Whether all clients go through one proxy.
    private boolean oneDoor = true;

    @Override
    public String name() {
        return "insert-storm";
    }

    @Override
    public int clientsMin() {
        return CLIENTS_MIN;
    }

    @Override
    public boolean onlyByName() {
        return true;
    }

    @Override
    public boolean tellsTransactions() {
        return false;
    }

    @Override
    public String configuration() {
        return StormTable.configuration();
    }

    @Override
    public List<String> schema() {
        return Stream.concat(Columns.FUNCTIONS.stream(), tables().flatMap(table -> table.schema().stream())).toList();
    }

    @Override
    public List<String> reset() {
        return List.of("truncate " + tables().map(StormTable::table).collect(Collectors.joining(", ")));
    }

    @Override
    public Worker worker(Endpoint endpoint, Recorder recorder, long seed) {
        oneDoor = endpoint.addresses().size() == 1;
        var table = StormTable.of(recorder.worker());
        var random = new SplittableRandom(seed);
        var ids = new StormIds(recorder.worker(), random, table == StormTable.REPEATED ? Optional.of(sent) : Optional.empty());
        if (isDriver(recorder.worker())) return new Driver(new JdbcClient(endpoint, JdbcClient.Mode.PREPARED, recorder), recorder, table, ids, random);
        return new StormWriter(endpoint, recorder, table, StormWriter.Form.values()[formOf(recorder.worker())], ids, random);
    }

    /// By hand in each form, then by the driver, in each of the tables.
    private static int formOf(int worker) {
        return worker / StormTable.values().length % (StormWriter.Form.values().length + 1);
    }

    private static boolean isDriver(int worker) {
        return formOf(worker) == StormWriter.Form.values().length;
    }

    @Override
    public List<Finding> check(List<Operation> operations, Connection primary) throws SQLException {
        String all = tables().map(table -> "select id from " + table.table()).collect(Collectors.joining(" union all "));
        var findings = new ArrayList<>(Rows.check(operations, IdTables.numbers(primary, all)));
        for (StormTable table : StormTable.values()) {
            switch (table) {
                case KEYED, HASHED -> findings.addAll(Order.check(operations, inOrder(table, primary)));
                case ORDERED -> {
                    List<Order.Placed> rows = inOrder(table, primary);
                    findings.addAll(Order.check(operations, rows));
                    // The driver has settings of its own, and sessions with other settings share no commits: they have no order with one another. Nor have two proxies.
                    if (oneDoor) rows.stream().collect(Collectors.partitioningBy(row -> isDriver(IdTables.worker(row.id())))).values()
                            .forEach(alike -> findings.addAll(Order.oneAtATime(alike)));
                }
                case REPEATED -> { }    // which of the sendings made the row is not known
            }
        }
        return findings;
    }

    private static Stream<StormTable> tables() {
        return Arrays.stream(StormTable.values());
    }

    private static List<Order.Placed> inOrder(StormTable table, Connection primary) throws SQLException {
        var rows = new ArrayList<Order.Placed>();
        try (var statement = primary.createStatement(); ResultSet row = statement.executeQuery("select id, key, xid::text from " + table.table() + " order by came")) {
            while (row.next()) rows.add(new Order.Placed(row.getLong(1), row.getLong(2), Long.parseUnsignedLong(row.getString(3))));
        }
        return rows;
    }

    /// One client that uses a driver: one row at a time.
    private static final class Driver implements Worker {
        private final JdbcClient client;
        private final Recorder recorder;
        private final StormTable table;
        private final StormIds ids;
        private final SplittableRandom random;

        Driver(JdbcClient client, Recorder recorder, StormTable table, StormIds ids, SplittableRandom random) {
            this.client = client;
            this.recorder = recorder;
            this.table = table;
            this.ids = ids;
            this.random = random;
        }

        @Override
        public void step() throws InterruptedException {
            if (!client.connected()) return;
            long id = ids.next();
            int key = random.nextInt(KEYS);
            long now = System.nanoTime();
            recorder.add(Kind.INSERT, key, id, now, now, client.autocommit(session -> {
                try (PreparedStatement insert = session.prepareStatement(table.insert() + "(?, ?, ?)")) {
                    insert.setLong(1, id);
                    insert.setInt(2, key);
                    insert.setString(3, "event " + id);
                    int count = insert.executeUpdate();
                    // A repeated row is there already.
                    if (count != 1 && table != StormTable.REPEATED) throw new SQLException("INSERT 0 " + count + " for one row");
                    return Acknowledged.wrote(0, 0);
                }
            }));
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
