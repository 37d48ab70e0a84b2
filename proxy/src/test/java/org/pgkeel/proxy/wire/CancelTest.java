package org.pgkeel.proxy.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// A CancelRequest reaches the statement of its own client, and nobody else's. `-Dpgkeel.wire.seed=` cancels as before,
/// `-Dpgkeel.wire.cancels=` more often.
class CancelTest {
    private static final long SEED = Long.getLong("pgkeel.wire.seed", System.nanoTime());
    private static final int CANCELS = Integer.getInteger("pgkeel.wire.cancels", 300);
    private static final int CLIENTS = 8;

    private final PostgresFixture postgres = SharedPostgres.get();

    @Test
    void a_client_that_is_not_cancelled_never_hears_of_a_cancel() throws Exception {
        System.out.println("wire seed " + SEED);
        try (var proxy = TestProxy.start(postgres, 2, "runtime.event-loops = 2"); var threads = Executors.newCachedThreadPool()) {
            var clients = new ArrayList<WireClient>();
            for (int i = 0; i < CLIENTS; i++) clients.add(client(proxy, i % 2 == 0 ? 0 : 2));
            assertThat(clients).extracting(WireClient::keyBytes).as("short keys in protocol 3.0, long ones in 3.2").containsOnly(4, 32);
            var others = new ArrayList<Future<List<String>>>();
            var random = new Random(SEED);
            var canceller = threads.submit(() -> {
                for (int i = 0; i < CANCELS; i++) clients.get(random.nextInt(CLIENTS / 2)).cancel();
                return List.<String>of();
            });
            for (WireClient each : clients) others.add(threads.submit(() -> ask(each, canceller)));
            canceller.get();
            for (int i = CLIENTS / 2; i < CLIENTS; i++) {
                assertThat(others.get(i).get()).as("client " + i + ", seed " + SEED).allSatisfy(line -> assertThat(line).doesNotContain("57014"));
            }
            for (int i = 0; i < CLIENTS / 2; i++) {
                assertThat(others.get(i).get()).allSatisfy(line -> assertThat(line).contains("57014"));
            }
            for (WireClient each : clients) each.close();
        }
    }

    /// @return errors heard until there are no more cancels
    private static List<String> ask(WireClient client, Future<?> until) throws IOException {
        var errors = new ArrayList<String>();
        for (int i = 0; !until.isDone(); i++) {
            var dialogue = new Dialogue(client, "none");
            dialogue.ask("select pg_sleep(0.00" + i % 4 + ")");
            dialogue.lines().stream().filter(line -> line.startsWith("ErrorResponse")).forEach(errors::add);
        }
        return errors;
    }

    private static WireClient client(TestProxy proxy, int minor) throws IOException {
        return new WireClient(proxy.address(), PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD,
                new LinkedHashMap<>(Map.of("database", PostgresFixture.DATABASE)), Splitting.whole(), minor);
    }
}
