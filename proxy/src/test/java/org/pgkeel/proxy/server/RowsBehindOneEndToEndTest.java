package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.Connection;
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
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// A client that does not wait for answers: its first row finds nobody and runs alone, and what it sends behind it waits and is looked at again.
class RowsBehindOneEndToEndTest {
    private static final int WINDOW = 20;
    private static final String RULE = "runtime.event-loops = 1\ncoalesce = [ { table = public.windowed, copy-from-rows = 8, lock-timeout = 0s } ]\n";

    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table windowed (id int primary key, nr bigserial)", "grant all on windowed to app", "grant all on sequence windowed_nr_seq to app");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    @Test
    void what_came_behind_a_row_that_ran_alone_shares_a_commit() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, RULE); WireClient client = WireClient.ofApp(proxy.port(), Map.of()); Connection other = proxy.connect()) {
            client.send(new Parse("insert", "insert into windowed (id) values ($1)", List.of()), Sync.INSTANCE);
            assertThat(Replies.untilReady(client)).containsExactly("ready IDLE");
            int[] id = {0};
            await().until(() -> {   // until the table is known to the proxy
                send(client, id[0]++, 1);
                assertThat(Replies.untilReady(client)).containsExactly("INSERT 0 1", "ready IDLE");
                return proxy.coalesced().alone() > 0;
            });
            int first = id[0];
            try (Connection direct = postgres.connectAsSuperuser(PostgresFixture.DATABASE)) {
                direct.setAutoCommit(false);
                TestProxy.execute(direct, "lock table windowed in share mode");
                send(client, first, 1);
                await().until(() -> postgres.query("select count(*) from pg_locks where relation = 'windowed'::regclass and not granted").equals("1"));
                send(client, first + 1, WINDOW - 1);
                TestProxy.execute(other, "select 1");   // the event loop has seen what came before
                direct.rollback();
            }
            for (int row = 0; row < WINDOW; row++) assertThat(Replies.untilReady(client)).containsExactly("INSERT 0 1", "ready IDLE");
            assertThat(Integer.parseInt(postgres.query("select count(distinct xmin::text) from windowed where id > " + first))).as("commits of %d rows", WINDOW - 1).isLessThan(5);
            assertThat(postgres.query("select count(*) || ' ' || max(id) from windowed")).isEqualTo(first + WINDOW + " " + (first + WINDOW - 1));
            assertThat(postgres.query("select count(*) from (select id, lag(id) over (order by nr) before from windowed) s where id < before")).isEqualTo("0");
        }
    }

    private static void send(WireClient client, int from, int rows) throws IOException {
        client.send(IntStream.range(from, from + rows).boxed().flatMap(id -> Stream.of(
                new Bind("", "insert", List.of(), List.of(Value.ofText(Integer.toString(id))), List.of()), new Execute("", 0), Sync.INSTANCE)).toArray(FrontendMessage[]::new));
    }
}
