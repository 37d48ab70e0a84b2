package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// PgBouncer with the settings that are compared: transaction pooling, SCRAM, prepared statements where it can.
public final class PgBouncer implements ProxyProgram {
    private static final Duration VERSION_LIMIT = Duration.ofSeconds(10);

    private final Path program;
    private final String version;
    private final WorkFolder work;
    private final PostgresServer postgres;
    private final int poolSize;
    private int started;

    private PgBouncer(Path program, String version, WorkFolder work, PostgresServer postgres, int poolSize) {
        this.poolSize = poolSize;
        this.program = program;
        this.version = version;
        this.work = work;
        this.postgres = postgres;
    }

    /// @param chosen   a program named by the caller; else the one `bench/bin/get-pgbouncer` left, else the system's
    /// @param poolSize backends at most
    public static PgBouncer find(Optional<Path> chosen, WorkFolder work, PostgresServer postgres, int poolSize) throws IOException {
        Path fetched = Caches.folder().resolve("pgbouncer");
        Path program = chosen.map(Path::toAbsolutePath).orElseGet(() -> Files.isExecutable(fetched.resolve("pgbouncer")) ? fetched.resolve("pgbouncer") : installed());
        if (program.startsWith(fetched)) program = Caches.copy(fetched, work.folder("pgbouncer-program")).resolve("pgbouncer");
        String version = Processes.run(VERSION_LIMIT, Map.of(), List.of(program.toString(), "--version")).lines().findFirst().orElse("PgBouncer");
        return new PgBouncer(program, version, work, postgres, poolSize);
    }

    @Override
    public String name() {
        return "pgbouncer";
    }

    @Override
    public String version() {
        return version;
    }

    /// 1.21 was the first to keep protocol-level prepared statements in transaction mode.
    public boolean preparesInTransactionMode() {
        String[] numbers = version.replaceAll("[^0-9.]", "").split("\\.");
        return Integer.parseInt(numbers[0]) > 1 || Integer.parseInt(numbers[1]) >= 21;
    }

    @Override
    public RunningProxy start() throws IOException {
        Path folder = work.folder("pgbouncer-" + ++started);
        int port = Processes.freePort();
        Files.writeString(folder.resolve("users.txt"), "\"" + PostgresServer.USER + "\" \"" + postgres.scramVerifier() + "\"\n");
        Files.writeString(folder.resolve("pgbouncer.ini"), """
                [databases]
                * = host=127.0.0.1 port=%d
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = %d
                unix_socket_dir =
                auth_type = scram-sha-256
                auth_file = %s/users.txt
                pool_mode = transaction
                default_pool_size = %d
                max_client_conn = 12000
                listen_backlog = 4096
                server_idle_timeout = 0
                server_lifetime = 86400
                ignore_startup_parameters = extra_float_digits
                log_connections = 0
                log_disconnections = 0
                stats_period = 3600
                %s
                """.formatted(postgres.port(), port, folder, poolSize, preparesInTransactionMode() ? "max_prepared_statements = 200" : ""));
        var unprivileged = new Unprivileged();
        unprivileged.own(folder);
        Path log = folder.resolve("log");
        Process process = Processes.start(log, Map.of(), unprivileged.command(List.of(program.toString(), folder.resolve("pgbouncer.ini").toString())));
        return new RunningProxy(name(), version, port, process, Target.Code.NATIVE, log);
    }

    private static Path installed() {
        return Stream.concat(Stream.of(System.getenv().getOrDefault("PATH", "").split(":")), Stream.of("/usr/sbin"))
                .map(folder -> Path.of(folder, "pgbouncer"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(
                        "no PgBouncer: apt-get install pgbouncer, or bench/bin/get-pgbouncer for a newer one, or --pgbouncer PATH"));
    }
}
