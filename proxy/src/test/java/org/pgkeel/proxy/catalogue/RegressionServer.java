package org.pgkeel.proxy.catalogue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.embedded.PostgresTree;
import org.pgkeel.proxy.embedded.ServerAccount;
import org.pgkeel.proxy.embedded.ServerSettings;
import org.pgkeel.proxy.postgres.ClientTools;

/// PostgreSQL 15 with the database that its own regression tests make, and the log of every statement they sent.
final class RegressionServer implements AutoCloseable {
    private static final Path SERVER = Path.of("/usr/lib/postgresql/15");
    private static final String DATABASE = "regression";
    private static final int CLIENTS = 4;

    private final Path folder;
    private final PostgresServer server;
    private final ServerAccount account = ServerAccount.pick();

    RegressionServer() throws IOException {
        if (!Files.isExecutable(SERVER.resolve("bin/postgres"))) throw new AssertionError("the regression tests need PostgreSQL 15 in " + SERVER + " (Debian: apt-get install postgresql-15)");
        folder = Files.createTempDirectory("pgkeel-regression-");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Map<String, String> parameters = Map.ofEntries(Map.entry("logging_collector", "on"), Map.entry("log_destination", "jsonlog"), Map.entry("log_statement", "all"),
                Map.entry("log_filename", "all.log"), Map.entry("log_rotation_size", "0"), Map.entry("log_min_messages", "log"), Map.entry("log_min_error_statement", "panic"),
                Map.entry("max_prepared_transactions", "5"), Map.entry("fsync", "off"), Map.entry("autovacuum", "off"), Map.entry("shared_buffers", "128MB"));
        var settings = new ServerSettings("127.0.0.1", ServerSettings.freePort(), "postgres", "secret", parameters, List.of("local all all trust", "host all all all trust"));
        server = new PostgresServer(new PostgresTree(SERVER), account, folder.resolve("server"), settings).initialise().start();
    }

    /// Runs the tests as they are. What they answer does not matter.
    void runTests(Path corpus) throws IOException, InterruptedException {
        Path source = copy(corpus);
        server.execute("postgres", "create database " + DATABASE + " template template0", "alter database " + DATABASE + " set lc_messages = 'C'",
                "alter database " + DATABASE + " set timezone_abbreviations = 'Default'");
        for (String line : Files.readAllLines(corpus.resolve("parallel_schedule"))) {
            if (!line.startsWith("test:")) continue;
            List<Process> running = new ArrayList<>();
            for (String test : line.substring(5).strip().split("\\s+")) {
                if (running.size() == CLIENTS) running.removeFirst().waitFor();
                running.add(psql(source, test));
            }
            for (Process each : running) {
                if (!each.waitFor(60, TimeUnit.SECONDS)) each.destroyForcibly();
            }
        }
    }

    private Path copy(Path corpus) throws IOException {
        Path copy = folder.resolve("regress");
        Files.walkFileTree(corpus, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path each, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(copy.resolve(corpus.relativize(each)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path each, BasicFileAttributes attributes) throws IOException {
                Files.copy(each, copy.resolve(corpus.relativize(each)));
                return FileVisitResult.CONTINUE;
            }
        });
        for (String results : List.of("results", "testtablespace")) account.own(Files.createDirectory(copy.resolve(results)));
        return copy;
    }

    private Process psql(Path source, String test) throws IOException {
        var builder = new ProcessBuilder(ClientTools.locate("psql"), "-X", "-q", "-h", "127.0.0.1", "-p", String.valueOf(server.settings().port()), "-U", "postgres",
                "-d", DATABASE, "-v", "HIDE_TABLEAM=on", "-v", "HIDE_TOAST_COMPRESSION=on");
        builder.environment().putAll(Map.of("PG_ABS_SRCDIR", source.toString(), "PG_ABS_BUILDDIR", source.toString(), "PG_LIBDIR", SERVER + "/lib", "PG_DLSUFFIX", ".so",
                "PGTZ", "PST8PDT", "PGDATESTYLE", "Postgres, MDY", "PGOPTIONS", "-c intervalstyle=postgres_verbose", "PGAPPNAME", test));
        return builder.directory(source.toFile()).redirectInput(source.resolve("sql").resolve(test + ".sql").toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    /// One session's statements in their order.
    List<List<String>> statements() throws IOException {
        try (Stream<String> lines = Files.lines(server.data().resolve("log/all.json"), StandardCharsets.UTF_8)) {
            return new LoggedStatements().read(lines, DATABASE);
        }
    }

    Connection connect() throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + server.settings().port() + "/" + DATABASE + "?user=postgres&preferQueryMode=simple");
    }

    @Override
    public void close() {
        server.close();
        DataFolder.delete(folder);
    }
}
