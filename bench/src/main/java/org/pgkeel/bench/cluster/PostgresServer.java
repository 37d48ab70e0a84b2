package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.pgkeel.bench.client.Login;

/// A PostgreSQL of our own: a temporary cluster on a loopback port, with pgbench's tables where they are wanted and one user who
/// logs in with SCRAM. What it does for durability is the caller's choice, see [Durability].
///
/// Threading: confined to one thread.
public final class PostgresServer implements AutoCloseable {
    public static final String USER = "bench";
    public static final String PASSWORD = "bench-secret";
    public static final String DATABASE = "bench";
    /// Logs in without a password: the fuzzer opens too many sessions for SCRAM.
    public static final String TRUSTED_USER = "fuzz";

    /// Has the same password.
    public static final String SUPERUSER = "postgres";
    private static final Duration TOOL_LIMIT = Duration.ofMinutes(5);

    /// How much it does for a commit.
    public enum Durability {
        /// Nothing: the cost of a relay is asked for and not that of a disk.
        NONE("""
                fsync = off
                synchronous_commit = off
                full_page_writes = off
                """),
        /// Every commit is on the disk before it is answered, as users run it.
        FULL("""
                fsync = on
                synchronous_commit = on
                full_page_writes = on
                max_wal_senders = 4
                """);

        private final String settings;

        Durability(String settings) {
            this.settings = settings;
        }
    }

    /// @param scale       of pgbench's tables, 1 is 100,000 accounts; 0 for none
    /// @param connections that it takes at once
    /// @param server      folder of another `initdb` and `postgres` than the newest installed ones
    /// @param settings    more of them, a line each
    public record Options(int scale, int connections, Durability durability, Optional<Path> server, List<String> settings) {
        public Options(int scale, int connections, Durability durability) {
            this(scale, connections, durability, Optional.empty(), List.of());
        }

        /// For the cost of a relay.
        /// @param scale of pgbench's tables; 1 is 100,000 accounts
        public static Options forPgbench(int scale) {
            return new Options(scale, 300, Durability.NONE);
        }
    }

    private final Path bin;
    private final int port;
    private final Process postmaster;
    private final String version;

    private PostgresServer(Path bin, int port, Process postmaster, String version) {
        this.bin = bin;
        this.port = port;
        this.postmaster = postmaster;
        this.version = version;
    }

    /// Autovacuum is off, because it would run into some rounds and not into others; checkpoints come when the caller asks for them.
    public static PostgresServer start(WorkFolder work, Options options) throws IOException {
        Path bin = newestBin();
        Path server = options.server.orElse(bin);
        var unprivileged = new Unprivileged();
        Path data = work.folder("postgres");
        Path passwordFile = work.path().resolve("superuser-password");
        Files.writeString(passwordFile, PASSWORD);
        unprivileged.own(work.path());
        Processes.run(TOOL_LIMIT, Map.of(), unprivileged.command(List.of(server + "/initdb", "--pgdata=" + data, "--username=" + SUPERUSER,
                "--auth=scram-sha-256", "--pwfile=" + passwordFile, "--no-sync", "--encoding=UTF8", "--locale=C")));
        int port = Processes.freePort();
        Files.writeString(data.resolve("postgresql.auto.conf"), """
                listen_addresses = '127.0.0.1'
                port = %d
                unix_socket_directories = ''
                max_connections = %d
                shared_buffers = 512MB
                max_wal_size = 8GB
                checkpoint_timeout = 1h
                autovacuum = off
                jit = off
                password_encryption = scram-sha-256
                %s
                %s
                """.formatted(port, options.connections, options.durability.settings, String.join("\n", options.settings)));
        Files.writeString(data.resolve("pg_hba.conf"), """
                host all %s 127.0.0.0/8 trust
                host all all 127.0.0.0/8 scram-sha-256
                host replication all 127.0.0.0/8 scram-sha-256
                """.formatted(TRUSTED_USER));
        Path log = work.path().resolve("postgres.log");
        Process postmaster = Processes.start(log, Map.of(), unprivileged.command(List.of(server + "/postgres", "-D", data.toString())));
        String version = Processes.run(TOOL_LIMIT, Map.of(), List.of(server + "/postgres", "--version")).trim();
        var postgres = new PostgresServer(bin, port, postmaster, version);
        try {
            postgres.awaitReady(log);
            postgres.sql("postgres", "create role " + USER + " login password '" + PASSWORD + "'");
            postgres.sql("postgres", "create role " + TRUSTED_USER + " login password '" + PASSWORD + "'");
            postgres.sql("postgres", "create database " + DATABASE + " owner " + USER);
            if (options.scale > 0) {
                Processes.run(TOOL_LIMIT, Map.of("PGPASSWORD", PASSWORD), List.of(bin + "/pgbench", "--initialize", "--quiet", "--scale=" + options.scale,
                        "--host=127.0.0.1", "--port=" + port, "--username=" + USER, DATABASE));
            }
            postgres.sql(DATABASE, "vacuum analyze");
            postgres.sql(DATABASE, "checkpoint");
        } catch (IOException e) {
            postgres.close();
            throw e;
        }
        return postgres;
    }

    public int port() {
        return port;
    }

    public String version() {
        return version;
    }

    public long pid() {
        return postmaster.pid();
    }

    /// Folder of `pgbench` and `psql`.
    public Path bin() {
        return bin;
    }

    public Login login() {
        return new Login(USER, PASSWORD, DATABASE);
    }

    /// Runs statements as the superuser.
    ///
    /// @return psql's output, rows without decoration
    public String sql(String database, String statements) throws IOException {
        return Processes.run(TOOL_LIMIT, Map.of("PGPASSWORD", PASSWORD), List.of(bin + "/psql", "--no-psqlrc", "--tuples-only", "--no-align",
                "--quiet", "--set=ON_ERROR_STOP=1", "--host=127.0.0.1", "--port=" + port, "--username=" + SUPERUSER, "--command=" + statements, database)).trim();
    }

    /// What a users file holds for the bench user: the SCRAM verifier, so that proxies pass the client's proof through.
    public String scramVerifier() throws IOException {
        return sql("postgres", "select rolpassword from pg_authid where rolname = '" + USER + "'");
    }

    private void awaitReady(Path log) throws IOException {
        for (int attempt = 0; attempt < 300; attempt++) {
            if (!postmaster.isAlive()) throw new IOException("PostgreSQL did not start:\n" + Processes.tail(log));
            try {
                sql("postgres", "select 1");
                return;
            } catch (IOException notYet) {
                Processes.pause(Duration.ofMillis(100));
            }
        }
        throw new IOException("PostgreSQL was not ready within 30 s:\n" + Processes.tail(log));
    }

    private static Path newestBin() throws IOException {
        try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
            return versions.filter(v -> Files.isExecutable(v.resolve("bin/postgres")) && Files.isExecutable(v.resolve("bin/pgbench")))
                    .max(Comparator.comparingInt(v -> Integer.parseInt(v.getFileName().toString())))
                    .orElseThrow(() -> new IOException("no server in /usr/lib/postgresql/*/bin"))
                    .resolve("bin");
        } catch (IOException e) {
            throw new IOException("PostgreSQL's server and pgbench are needed: apt-get install postgresql (" + e.getMessage() + ")", e);
        }
    }

    /// Fast shutdown (SIGINT): open sessions are ended.
    @Override
    public void close() {
        try {
            new ProcessBuilder("kill", "-INT", Long.toString(postmaster.pid())).start().waitFor();
            if (!Processes.await(postmaster, Duration.ofSeconds(20))) Processes.stop(postmaster, Duration.ofSeconds(5));
        } catch (IOException e) {
            Processes.stop(postmaster, Duration.ofSeconds(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            Processes.stop(postmaster, Duration.ofSeconds(5));
        }
    }
}
