package org.pgkeel.proxy.command;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/// The clients of `pgkeel train`: each kind of protocol that drivers speak, reads, writes and transactions, until they are closed. An error ends a session, and the next begins.
///
/// Threading: a thread for each.
final class TrainingClients implements AutoCloseable {
    /// Words of the driver for its ways to send a statement.
    private static final List<String> QUERY_MODES = List.of("simple", "extended", "extendedForPrepared");
    private static final int CLIENTS = 9;
    private static final String SECONDS_MAX = "5";
    private static final long PAUSE_MILLIS = 20;
    private static final int SEVERAL = 5;

    private final int port;
    private final LongAdder done = new LongAdder();
    private final List<Thread> threads;
    private volatile boolean closed;

    TrainingClients(int port) {
        this.port = port;
        this.threads = IntStream.range(0, CLIENTS).mapToObj(number -> Thread.ofPlatform().daemon().name("training client " + number).start(() -> work(number))).toList();
    }

    /// Transactions that were committed.
    long done() {
        return done.sum();
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        for (Thread thread : threads) thread.join();
    }

    private void work(int number) {
        var properties = new Properties();
        properties.put("user", "app");
        properties.put("password", "app");
        properties.put("loginTimeout", SECONDS_MAX);
        properties.put("socketTimeout", SECONDS_MAX);
        properties.put("preferQueryMode", QUERY_MODES.get(number % QUERY_MODES.size()));
        while (!closed) {
            try (Connection session = new Driver().connect("jdbc:postgresql://127.0.0.1:" + port + "/app", properties)) {
                work(session, "training_" + number);
            } catch (SQLException refused) {
                pause();
            }
        }
    }

    private void work(Connection session, String table) throws SQLException {
        try (Statement statement = session.createStatement()) {
            statement.execute("create table if not exists " + table + " (id bigint generated always as identity primary key, amount int, note text)");
        }
        try (PreparedStatement insert = session.prepareStatement("insert into " + table + " (amount, note) values (?, ?)");
                PreparedStatement read = session.prepareStatement("select amount, note from " + table + " where id = ?");
                PreparedStatement update = session.prepareStatement("update " + table + " set amount = amount + ? where id = ?")) {
            for (int round = 1; !closed; round++) {
                insert.setInt(1, round);
                insert.setString(2, "note");
                insert.executeUpdate();
                read.setLong(1, round);
                for (int i = 0; i < 4; i++) read.executeQuery().close();
                session.setAutoCommit(false);
                update.setInt(1, 1);
                update.setLong(2, round);
                update.executeUpdate();
                read.executeQuery().close();
                session.commit();
                update.executeUpdate();
                session.rollback();
                session.setAutoCommit(true);
                several(session, table, insert);
                done.increment();
            }
        }
    }

    /// What is sent, or copied, more than one at a time.
    private static void several(Connection session, String table, PreparedStatement insert) throws SQLException {
        for (int i = 0; i < SEVERAL; i++) insert.addBatch();
        insert.executeBatch();
        try (Statement statement = session.createStatement()) {
            statement.execute("insert into " + table + " (note) values ('one'); insert into " + table + " (note) values ('two')");
        }
        CopyIn copy = session.unwrap(PGConnection.class).getCopyAPI().copyIn("copy " + table + " (note) from stdin");
        byte[] row = "copied\n".getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < SEVERAL; i++) copy.writeToCopy(row, 0, row.length);
        copy.endCopy();
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }
}
