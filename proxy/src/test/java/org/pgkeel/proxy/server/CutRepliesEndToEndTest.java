package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// The answer to a write is cut on its way, and the connection ends as politely as if the server had ended it. The write is committed all the same.
class CutRepliesEndToEndTest {
    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table kept (x int)", "grant all on kept to app");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static TestProxy proxy(CuttingLink link, String outcome) {
        return TestProxy.startAt(link.address(), TestProxy.PLAIN_USERS, """
                clusters.main.monitor { user = "%s", password = "%s" }
                clusters.main { outcome = %s, tls.mode = disable }
                databases."*".pool { max = 1 }
                """.formatted(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD, outcome));
    }

    @ParameterizedTest
    @ValueSource(strings = {"simple", "extended"})
    void half_a_message_and_the_end_is_no_proof_that_nothing_was_committed(String protocol) throws Exception {
        postgres.execute("truncate kept");
        try (var link = new CuttingLink(postgres.host(), postgres.port()); TestProxy proxy = proxy(link, "pipelined");
                Connection client = proxy.connect("preferQueryMode", protocol)) {
            TestProxy.execute(client, "insert into kept values (1)");
            link.cutNextReplyAfter(3);
            assertThatThrownBy(() -> TestProxy.execute(client, "insert into kept values (2)"))
                    .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("08007"));
            assertThat(link.hasCut()).isTrue();
            await().until(() -> postgres.query("select count(*) from kept where x = 2").equals("1"));
            TestProxy.execute(client, "insert into kept values (3)");
            assertThat(postgres.query("select string_agg(x::text, ' ' order by x) from kept")).isEqualTo("1 2 3");
        }
    }

    @Test
    void strict_finds_out() throws Exception {
        postgres.execute("truncate kept");
        try (var link = new CuttingLink(postgres.host(), postgres.port()); TestProxy proxy = proxy(link, "strict"); Connection client = proxy.connect()) {
            TestProxy.execute(client, "insert into kept values (1)");
            for (int bytes = 1; bytes <= 4; bytes++) {
                link.cutNextReplyAfter(bytes);
                TestProxy.execute(client, "insert into kept values (" + (bytes + 1) + ")");
                assertThat(link.hasCut()).isTrue();
            }
            assertThat(postgres.query("select count(*) || ' ' || count(distinct x) from kept")).isEqualTo("5 5");
        }
    }
}
