package org.pgkeel.proxy.large;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.wire.WireClient;

/// A process whose direct memory is used up.
class OutOfMemoryTest {
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    @Test
    void a_client_that_takes_all_memory_is_closed_and_the_others_go_on() throws Exception {
        try (ProxyProcess proxy = ProxyProcess.start(SharedPostgres.get(), "admin.port = -1\nlimits.client-buffer-bytes = 64MiB", "-XX:MaxDirectMemorySize=24m");
             WireClient other = WireClient.ofApp(proxy.port(), Map.of())) {
            assertAnswers(other);
            WireClient greedy = WireClient.ofApp(proxy.port(), Map.of());
            greedy.send(new Query("select repeat('x', 1000) from generate_series(1, 1000000)"));   // and does not read
            await().atMost(PATIENCE).until(() -> proxy.log().contains("closed, no memory for what it does"));
            await("its memory is free again").atMost(PATIENCE).ignoreExceptionsInstanceOf(IOException.class).until(() -> {
                try (WireClient next = WireClient.ofApp(proxy.port(), Map.of())) {
                    assertAnswers(next);
                }
                return true;
            });
            greedy.reset();
            assertAnswers(other);
            assertThat(proxy.log()).doesNotContain("after a bug", "raised an exception");
        }
    }

    private static void assertAnswers(WireClient client) throws IOException {
        client.send(new Query("select 1"));
        boolean rows = false;
        for (var message = client.read(); !(message instanceof ReadyForQuery); message = client.read()) rows |= message instanceof DataRow;
        assertThat(rows).isTrue();
    }
}
