package org.pgkeel.bench.workload;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.check.PgbenchSums;
import org.pgkeel.bench.history.Operation;

/// libpq's own pgbench with its TPC-B-like transaction, which it retries by `--max-tries`. A process for each round, so its sessions are as old as the round.
///
/// Threading: confined to one thread.
public final class PgbenchLoad implements Load {
    /// Among the workloads.
    public static final String NAME = "pgbench";
    private static final int ACCOUNTS = 100_000;
    private static final int TELLERS = 10;

    private final Path program;
    private final Endpoint endpoint;
    private final int clients;
    private final int perSecond;
    private final Path folder;
    private Optional<Process> process = Optional.empty();
    private long historyBefore;
    private int round;

    /// @param perSecond transactions of all clients together
    /// @param folder    for its log; it may be on a tmpfs
    public PgbenchLoad(Path program, Endpoint endpoint, int clients, int perSecond, Path folder) {
        this.program = program;
        this.endpoint = endpoint;
        this.clients = clients;
        this.perSecond = perSecond;
        this.folder = folder;
    }

    /// What `pgbench --initialize` makes with scale 1.
    static List<String> schema() {
        return List.of("create table pgbench_branches (bid int primary key, bbalance int, filler char(88)) with (fillfactor = 100)",
                "create table pgbench_tellers (tid int primary key, bid int, tbalance int, filler char(84)) with (fillfactor = 100)",
                "create table pgbench_accounts (aid int primary key, bid int, abalance int, filler char(84)) with (fillfactor = 100)",
                "create table pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))",
                "insert into pgbench_branches values (1, 0, '')",
                "insert into pgbench_tellers select n, 1, 0, '' from generate_series(1, " + TELLERS + ") n",
                "insert into pgbench_accounts select n, 1, 0, '' from generate_series(1, " + ACCOUNTS + ") n");
    }

    @Override
    public String name() {
        return NAME;
    }

    /// Nothing is emptied: the sums hold over all rounds.
    @Override
    public void reset(Connection primary) throws SQLException {
        historyBefore = sums(primary).history();
    }

    @Override
    public void begin() throws IOException {
        var command = List.of(program.toString(), "--no-vacuum", "--builtin=tpcb-like", "--client=" + clients, "--jobs=1", "--protocol=prepared",
                "--max-tries=1000", "--rate=" + perSecond, "--time=36000", "--failures-detailed", "--log", "--log-prefix=round-" + ++round);
        var builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).redirectOutput(said().toFile());
        for (String setting : endpoint.libpqEnvironment()) {
            int equals = setting.indexOf('=');
            builder.environment().put(setting.substring(0, equals), setting.substring(equals + 1));
        }
        process = Optional.of(builder.start());
    }

    /// SIGALRM is how pgbench itself ends a run: transactions under way are finished.
    @Override
    public int pause(Duration limit) {
        if (process.isEmpty()) return 0;
        Process running = process.get();
        try {
            new ProcessBuilder("kill", "-ALRM", Long.toString(running.pid())).start().waitFor();
            if (running.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) return 0;
            running.destroyForcibly().waitFor();
            return clients;
        } catch (IOException e) {
            running.destroyForcibly();
            return clients;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            running.destroyForcibly();
            return clients;
        }
    }

    @Override
    public List<Operation> drain() throws IOException {
        process = Optional.empty();
        long nanosAtEpoch = System.nanoTime() - ChronoUnit.NANOS.between(Instant.EPOCH, Instant.now());
        var operations = new ArrayList<Operation>();
        try (Stream<Path> logs = Files.list(folder)) {
            for (Path log : logs.filter(f -> f.getFileName().toString().startsWith("round-")).toList()) {
                for (String line : Files.readAllLines(log)) operations.addAll(PgbenchLines.transaction(line, nanosAtEpoch).stream().toList());
                Files.delete(log);
            }
        }
        long now = System.nanoTime();
        for (String line : Files.readAllLines(said())) operations.addAll(PgbenchLines.abort(line, now).stream().toList());
        Files.delete(said());
        operations.sort(Comparator.comparingLong(Operation::finishedAt));
        return operations;
    }

    @Override
    public List<Finding> check(List<Operation> operations, Connection primary) throws SQLException {
        return PgbenchSums.check(operations, historyBefore, sums(primary));
    }

    @Override
    public void close() {
        process.ifPresent(Process::destroyForcibly);
    }

    private Path said() {
        return folder.resolve("pgbench-" + round + ".out");
    }

    private static PgbenchSums.Sums sums(Connection primary) throws SQLException {
        try (Statement statement = primary.createStatement(); ResultSet row = statement.executeQuery("""
                select (select count(*) from pgbench_history), (select coalesce(sum(delta), 0) from pgbench_history), (select sum(abalance) from pgbench_accounts),
                       (select sum(tbalance) from pgbench_tellers), (select sum(bbalance) from pgbench_branches)""")) {
            row.next();
            return new PgbenchSums.Sums(row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4), row.getLong(5));
        }
    }
}
