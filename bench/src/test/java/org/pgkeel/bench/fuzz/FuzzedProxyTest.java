package org.pgkeel.bench.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.cluster.Cleanup;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.WorkFolder;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.server.ProxyServer;
import org.slf4j.LoggerFactory;

/// The fuzzer's inputs against a proxy in this JVM. `-Dpgkeel.fuzz.seed=` throws the same again, `-Dpgkeel.fuzz.inputs=` more.
class FuzzedProxyTest {
    private static final long SEED = Long.getLong("pgkeel.fuzz.seed", System.nanoTime());
    private static final long INPUTS = Long.getLong("pgkeel.fuzz.inputs", 5_000);
    private static final int WORKERS = 8;
    /// Of this JVM, the fuzzer included.
    private static final int MEMORY_MIB_MAX = 1_500;

    @TempDir
    private Path folder;

    @Test
    void hostile_input_is_refused_and_disturbs_nobody() throws Exception {
        System.out.println("fuzz seed " + SEED);
        var bugs = new ListAppender<ILoggingEvent>();
        bugs.start();
        ((Logger) LoggerFactory.getLogger("org.pgkeel")).addAppender(bugs);
        try (var cleanup = new Cleanup()) {
            WorkFolder work = cleanup.add(WorkFolder.temporary());   // PostgreSQL runs as another user
            PostgresServer postgres = cleanup.add(PostgresServer.start(work, PostgresServer.Options.forPgbench(1)));
            postgres.sql(PostgresServer.DATABASE, "create table fuzz (line text); grant all on fuzz to " + PostgresServer.TRUSTED_USER);
            ProxyServer proxy = cleanup.add(start(postgres));
            var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port());
            var trusted = new Login(PostgresServer.TRUSTED_USER, "", PostgresServer.DATABASE);
            var challenged = new Login(PostgresServer.USER, PostgresServer.PASSWORD, PostgresServer.DATABASE);
            var plan = new FuzzRun.Plan(0, INPUTS, WORKERS, MEMORY_MIB_MAX, OptionalLong.of(ProcessHandle.current().pid()), Optional.empty());
            var run = new FuzzRun(plan, new HostileInputs(SEED, trusted.user(), trusted.database()), new Throw(address, trusted, challenged, Duration.ofSeconds(60)),
                    new ControlClient(address, challenged, Duration.ofSeconds(30)), System.out::println);
            FuzzRun.Summary summary = run.run();
            System.out.println(summary);
            assertThat(summary.offence()).as("seed %d", SEED).isEmpty();
            assertThat(List.copyOf(bugs.list)).as("what the proxy says of itself, seed %d", SEED).filteredOn(event -> event.getLevel() == Level.ERROR).isEmpty();
            assertThat(summary.thrown()).isEqualTo(INPUTS);
        }
    }

    private ProxyServer start(PostgresServer postgres) throws IOException {
        Files.writeString(folder.resolve("users.txt"), "\"%s\" \"%s\"\n\"%s\" \"%s\"\n".formatted(
                PostgresServer.USER, PostgresServer.PASSWORD, PostgresServer.TRUSTED_USER, PostgresServer.PASSWORD));
        Path file = Files.writeString(folder.resolve("proxy.conf"), """
                listen { address = "127.0.0.1", port = 0 }
                admin.port = -1
                clusters { main { nodes = ["127.0.0.1:%d"] } }
                databases { "*" { pool { max = 10 } } }
                auth { users-file = "users.txt", rules = [ { type = host, user = [%s], method = trust } ] }
                timeouts.login = 5s
                shutdown.max-wait = 0
                """.formatted(postgres.port(), PostgresServer.TRUSTED_USER));
        var loader = new ConfigLoader(Map.of());
        return switch (loader.load(file)) {
            case ConfigResult.Loaded loaded -> ProxyServer.start(loaded, loader, file);
            case ConfigResult.Rejected rejected -> throw new AssertionError(rejected.problems().toString());
        };
    }
}
