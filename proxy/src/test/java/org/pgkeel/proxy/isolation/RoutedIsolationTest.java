package org.pgkeel.proxy.isolation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.server.ProxyServer;
import org.pgkeel.proxy.server.ReplicatedPostgres;

/// As [IsolationTest], with reads that go to a replica. `-Dpgkeel.isolation.seconds=` and `-Dpgkeel.isolation.seed=` count here too.
@Tag("drivers")
@Tag("isolation")
class RoutedIsolationTest {
    private static final Map<String, String> PASSWORDS = Map.of("iso_user_1", "one", "iso_user_2", "two");
    private static final Duration DURATION = Duration.ofSeconds(Long.getLong("pgkeel.isolation.seconds", 10));
    private static final long SEED = Long.getLong("pgkeel.isolation.seed", System.nanoTime());

    @Test
    void clients_whose_reads_go_to_a_replica_get_their_own_replies(@TempDir Path folder) throws Exception {
        try (var postgres = new ReplicatedPostgres(1); ProxyServer proxy = proxy(folder, postgres)) {
            postgres.execute(Clients.setUp(PASSWORDS).toArray(String[]::new));
            System.out.println("routed isolation seed " + SEED);
            Tally tally = new Clients(new InetSocketAddress("127.0.0.1", proxy.port()), PASSWORDS, 60, DURATION, SEED).run();
            assertThat(tally.checked.sum()).isPositive();
            assertThat(postgres.query("select count(*) from iso.undone")).as("rows of transactions that were not committed").isEqualTo("0");
            // A backend that is idle reports what it did within ten seconds.
            await().pollInterval(Duration.ofMillis(500)).untilAsserted(() -> assertThat(transactions(postgres.replica(0))).as("transactions on the replica").isPositive());
        }
    }

    private static long transactions(PostgresServer server) {
        return Long.parseLong(server.query("postgres", "select sum(xact_commit) from pg_stat_database where datname = 'app'"));
    }

    private static ProxyServer proxy(Path folder, ReplicatedPostgres postgres) throws IOException {
        Files.writeString(folder.resolve("users.txt"), PASSWORDS.entrySet().stream().map(entry -> "\"" + entry.getKey() + "\" \"" + entry.getValue() + "\"\n").collect(Collectors.joining()));
        Path file = Files.writeString(folder.resolve("proxy.conf"), """
                listen { address = "127.0.0.1", port = 0 }
                admin.port = -1
                databases { "*" { cluster = main, pool { max = 8, max-wait = 60s } } }
                auth.users-file = "users.txt"
                runtime.event-loops = 2
                shutdown.max-wait = 0
                routing = [ { name = reads, when { statement = read }, to = replica, or-else = primary } ]
                """ + postgres.cluster());
        return switch (new ConfigLoader(Map.of()).load(file)) {
            case ConfigResult.Loaded loaded -> ProxyServer.start(loaded.config());
            case ConfigResult.Rejected rejected -> throw new AssertionError(rejected.problems().toString());
        };
    }
}
