package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.BindComplete;
import org.pgkeel.protocol.backend.CommandComplete;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.NoticeResponse;
import org.pgkeel.protocol.backend.ParseComplete;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Describe;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.frontend.Target;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// Where rows that share a commit would become, or say, something else than by themselves, against a real server. One client sends several rows at once,
/// which leave together.
class UnequalCopiesEndToEndTest {
    private static final int ROWS = 10;
    private static final String RULE = "coalesce = [ { table = \"*\", copy-from-rows = 5 } ]\ndatabases.\"*\".pool.max = 1\n";

    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table plain (id int, note text)", "create table searches (id int, words tsquery)", "create table asked (id int, words tsquery[])",
                "create table documents (id int, body text, words tsvector generated always as (to_tsvector('simple', body)) stored)",
                "create table indexed (id int, body text)", "create index on indexed using gin (to_tsvector('simple', body))",
                "create table marked (id int, body xml)", "create table styled (id int, note text)",
                "create function restyle() returns text language sql as $$ select set_config('intervalstyle', 'sql_standard', false) $$",
                "create function styles() returns trigger language plpgsql as $$ begin perform restyle(); return new; end $$",
                "create trigger styles before insert on styled for each row execute function styles()", "create table asking (id int, note text, text text default current_query())", "create table audited (id int, note text)", "create table audit (id int)",
                "create function audits() returns trigger language plpgsql as $$ begin if current_setting('audits.under_way', true) = 'yes' then return new; end if;"
                        + " perform set_config('audits.under_way', 'yes', true); insert into audit values (new.id); return new; end $$",
                "create trigger audits after insert on audited for each row execute function audits()", "grant all on all tables in schema public to app");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private static CoalesceSnapshot counted(TestProxy proxy) {
        // An event loop that has no time for a second is asked again.
        return await().ignoreExceptionsInstanceOf(CompletionException.class)
                .until(() -> proxy.server().survey().askAll(context -> context.coalescer().snapshots()).join(), _ -> true).stream().reduce(CoalesceSnapshot::plus)
                .orElseGet(() -> CoalesceSnapshot.empty(""));
    }

    /// A client with one statement.
    private static WireClient client(int port, String insert) throws IOException {
        WireClient client = WireClient.ofApp(port, Map.of());
        client.send(new Parse("insert", insert, List.of()), Sync.INSTANCE);
        assertThat(told(client, 1)).containsExactly("parsed", "ready");
        return client;
    }

    private static ByteBuf rows(int from, String note) {
        ByteBuf all = Unpooled.buffer();
        for (int id = from; id < from + ROWS; id++) {
            new Bind("", "insert", List.of(), List.of(Value.ofText(Integer.toString(id)), Value.ofText(note)), List.of()).encode(all);
            new Execute("", 0).encode(all);
            Sync.INSTANCE.encode(all);
        }
        return all;
    }

    private static List<String> send(WireClient client, ByteBuf rows) throws IOException {
        client.sendRaw(rows.array(), 0, rows.writerIndex());
        return told(client, ROWS);
    }

    private static List<String> told(WireClient client, int ends) throws IOException {
        var words = new ArrayList<String>();
        for (int left = ends; left > 0; ) {
            BackendMessage message = client.read();
            words.add(switch (message) {
                case ParseComplete _ -> "parsed";
                case BindComplete _ -> "bound";
                case CommandComplete(var tag) -> tag;
                case ErrorResponse(var fields) -> "error " + fields.code();
                case ReadyForQuery _ -> "ready";
                case NoticeResponse notice -> notice.toString();
                default -> message.toString();
            });
            if (message instanceof ReadyForQuery) left--;
        }
        return words;
    }

    /// Sends rows until some have left together.
    /// @return the number behind the last row
    private static int untilTogether(TestProxy proxy, WireClient client, String note) {
        long before = counted(proxy).batches();
        var next = new int[1];
        await().until(() -> {
            assertThat(send(client, rows(next[0], note)).stream().filter("INSERT 0 1"::equals)).hasSize(ROWS);
            next[0] += ROWS;
            return counted(proxy).batches() > before;
        });
        return next[0];
    }

    @ParameterizedTest
    @CsvSource({"2147483647", "2147483640", "-2", "100000"})
    void a_bind_that_lies_about_its_lengths_fails_alone(int length) throws Exception {
        postgres.execute("truncate plain");
        try (TestProxy proxy = TestProxy.start(postgres, RULE); WireClient client = client(proxy.port(), "insert into plain (id, note) values ($1, $2)"); WireClient direct = client(postgres.port(), "insert into plain (id, note) values ($1, $2)")) {
            int there = untilTogether(proxy, client, "x");
            ByteBuf rows = rows(there, "xyz");
            int bytesOfRow = rows.writerIndex() / ROWS;
            int number = rows.writerIndex() - bytesOfRow + 1 + 4 + 1 + "insert".length() + 1 + 2 + 2;
            assertThat(rows.getInt(number)).isEqualTo(Integer.toString(there).length());
            rows.setInt(number, length);
            List<String> told = send(client, rows);
            assertThat(told).isEqualTo(send(direct, rows));
            assertThat(told).contains("error 08P01");
            assertThat(postgres.query("select count(*) from plain where note = 'xyz'")).isEqualTo(Integer.toString(2 * (ROWS - 1)));
            assertThat(send(client, rows(0, "later"))).hasSize(3 * ROWS).contains("INSERT 0 1").doesNotContain("error 08P01");
            assertThat(counted(proxy).underWay()).isZero();
        }
    }

    /// As old applications have it in their server's configuration.
    @Test
    void a_backslash_means_what_it_means_to_the_server_by_default() throws Exception {
        String insert = "insert into plain (id, note) values ($1, 'a\\nb')";
        postgres.execute("truncate plain", "alter role app set standard_conforming_strings = off");
        try (TestProxy proxy = TestProxy.start(postgres, RULE); WireClient client = WireClient.ofApp(proxy.port(), Map.of())) {
            client.send(new Parse("insert", insert, List.of()), Sync.INSTANCE);
            told(client, 1);
            ByteBuf rows = Unpooled.buffer();
            for (int id = 0; id < ROWS; id++) {
                new Bind("", "insert", List.of(), List.of(Value.ofText(Integer.toString(id))), List.of()).encode(rows);
                new Execute("", 0).encode(rows);
                Sync.INSTANCE.encode(rows);
            }
            for (int turn = 0; turn < 50; turn++) send(client, rows);
        } finally {
            postgres.execute("alter role app reset standard_conforming_strings");
        }
        assertThat(postgres.query("select string_agg(distinct note, '|') = E'a\\nb' from plain")).isEqualTo("t");
        assertThat(postgres.query("select count(*) from plain")).isEqualTo(Integer.toString(50 * ROWS));
    }

    /// A COPY takes any bytes of a session that says nothing of its encoding, an INSERT those that are text in the database's.
    @Test
    void bytes_that_are_no_text_are_refused_by_a_role_without_an_encoding_too() throws Exception {
        postgres.execute("truncate plain", "alter role app set client_encoding = 'SQL_ASCII'");
        try (TestProxy proxy = TestProxy.start(postgres, RULE); WireClient client = client(proxy.port(), "insert into plain (id, note) values ($1, $2)")) {
            for (int turn = 0; turn < 50; turn++) {
                ByteBuf rows = rows(turn * ROWS, "~");
                for (int at = 0; at < rows.writerIndex(); at++) if (rows.getByte(at) == '~') rows.setByte(at, 0xff);
                assertThat(send(client, rows).stream().filter("error 22021"::equals)).hasSize(ROWS);
            }
        } finally {
            postgres.execute("alter role app reset client_encoding");
        }
        assertThat(postgres.query("select count(*) from plain")).isEqualTo("0");
    }

    @Test
    void a_table_in_an_earlier_schema_gets_the_rows_from_when_it_is_there() throws Exception {
        postgres.execute("truncate plain");
        try (TestProxy proxy = TestProxy.start(postgres, RULE); WireClient client = client(proxy.port(), "insert into plain (id, note) values ($1, $2)")) {
            int there = untilTogether(proxy, client, "before");
            postgres.execute("create schema app", "create table app.plain (like public.plain)", "grant all on schema app to app", "grant all on app.plain to app");
            assertThat(send(client, rows(there, "behind"))).hasSize(3 * ROWS).contains("INSERT 0 1");
            assertThat(postgres.query("select count(*) from public.plain where note = 'behind'")).isEqualTo("0");
            assertThat(postgres.query("select count(*) from app.plain")).isEqualTo(Integer.toString(ROWS));
        } finally {
            postgres.execute("drop schema if exists app cascade");
        }
    }

    /// The catalogue is asked once more while rows wait for a backend: they were read by what it had said before.
    @Test
    void rows_that_wait_while_a_rule_comes_go_where_it_sends_them() throws Exception {
        postgres.execute("create table diversion (id int, note text)", "create table diverted (id int, note text)", "alter table diverted owner to app", "grant all on diversion to app");
        try (TestProxy proxy = TestProxy.start(postgres, RULE); WireClient client = client(proxy.port(), "insert into diverted (id, note) values ($1, $2)"); Connection other = proxy.connect()) {
            ByteBuf rows = rows(untilTogether(proxy, client, "before"), "behind");
            other.setAutoCommit(false);
            TestProxy.execute(other, "create rule away as on insert to diverted do instead insert into diversion values (new.id, new.note)");
            client.sendRaw(rows.array(), 0, rows.writerIndex());
            await().until(() -> counted(proxy).underWay() == 1);   // it waits for the one backend, behind the question
            other.commit();
            assertThat(told(client, ROWS)).contains("INSERT 0 1").noneMatch(word -> word.startsWith("error"));
            assertThat(postgres.query("select count(*) from diverted where note = 'behind'")).isEqualTo("0");
            assertThat(postgres.query("select count(*) from diversion")).isEqualTo(Integer.toString(ROWS));
        }
    }

    @ParameterizedTest
    @CsvSource({"searches, words, ''", "asked, words, {\"\"}", "documents, body, LONG", "indexed, body, LONG", "marked, body, <a/>"})
    void what_the_server_says_of_a_row_is_told(String table, String column, String text) throws Exception {
        String insert = "insert into " + table + " (id, " + column + ") values ($1, $2)";
        String note = text.equals("LONG") ? "y".repeat(2100) : text;
        try (TestProxy proxy = TestProxy.start(postgres, RULE); WireClient client = client(proxy.port(), insert); WireClient direct = client(postgres.port(), insert)) {
            List<String> expected = send(direct, rows(0, note));
            if (!table.equals("marked")) assertThat(expected).anyMatch(word -> word.contains("NOTICE"));
            await().until(() -> {
                assertThat(send(client, rows(0, note))).isEqualTo(expected);
                return counted(proxy).batches() > 0;
            });
            assertThat(counted(proxy).copied()).isZero();
        }
    }

    /// A client's first rows refer to the last one, which is not there yet.
    @Test
    void a_row_that_refers_to_one_behind_it_fails() throws Exception {
        String insert = "insert into tree (id, parent) values ($1, $2)";
        postgres.execute("create table tree (id int primary key, parent int references tree)", "insert into tree values (-1, null)", "grant all on tree to app");
        try (TestProxy proxy = TestProxy.start(postgres, RULE); WireClient client = client(proxy.port(), insert); WireClient direct = client(postgres.port(), insert)) {
            int there = untilTogether(proxy, client, "-1");
            List<String> expected = send(direct, rows(1_000_000, Integer.toString(1_000_000 + ROWS - 1)));
            assertThat(expected.stream().filter("error 23503"::equals)).hasSize(ROWS - 1);
            assertThat(send(client, rows(there, Integer.toString(there + ROWS - 1)))).isEqualTo(expected);
        }
    }

    /// As PostgreSQL says it: a backend that has to prepare the statement anew would return a column that the client was not told of.
    @Test
    void rows_that_look_otherwise_than_the_client_was_told_are_not_returned() throws Exception {
        postgres.execute("create table returned (id int, note text)", "alter table returned owner to app");
        try (TestProxy proxy = TestProxy.start(postgres, RULE); WireClient client = client(proxy.port(), "insert into returned (id, note) values ($1, $2) returning *"); Connection other = proxy.connect()) {
            client.send(new Describe(Target.STATEMENT, "insert"), Sync.INSTANCE);
            told(client, 1);
            int there = untilTogether(proxy, client, "x");
            TestProxy.execute(other, "alter table returned add more int default 7", "discard all");
            assertThat(send(client, rows(there, "y")).stream().filter("error 0A000"::equals)).hasSize(ROWS);
            assertThat(postgres.query("select count(*) from returned where note = 'y'")).isEqualTo("0");
        }
    }

    @Test
    void a_default_that_asks_for_the_statement_gets_that_of_its_client() throws Exception {
        String insert = "insert into asking (id, note) values ($1, $2)";
        try (TestProxy proxy = TestProxy.start(postgres, RULE); WireClient client = client(proxy.port(), insert)) {
            untilTogether(proxy, client, "x");
            assertThat(postgres.query("select string_agg(distinct text, '|') from asking")).isEqualTo(insert);
            assertThat(counted(proxy).copied()).isZero();
        }
    }

    @Test
    void what_a_trigger_leaves_to_its_transaction_is_found_by_no_other_row() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, RULE); WireClient client = client(proxy.port(), "insert into audited (id, note) values ($1, $2)")) {
            for (int turn = 0; turn < 50; turn++) send(client, rows(turn * ROWS, "x"));
            assertThat(postgres.query("select count(*) from audit")).isEqualTo(Integer.toString(50 * ROWS));
        }
    }

    @Test
    void what_a_trigger_sets_in_its_session_is_not_left_to_other_clients() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, RULE)) {
            await().until(() -> {
                try (WireClient fresh = client(proxy.port(), "insert into styled (id, note) values ($1, $2)")) {
                    send(fresh, rows(0, "x"));
                }
                try (Connection other = proxy.connect()) {
                    assertThat(TestProxy.value(other, "show intervalstyle")).isEqualTo("postgres");
                }
                return counted(proxy).batches() > 0;
            });
        }
    }
}
