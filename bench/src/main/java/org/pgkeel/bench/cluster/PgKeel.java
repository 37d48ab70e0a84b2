package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// PgKeel, started by its own launcher, with the settings that are compared: transaction pooling, ten backends, SCRAM, one event loop.
public final class PgKeel implements ProxyProgram {
    private static final Duration VERSION_LIMIT = Duration.ofMinutes(10);

    private final String name;
    private final Path launcher;
    private final String variant;
    private final WorkFolder work;
    private final PostgresServer postgres;
    private final String version;
    private int started;

    /// @param name    `pgkeel`, or a variant's name
    /// @param variant configuration that is added to the end of the file, where it overrides what is above; may be empty
    /// @throws IOException if the launcher cannot say its version; it builds on first use, so this may take minutes
    public PgKeel(String name, Path launcher, String variant, WorkFolder work, PostgresServer postgres) throws IOException {
        this.name = name;
        this.launcher = launcher.toAbsolutePath();
        this.variant = variant;
        this.work = work;
        this.postgres = postgres;
        this.version = Processes.run(VERSION_LIMIT, Map.of(), List.of(this.launcher.toString(), "version")).lines()
                .findFirst().orElse("PgKeel");
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String version() {
        return variant.isEmpty() ? version : version + " with " + variant.replace('\n', ' ');
    }

    @Override
    public RunningProxy start() throws IOException {
        Path folder = work.folder(name + "-" + ++started);
        int port = Processes.freePort();
        int adminPort = Processes.freePort();
        Files.writeString(folder.resolve("users.txt"), "\"" + PostgresServer.USER + "\" \"" + postgres.scramVerifier() + "\"\n");
        Path configuration = folder.resolve("proxy.conf");
        Files.writeString(configuration, configuration(port, adminPort, postgres.port(), folder.resolve("users.txt"), variant));
        Path log = folder.resolve("log");
        Process process = Processes.start(log, Map.of(), List.of(launcher.toString(), "run", "--config", configuration.toString()));
        return new RunningProxy(name, version(), port, process, Target.Code.JVM, log);
    }

    /// The whole of `proxy.conf`; what is not named here is measured with its default.
    static String configuration(int port, int adminPort, int postgresPort, Path usersFile, String variant) {
        return """
                listen    { address = "127.0.0.1", port = %d, backlog = 4096 }
                admin     { address = "127.0.0.1", port = %d }
                clusters  { main { nodes = ["127.0.0.1:%d"] } }
                databases { "*" { cluster = main, pool { mode = transaction, max = 10, max-wait = 60s } } }
                auth      { method = scram-sha-256, users-file = "%s" }
                limits    { clients = 12000 }
                runtime   { event-loops = 1 }
                %s
                """.formatted(port, adminPort, postgresPort, usersFile, variant);
    }
}
