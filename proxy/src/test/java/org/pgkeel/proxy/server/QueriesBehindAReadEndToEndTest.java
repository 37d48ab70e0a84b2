package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// What is known of a read from finding its server says nothing of what its client sends behind it.
class QueriesBehindAReadEndToEndTest {
    private static final String RULES = "routing = [ { name = reads, when { statement = read }, to = replica, or-else = primary } ]\ndatabases.\"*\".pool.max = 1\nruntime.event-loops = 1\n";

    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    @Test
    void what_a_query_behind_a_read_does_to_its_session_is_its_own() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, RULES); WireClient one = WireClient.ofApp(proxy.port(), Map.of()); WireClient other = WireClient.ofApp(proxy.port(), Map.of())) {
            for (int i = 1; i <= 3; i++) {
                one.send(new Query("select " + i), new Query("set work_mem = '" + i + "23kB'"));
                assertThat(Replies.untilReady(one)).containsExactly("row " + i, "SELECT 1", "ready IDLE");
                assertThat(Replies.untilReady(one)).containsExactly("SET", "ready IDLE");
                assertThat(Replies.value(other, "show work_mem")).isEqualTo("4MB");
                assertThat(Replies.value(one, "show work_mem")).isEqualTo(i + "23kB");
            }
        }
    }

    @Test
    void so_is_what_one_does_in_the_transaction_that_a_read_stands_in() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, RULES); WireClient one = WireClient.ofApp(proxy.port(), Map.of()); WireClient other = WireClient.ofApp(proxy.port(), Map.of())) {
            assertThat(Replies.ask(one, "begin read only")).containsExactly("BEGIN", "ready IN_TRANSACTION");
            assertThat(Replies.ask(one, "select 1")).containsExactly("row 1", "SELECT 1", "ready IN_TRANSACTION");
            assertThat(Replies.ask(one, "set work_mem = '123kB'")).containsExactly("SET", "ready IN_TRANSACTION");
            assertThat(Replies.ask(one, "commit")).containsExactly("COMMIT", "ready IDLE");
            assertThat(Replies.value(other, "show work_mem")).isEqualTo("4MB");
            assertThat(Replies.value(one, "show work_mem")).isEqualTo("123kB");
        }
    }
}
