package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// Clients at work while an operator pauses and resumes at random and the primary dies and comes back. `-Dpgkeel.seed=N` replays the operator.
final class HoldStormTest {
    private static final int CLIENTS = 12;
    private static final Set<String> SAFE_TO_RETRY = Set.of("57P03", "53300");

    @Test
    void nobody_is_forgotten_and_the_books_of_every_hold_add_up() throws Exception {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        System.out.println("replay with -Dpgkeel.seed=" + seed);
        var random = new Random(seed);
        try (PostgresFixture postgres = PostgresFixture.start(FixtureOptions.DEFAULT); RunningProxy proxy = RunningProxy.start(postgres, RunningProxy.config(postgres, 3, """
                clusters.main { monitor { user = postgres, password = postgres }, hold { max-wait = 2s, max-clients = 9, drain-concurrency = 1 } }
                """))) {
            Connection console = proxy.console();
            await().until(() -> proxy.server().clusters().get("main").primary() != null);
            var over = new AtomicBoolean();
            var served = new AtomicLong();
            Set<String> refusals = ConcurrentHashMap.newKeySet();
            List<CompletableFuture<Void>> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Connection client = proxy.connect();
                clients.add(RunningProxy.inBackground(() -> work(client, over, served, refusals)));
            }
            for (int step = 0; step < 40; step++) {
                operate(console, random, postgres, step);
                await().pollDelay(Duration.ofMillis(1 + random.nextInt(150))).until(() -> true);
            }
            run(console, "RESUME");
            over.set(true);
            for (CompletableFuture<Void> client : clients) client.get(90, TimeUnit.SECONDS);

            await().untilAsserted(() -> assertThat(RunningProxy.show(console, "HOLD")).allSatisfy(row ->
                    assertThat(row).containsEntry("state", "open").containsEntry("waiting", "0").containsEntry("waiting_bytes", "0")));
            List<Map<String, String>> books = RunningProxy.show(console, "HOLD");
            assertThat(books).extracting(row -> row.get("database")).containsExactly("", "app");
            assertThat(books).allSatisfy(row -> {
                assertThat(number(row, "held")).isPositive();
                assertThat(number(row, "held")).isEqualTo(number(row, "drained") + number(row, "refused") + number(row, "gone"));
            });
            assertThat(served.get()).isPositive();
            assertThat(refusals).isSubsetOf(SAFE_TO_RETRY);
        }
    }

    private static void work(Connection client, AtomicBoolean over, AtomicLong served, Set<String> refusals) {
        while (!over.get()) {
            try {
                RunningProxy.value(client, "select 1");
                served.incrementAndGet();
            } catch (SQLException refused) {
                refusals.add(String.valueOf(refused.getSQLState()));
            }
        }
    }

    private static void operate(Connection console, Random random, PostgresFixture postgres, int step) throws SQLException {
        if (step % 20 == 10) {
            // Clients of a database that is paused wait for its RESUME: nobody would hear of the primary.
            run(console, "RESUME");
            long before = heldForPrimary(console);
            postgres.kill();
            await().until(() -> heldForPrimary(console) > before);
            await().ignoreExceptions().until(() -> {
                postgres.startAgain();
                return true;
            });
        }
        run(console, switch (random.nextInt(4)) {
            case 0 -> "PAUSE app";
            case 1 -> "RESUME app";
            case 2 -> "RESUME";
            default -> "SHOW HOLD";
        });
    }

    private static long heldForPrimary(Connection console) throws SQLException {
        return number(RunningProxy.show(console, "HOLD").getFirst(), "held");
    }

    /// A RESUME of what is not paused says so; that is no matter here.
    private static void run(Connection console, String command) throws SQLException {
        try {
            RunningProxy.run(console, command);
        } catch (SQLException notPaused) {
            assertThat(notPaused.getSQLState()).isEqualTo("55000");
        }
    }

    private static long number(Map<String, String> row, String column) {
        return Long.parseLong(row.get(column));
    }
}
