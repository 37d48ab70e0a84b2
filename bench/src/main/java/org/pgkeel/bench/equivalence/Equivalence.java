package org.pgkeel.bench.equivalence;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.cluster.PgKeel;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.Rig;
import org.pgkeel.bench.cluster.RunningProxy;
import org.pgkeel.bench.command.BenchCommand;
import org.pgkeel.bench.report.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The command line of `bench/bin/equivalence`.
@Command(name = "equivalence", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Sends the same random INSERTs to PostgreSQL and through PgKeel with coalescing, by many clients at once, and compares every reply and every stored row. "
                + "Starts all it needs on loopback ports and cleans up.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:no difference", "1:it did not run", "2:wrong options", "3:something was different, or too little was coalesced"})
public final class Equivalence implements Callable<Integer> {
    static final String DIRECT_DATABASE = "direct";
    static final String THROUGH_DATABASE = "through";
    private static final int EXIT_DIFFERENT = 3;
    private static final int CONNECTIONS_BESIDE_CLIENTS = 100;
    private static final long CASES = 100_000;
    private static final long QUICK_CASES = 20_000;

    @Option(names = "--quick", description = "A fifth of the cases, within three minutes on any machine.")
    private boolean quick;

    @Option(names = "--cases", paramLabel = "N", description = "How many (default: 100000; with --quick 20000).")
    private Optional<Long> chosenCases = Optional.empty();

    @Option(names = "--seed", paramLabel = "N", description = "The same seed asks the same again (default: the clock's; it is printed).")
    private Optional<Long> chosenSeed = Optional.empty();

    @Option(names = "--clients", paramLabel = "N", defaultValue = "128", description = "At once (default: ${DEFAULT-VALUE}).")
    private int clients;

    @Option(names = "--show", paramLabel = "N", defaultValue = "20", description = "Differences that are printed (default: ${DEFAULT-VALUE}).")
    private int show;

    @Option(names = "--coalesce", paramLabel = "CONF", defaultValue = "coalesce = [ { table = \"*\", copy-from-rows = 5, lanes = 2 } ]",
            description = "Added to PgKeel's configuration; empty for PgKeel without coalescing (default: ${DEFAULT-VALUE}).")
    private String coalesce = "";

    @Option(names = "--copies-min", paramLabel = "N", defaultValue = "5", description = "COPYs that have to be committed for each 1,000 cases where there is coalescing (default: ${DEFAULT-VALUE}).")
    private int copiesMin;

    @Option(names = "--without-deferrable-trigger", description = "Drops the schema's one deferrable trigger: with it in the database, tables where an INSERT calls functions of users share no commits.")
    private boolean withoutDeferrableTrigger;

    @Option(names = "--server", paramLabel = "FOLDER", description = "Of the initdb and postgres to be asked (default: the newest in /usr/lib/postgresql).")
    private Optional<Path> server = Optional.empty();

    @Option(names = "--pgkeel", paramLabel = "PATH", defaultValue = "${sys:pgkeel.launcher}", description = "PgKeel's launcher (default: proxy/bin/pgkeel).")
    private Path pgkeel = Path.of("");

    @Option(names = "--json", paramLabel = "FILE", description = "The summary, also into this file.")
    private Optional<Path> json = Optional.empty();

    /// @param arguments see `--help`
    public static void main(String[] arguments) {
        System.exit(BenchCommand.run(new Equivalence(), arguments));
    }

    @Override
    public Integer call() throws Exception {
        long cases = chosenCases.orElse(quick ? QUICK_CASES : CASES);
        long seed = chosenSeed.orElseGet(System::currentTimeMillis);
        try (Rig rig = Rig.start(new PostgresServer.Options(0, clients + CONNECTIONS_BESIDE_CLIENTS, PostgresServer.Durability.NONE, server, Ways.SETTINGS))) {
            PostgresServer postgres = rig.postgres();
            prepare(postgres);
            if (withoutDeferrableTrigger) for (String database : List.of(DIRECT_DATABASE, THROUGH_DATABASE)) postgres.sql(database, "drop trigger late on late");
            Ways.prepare(postgres);
            RunningProxy proxy = rig.start(rig.pgKeel("pgkeel", pgkeel, coalesce), login(THROUGH_DATABASE));
            System.err.printf("%s, %s, seed %d%n", postgres.version(), proxy.version(), seed);
            var run = new EquivalenceRun(new EquivalenceRun.Plan(seed, cases, clients), new EquivalenceRun.Side(postgres.port(), login(DIRECT_DATABASE)),
                    new EquivalenceRun.Side(proxy.port(), login(THROUGH_DATABASE)), System.err::println);
            long began = System.nanoTime();
            EquivalenceRun.Outcome replies = run.run();
            StoredRows.Outcome rows = rows(postgres);
            System.out.printf("%,d cases in %.0f s, seed %d: %d replies differ, %,d rows stored, %d differ%n", replies.cases(), (System.nanoTime() - began) / 1e9, seed,
                    replies.different(), rows.rows(), rows.differences().size());
            System.out.println("cases by form: " + replies.forms());
            System.out.println("errors by SQLSTATE, direct: " + replies.sqlStates());
            replies.differences().stream().limit(show).forEach(difference -> System.out.println("\n" + difference));
            rows.differences().stream().limit(show).forEach(System.out::println);
            Ways ways = Ways.of(postgres);
            System.out.println(ways);
            boolean coalesced = coalesce.isBlank() || ways.copies() * 1000 >= cases * copiesMin;
            if (!coalesced) System.out.printf("too little was coalesced: fewer than %d COPYs for each 1,000 cases%n", copiesMin);
            if (json.isPresent()) Files.writeString(json.get(), Json.write(summary(seed, replies, rows, ways)) + "\n");
            boolean same = coalesced && replies.different() == 0 && rows.differences().isEmpty() && replies.cases() == cases;
            return same ? 0 : EXIT_DIFFERENT;
        }
    }

    private Map<String, Object> summary(long seed, EquivalenceRun.Outcome replies, StoredRows.Outcome rows, Ways ways) {
        var summary = new LinkedHashMap<String, Object>();
        summary.put("seed", seed);
        summary.put("coalesce", coalesce);
        summary.put("cases", replies.cases());
        summary.put("cases_by_form", replies.forms());
        summary.put("errors_by_sqlstate", replies.sqlStates());
        summary.put("replies_different", replies.different());
        summary.put("rows_stored", rows.rows());
        summary.put("rows_different", rows.differences().size());
        summary.put("rows_by_copy_at_least", ways.rowsByCopy());
        summary.put("copies", ways.copies());
        summary.put("differences", replies.differences());
        return summary;
    }

    /// Makes both databases, the second as a copy of the first, so that their types and tables have the same oids.
    static void prepare(PostgresServer postgres) throws IOException {
        postgres.sql("postgres", "create database " + DIRECT_DATABASE);
        postgres.sql(DIRECT_DATABASE, Tables.schema());
        postgres.sql("postgres", "create database " + THROUGH_DATABASE + " template " + DIRECT_DATABASE);
    }

    static Login login(String database) {
        return new Login(PostgresServer.USER, PostgresServer.PASSWORD, database);
    }

    static StoredRows.Outcome rows(PostgresServer postgres) throws SQLException {
        String url = "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/";
        try (Connection direct = DriverManager.getConnection(url + DIRECT_DATABASE, "postgres", PostgresServer.PASSWORD);
             Connection through = DriverManager.getConnection(url + THROUGH_DATABASE, "postgres", PostgresServer.PASSWORD)) {
            return StoredRows.compare(direct, through);
        }
    }
}
