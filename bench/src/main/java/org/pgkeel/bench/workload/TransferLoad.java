package org.pgkeel.bench.workload;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.check.Transfers;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.history.Recorder;

/// Money between accounts in explicit transactions, retried where the answer is 40001, and now and then the sum of all.
/// Accounts are locked in the order of their numbers, so that PostgreSQL itself has no reason to abort one.
final class TransferLoad implements Workload {
    private static final int ACCOUNTS = 40;
    private static final long INITIAL = 1_000_000;
    private static final int STEPS_PER_SUM = 5;

    @Override
    public String name() {
        return "transfers";
    }

    @Override
    public List<String> schema() {
        return Stream.concat(Columns.FUNCTIONS.stream(), Stream.of(
                "create table chaos_accounts (id int primary key, balance bigint not null)",
                "create table chaos_ledger (id bigint primary key, source int not null, target int not null, amount bigint not null, " + Columns.WRITTEN_BY + ")")).toList();
    }

    @Override
    public List<String> reset() {
        return List.of("truncate chaos_accounts, chaos_ledger",
                "insert into chaos_accounts select n, " + INITIAL + " from generate_series(1, " + ACCOUNTS + ") n");
    }

    @Override
    public Worker worker(Endpoint endpoint, Recorder recorder, long seed) {
        JdbcClient.Mode[] modes = JdbcClient.Mode.values();
        return new Teller(new JdbcClient(endpoint, modes[recorder.worker() % modes.length], recorder), recorder, new SplittableRandom(seed));
    }

    @Override
    public List<Finding> check(List<Operation> operations, Connection primary) throws SQLException {
        var ledger = new ArrayList<Transfers.Entry>();
        Map<Integer, Long> balances = new HashMap<>();
        try (var statement = primary.createStatement()) {
            try (ResultSet rows = statement.executeQuery("select id, source, target, amount from chaos_ledger")) {
                while (rows.next()) ledger.add(new Transfers.Entry(rows.getLong(1), rows.getInt(2), rows.getInt(3), rows.getLong(4)));
            }
            try (ResultSet rows = statement.executeQuery("select id, balance from chaos_accounts")) {
                while (rows.next()) balances.put(rows.getInt(1), rows.getLong(2));
            }
        }
        return Transfers.check(operations, ledger, balances, INITIAL);
    }

    private static final class Teller implements Worker {
        private final JdbcClient client;
        private final Recorder recorder;
        private final SplittableRandom random;
        private long id;
        private int steps;

        Teller(JdbcClient client, Recorder recorder, SplittableRandom random) {
            this.client = client;
            this.recorder = recorder;
            this.random = random;
            this.id = IdTables.firstId(recorder.worker());
        }

        @Override
        public void step() throws InterruptedException {
            if (!client.connected()) return;
            if (++steps % STEPS_PER_SUM == 0) sum();
            else transfer();
        }

        private void sum() {
            long now = System.nanoTime();
            recorder.add(Kind.READ, 0, 0, now, now, client.autocommit(session -> {
                try (var statement = session.createStatement(); ResultSet row = statement.executeQuery("select sum(balance) from chaos_accounts")) {
                    row.next();
                    return Acknowledged.saw(row.getLong(1));
                }
            }));
        }

        private void transfer() throws InterruptedException {
            int source = random.nextInt(1, ACCOUNTS + 1);
            int target = 1 + source % ACCOUNTS;
            long amount = random.nextLong(1, 100);
            long wantedAt = System.nanoTime();
            Outcome outcome;
            do {
                if (!client.connected()) return;
                long attempt = id++;
                long now = System.nanoTime();
                outcome = client.transaction(session -> transfer(session, attempt, source, target, amount));
                recorder.add(Kind.TRANSFER, 0, attempt, wantedAt, now, outcome);
            } while (outcome instanceof Outcome.Failed(String sqlState) && sqlState.equals(Outcome.SERIALIZATION_FAILURE) && !Thread.currentThread().isInterrupted());
        }

        private static Acknowledged transfer(Connection session, long id, int source, int target, long amount) throws SQLException {
            move(session, Math.min(source, target), source < target ? -amount : amount);
            move(session, Math.max(source, target), source < target ? amount : -amount);
            try (PreparedStatement entry = session.prepareStatement(
                    "insert into chaos_ledger (id, source, target, amount) values (?, ?, ?, ?) returning xid, timeline")) {
                entry.setLong(1, id);
                entry.setInt(2, source);
                entry.setInt(3, target);
                entry.setLong(4, amount);
                try (ResultSet row = entry.executeQuery()) {
                    row.next();
                    return Columns.written(row);
                }
            }
        }

        private static void move(Connection session, int account, long amount) throws SQLException {
            try (PreparedStatement update = session.prepareStatement("update chaos_accounts set balance = balance + ? where id = ?")) {
                update.setLong(1, amount);
                update.setInt(2, account);
                update.executeUpdate();
            }
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
