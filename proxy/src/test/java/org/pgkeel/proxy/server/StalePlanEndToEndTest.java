package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Describe;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.frontend.Target;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.wire.WireClient;

/// A table changes past the proxy while backends keep statements about it that clients think unnamed: PostgreSQL would have parsed them
/// anew, so no client may hear of it.
class StalePlanEndToEndTest {
    private static final int BACKENDS = 3;
    private static final String READ = "select * from stale_plan order by 1 limit $1::int";
    private static final String WRITE = "insert into stale_plan values ($1::int) returning *";

    private final PostgresFixture postgres = SharedPostgres.get();
    private TestProxy proxy;
    private Connection direct;

    @BeforeEach
    void start() throws SQLException {
        proxy = TestProxy.start(postgres, "databases.\"*\".pool { max = " + BACKENDS + " }\nruntime.event-loops = 1\n");
        direct = postgres.connect();
        TestProxy.execute(direct, "drop table if exists stale_plan", "create table stale_plan (a int)", "insert into stale_plan values (1)");
    }

    @AfterEach
    void stop() throws SQLException {
        TestProxy.execute(direct, "drop table stale_plan");
        direct.close();
        proxy.close();
    }

    /// The proxy itself refuses the statement there, and pgjdbc knows the error by more than its code.
    @Test
    void a_driver_heals_its_named_statement_on_a_backend_that_has_to_be_asked() throws SQLException {
        try (Connection client = proxy.connect("prepareThreshold", "1"); PreparedStatement read = client.prepareStatement("select * from stale_plan");
             Connection holder = proxy.connect(); Connection other = proxy.connect()) {
            assertThat(read.executeQuery().getMetaData().getColumnCount()).isEqualTo(1);
            holder.setAutoCommit(false);
            TestProxy.execute(holder, "select 1");   // on the backend that has the statement
            TestProxy.execute(other, "alter table stale_plan add b text default 'new'");
            assertThat(read.executeQuery().getMetaData().getColumnCount()).isEqualTo(2);
            holder.rollback();
        }
    }

    @Test
    void every_client_that_was_told_of_the_old_columns_hears_of_the_new_ones() throws SQLException {
        try (Connection first = proxy.connect("prepareThreshold", "1"); PreparedStatement read = first.prepareStatement("select * from stale_plan");
             Connection second = proxy.connect("prepareThreshold", "1"); PreparedStatement same = second.prepareStatement("select * from stale_plan");
             Connection holder = proxy.connect(); Connection other = proxy.connect()) {
            assertThat(read.executeQuery().getMetaData().getColumnCount()).isEqualTo(1);
            assertThat(same.executeQuery().getMetaData().getColumnCount()).isEqualTo(1);
            holder.setAutoCommit(false);
            TestProxy.execute(holder, "select 1");   // on the backend that has the statement
            TestProxy.execute(other, "alter table stale_plan add b text default 'new'");
            assertThat(read.executeQuery().getMetaData().getColumnCount()).isEqualTo(2);
            assertThat(same.executeQuery().getMetaData().getColumnCount()).isEqualTo(2);
            holder.rollback();
        }
    }

    private void changeTable(int columns) throws SQLException {
        TestProxy.execute(direct, columns == 1 ? "alter table stale_plan drop b" : "alter table stale_plan add b text default 'new'");
    }

    /// Has the work done on every backend: others are kept in transactions meanwhile.
    private interface Work {
        void run() throws Exception;
    }

    private void onEveryBackend(Work work) throws Exception {
        List<WireClient> holding = new ArrayList<>();
        try {
            for (int i = 0; i < BACKENDS; i++) {
                work.run();
                if (i == BACKENDS - 1) break;
                WireClient holder = WireClient.ofApp(proxy.port(), Map.of());
                holding.add(holder);
                ask(holder, new Query("begin"));
            }
        } finally {
            for (WireClient each : holding) {
                ask(each, new Query("rollback"));
                each.close();
            }
        }
    }

    private static FrontendMessage[] batch(String sql, String value) {
        return new FrontendMessage[] {new Parse("", sql, List.of()), new Bind("", "", List.of(), List.of(org.pgkeel.protocol.wire.Value.ofText(value)), List.of()), new Describe(Target.PORTAL, ""),
            new Execute("", 0), Sync.INSTANCE};
    }

    private static List<BackendMessage> ask(WireClient client, FrontendMessage... messages) throws IOException {
        client.send(messages);
        return replies(client);
    }

    private static List<BackendMessage> replies(WireClient client) throws IOException {
        List<BackendMessage> replies = new ArrayList<>();
        do {
            replies.add(client.read());
        } while (!(replies.getLast() instanceof ReadyForQuery));
        return replies;
    }

    private static List<String> words(List<BackendMessage> replies) {
        return replies.stream().map(each -> each instanceof ErrorResponse error ? "error " + error : each.toString()).toList();
    }

    private static int columns(PreparedStatement statement) throws SQLException {
        try (var rows = statement.executeQuery()) {
            return rows.getMetaData().getColumnCount();
        }
    }

    @Test
    void a_driver_that_prepares_nothing_sees_the_table_as_it_is_now_whatever_backend_it_gets() throws Exception {
        try (Connection client = proxy.connect("prepareThreshold", "0"); var statement = client.prepareStatement("select * from stale_plan where a = ?")) {
            statement.setInt(1, 1);
            for (int columns : new int[] {1, 2, 1, 2}) {
                if (columns(statement) != columns) changeTable(columns);
                onEveryBackend(() -> {
                    for (int i = 0; i < 3; i++) assertThat(columns(statement)).isEqualTo(columns);
                });
            }
        }
    }

    @Test
    void the_replies_are_those_of_a_server_without_a_proxy() throws Exception {
        try (WireClient client = WireClient.ofApp(proxy.port(), Map.of()); WireClient plain = WireClient.ofApp(postgres.port(), Map.of())) {
            onEveryBackend(() -> {
                for (int i = 0; i < 3; i++) ask(client, batch(READ, "1"));
            });
            for (int columns : new int[] {2, 1, 2, 1}) {
                changeTable(columns);
                List<String> expected = words(ask(plain, batch(READ, "1")));
                onEveryBackend(() -> {
                    for (int i = 0; i < 3; i++) assertThat(words(ask(client, batch(READ, "1")))).isEqualTo(expected);
                });
            }
        }
    }

    @Test
    void what_is_sent_right_behind_comes_after_it() throws Exception {
        try (WireClient client = WireClient.ofApp(proxy.port(), Map.of("application_name", "stale"))) {
            for (int i = 0; i < 3; i++) ask(client, batch(READ, "1"));
            changeTable(2);
            client.send(batch(READ, "1"));
            client.send(new Query("select 'behind'"));
            List<String> first = words(replies(client));
            List<String> second = words(replies(client));
            assertThat(second).anyMatch(each -> each.contains("DataRow"));
            // Either it was asked again before the Query went, or the Query was on its way already and the error is the client's.
            assertThat(first.stream().filter(each -> each.contains("DataRow") || each.contains("0A000"))).hasSize(1);
            assertThat(words(ask(client, batch(READ, "1")))).noneMatch(each -> each.startsWith("error"));
        }
    }

    @Test
    void a_write_is_done_once() throws Exception {
        try (WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            onEveryBackend(() -> {
                for (int i = 0; i < 3; i++) ask(client, batch(WRITE, "7"));
            });
            changeTable(2);
            onEveryBackend(() -> assertThat(words(ask(client, batch(WRITE, "8")))).noneMatch(each -> each.startsWith("error")));
            assertThat(TestProxy.value(direct, "select count(*) from stale_plan where a = 8")).isEqualTo(String.valueOf(BACKENDS));
        }
    }

    @Test
    void in_a_transaction_the_client_hears_of_it_and_its_transaction_has_failed() throws Exception {
        try (WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            for (int i = 0; i < 3; i++) ask(client, batch(READ, "1"));
            ask(client, new Query("begin"));
            changeTable(2);
            assertThat(words(ask(client, batch(READ, "1")))).anyMatch(each -> each.contains("0A000")).last().asString().contains("FAILED");
            ask(client, new Query("rollback"));
            assertThat(words(ask(client, batch(READ, "1")))).noneMatch(each -> each.startsWith("error"));
        }
    }

    @Test
    void a_named_statement_is_outdated_as_without_a_proxy() throws Exception {
        try (Connection client = proxy.connect("prepareThreshold", "1", "autosave", "never"); var statement = client.prepareStatement("select * from stale_plan where a = ?")) {
            client.setAutoCommit(false);
            statement.setInt(1, 1);
            for (int i = 0; i < 3; i++) columns(statement);
            client.commit();
            changeTable(2);
            assertThatThrownBy(() -> columns(statement)).isInstanceOfSatisfying(SQLException.class, outdated -> assertThat(outdated.getSQLState()).isEqualTo("0A000"));
        }
    }
}
