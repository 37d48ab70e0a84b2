package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// What is answered to rows that share a commit waits for that commit in the proxy's memory.
class LongAnswersEndToEndTest {
    private static final int ANSWER_BYTES = 100_000;

    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table answered (id int primary key, big text default repeat('x', " + ANSWER_BYTES + "))", "grant all on answered to app");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    @Test
    void it_is_counted_as_buffered_and_rows_with_long_answers_run_by_themselves_from_then_on() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, "runtime.event-loops = 1\ncoalesce = [ { table = public.answered, max-bytes = 64KiB, lock-timeout = 0s } ]\n");
             WireClient client = WireClient.ofApp(proxy.port(), Map.of()); Connection holder = postgres.connectAsSuperuser(PostgresFixture.DATABASE)) {
            client.send(new Parse("insert", "insert into answered (id) values ($1) returning big", List.of()), Sync.INSTANCE);
            Replies.untilReady(client);
            int[] key = {0};
            await().until(() -> {
                insert(client, --key[0], 1);
                return proxy.coalesced().alone() > 0;
            });
            holder.setAutoCommit(false);
            TestProxy.execute(holder, "insert into answered values (3)");
            send(client, 1, 3);
            await().until(() -> proxy.coalesced().bufferedBytes() > ANSWER_BYTES);
            holder.rollback();
            assertThat(answers(client, 3)).allSatisfy(told -> assertThat(told.getFirst()).hasSize("row ".length() + ANSWER_BYTES));
            await().untilAsserted(() -> assertThat(proxy.coalesced().bufferedBytes()).isZero());
            insert(client, 4, 3);
            assertThat(proxy.coalesced().rows()).containsEntry(InsertWay.LONG_ANSWERS, 3L).containsEntry(InsertWay.STATEMENT, 3L);
            assertThat(postgres.query("select count(*) from answered where id > 0")).isEqualTo("6");
        }
    }

    private static void insert(WireClient client, int from, int count) throws IOException {
        send(client, from, count);
        answers(client, count);
    }

    /// Rows that are sent without waiting, a Sync each.
    private static void send(WireClient client, int from, int count) throws IOException {
        client.send(IntStream.range(from, from + count).boxed().flatMap(id -> Stream.of(
                new Bind("", "insert", List.of(), List.of(Value.ofText(Integer.toString(id))), List.of()), new Execute("", 0), Sync.INSTANCE)).toArray(FrontendMessage[]::new));
    }

    private static List<List<String>> answers(WireClient client, int count) throws IOException {
        var all = new ArrayList<List<String>>();
        for (int i = 0; i < count; i++) all.add(Replies.untilReady(client));
        return all;
    }
}
