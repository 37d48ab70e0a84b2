package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.large.ProxyProcess;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.wire.WireClient;

class NameChangeTest {
    @TempDir
    Path folder = Path.of("");

    /// A failover by name: the client waits for less than the JDK would go by what the name meant before.
    @Test
    void a_name_that_means_another_server_is_followed_while_a_client_waits() throws Exception {
        var postgres = SharedPostgres.get();
        Path hosts = Files.writeString(folder.resolve("hosts"), "127.0.0.2 db.test\n");
        String more = "admin.port = -1\nclusters.main.nodes = [\"db.test:" + postgres.port() + "\"]\ndatabases.\"*\".pool.max-wait = 20s";
        try (ProxyProcess proxy = ProxyProcess.start(postgres, more, "-Djdk.net.hosts.file=" + hosts)) {
            var served = new CompletableFuture<Boolean>();
            Thread.ofPlatform().daemon().start(() -> {
                try (WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
                    served.complete(true);
                } catch (Exception refused) {
                    served.completeExceptionally(refused);
                }
            });
            await().atMost(Duration.ofSeconds(60)).until(() -> proxy.log().contains("cannot connect to db.test:"));
            Files.writeString(hosts, "127.0.0.1 db.test\n");
            assertThat(served.get(90, TimeUnit.SECONDS)).isTrue();
        }
    }
}
