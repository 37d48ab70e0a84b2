package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.Flush;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// Clients that send statements without a Sync, ask for what there is with a Flush, or send very much ahead.
class FlushedBatchesEndToEndTest {
    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table taken (x int primary key)", "grant all on taken to app");
    }

    @BeforeEach
    void empty() {
        postgres.execute("truncate taken");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static TestProxy proxy(String outcome) {
        return TestProxy.startAt(postgres.host() + ":" + postgres.port(), TestProxy.PLAIN_USERS, """
                clusters.main.monitor { user = "%s", password = "%s" }
                clusters.main { outcome = %s, tls.mode = disable }
                databases."*".pool { max = 1 }
                """.formatted(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD, outcome));
    }

    private static FrontendMessage[] executes(String name, String sql) {
        return new FrontendMessage[] {new Parse(name, sql, List.of()), new Bind("", name, List.of(), List.of(), List.of()), new Execute("", 0)};
    }

    /// The server has said what it had to say, and waits for more.
    private static void awaitServer() {
        await().until(() -> postgres.query("select count(*) from pg_stat_activity where usename = 'app' and state <> 'idle' and wait_event = 'ClientRead'").equals("1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"off", "pipelined", "strict"})
    void rows_of_a_write_that_are_flushed_meet_no_request(String outcome) throws Exception {
        try (TestProxy proxy = proxy(outcome); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            client.send(new Parse("named", "select 'named'", List.of()), Sync.INSTANCE);
            Replies.untilReady(client);
            client.send(executes("", "insert into taken select * from generate_series(1, 2000) returning x"));
            awaitServer();
            client.send(new Bind("", "named", List.of(), List.of(), List.of()), new Execute("", 0), Flush.INSTANCE);
            client.send(Sync.INSTANCE);
            List<String> told = Replies.untilReady(client);
            assertThat(told.subList(told.size() - 4, told.size())).isEqualTo(List.of("INSERT 0 2000", "row named", "SELECT 1", "ready IDLE"));
            assertThat(told).hasSize(2004);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"off", "pipelined", "strict"})
    void an_error_is_told_who_flushes(String outcome) throws Exception {
        try (TestProxy proxy = proxy(outcome); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            assertThat(Replies.ask(client, "insert into taken values (1)")).isEqualTo(List.of("INSERT 0 1", "ready IDLE"));
            client.send(executes("", "insert into taken values (1)"));
            awaitServer();
            client.send(Flush.INSTANCE);
            assertThat(CompletableFuture.supplyAsync(() -> error(client)).get(30, TimeUnit.SECONDS)).isEqualTo("23505");
            client.send(Sync.INSTANCE);
            assertThat(Replies.untilReady(client)).isEqualTo(List.of("ready IDLE"));
        }
    }

    private static String error(WireClient client) {
        try {
            return Replies.error(client);
        } catch (IOException broken) {
            throw new IllegalStateException(broken);
        }
    }

    /// More than the plan of replies holds.
    @Test
    void who_sends_ten_thousand_batches_ahead_gets_all_answers() throws Exception {
        int batches = 10_000;
        try (TestProxy proxy = TestProxy.startAt(postgres.host() + ":" + postgres.port(), TestProxy.PLAIN_USERS, ""); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            var batch = new ArrayList<>(List.of(executes("", "select 'known'")));
            batch.add(Sync.INSTANCE);
            for (int i = 0; i < 3; i++) {
                client.send(batch.toArray(FrontendMessage[]::new));
                Replies.untilReady(client);
            }
            CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
                try {
                    for (int i = 0; i < batches / 100; i++) client.send(Collections.nCopies(100, batch).stream().flatMap(List::stream).toArray(FrontendMessage[]::new));
                } catch (IOException broken) {
                    throw new IllegalStateException(broken);
                }
            });
            CompletableFuture<Void> answered = CompletableFuture.runAsync(() -> {
                try {
                    for (int i = 0; i < batches; i++) assertThat(Replies.untilReady(client)).isEqualTo(List.of("row known", "SELECT 1", "ready IDLE"));
                } catch (IOException broken) {
                    throw new IllegalStateException(broken);
                }
            });
            answered.get(90, TimeUnit.SECONDS);
            sent.get(1, TimeUnit.SECONDS);
        }
    }
}
