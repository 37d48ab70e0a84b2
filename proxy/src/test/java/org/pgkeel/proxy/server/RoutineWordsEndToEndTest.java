package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Describe;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.frontend.Target;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// `strict`: what a client hears of a CALL or DO, word for word as from the server: tags, rows, notices, errors with all their fields.
class RoutineWordsEndToEndTest {
    private static PostgresFixture postgres;
    private static TestProxy proxy;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table words (a int primary key)", "create table parts (a int references words deferrable initially deferred)", "create table noted (a int)",
                "create function note() returns trigger language plpgsql as $$ begin raise notice 'note %', new.a; if new.a > 9 then raise exception 'no %', new.a; end if; return null; end $$",
                "create constraint trigger note after insert on noted deferrable initially deferred for each row execute function note()",
                "create procedure doubles(inout a int, inout b text) language plpgsql as $$ begin raise notice 'doubling %', a; insert into words values (a); a := 2 * a; b := b || b; end $$",
                "create procedure adds(a int) language sql as $$ insert into words values (a) $$",
                "create procedure ends(a int) language plpgsql as $$ begin insert into words values (a); commit; raise notice 'ended'; rollback and chain; end $$",
                "create function ends_too() returns int language plpgsql as $$ begin commit; return 1; end $$",
                "create procedure minds(a int) language plpgsql as $$ begin perform ends_too(); exception when invalid_transaction_termination then raise notice 'it was %', sqlerrm; end $$",
                "create procedure fails_below(a int) language plpgsql as $$ declare x int := 1; begin x := ends_too(); end $$",
                "create procedure settles(a int) language plpgsql set work_mem = '5MB' as $$ begin raise notice '%', current_setting('work_mem'); end $$",
                "create procedure asks(a int) language plpgsql as $$ begin raise notice '% %', current_query(), pg_trigger_depth(); end $$",
                "grant all on words, parts, noted to app");
        proxy = TestProxy.startAt(postgres.host() + ":" + postgres.port(), TestProxy.PLAIN_USERS, """
                runtime.event-loops = 1
                clusters.main.monitor { user = "%s", password = "%s" }
                clusters.main { outcome = strict, tls.mode = disable }
                databases."*".pool { max = 1, max-wait = 60s }
                """.formatted(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD));
    }

    @AfterAll
    static void stop() {
        proxy.close();
        postgres.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "do $$ begin raise notice 'a'; insert into words values (1); end $$",
        "do $$ begin insert into words values (1), (1); end $$",
        "do $$ begin raise exception 'x' using detail = 'd', hint = 'h', errcode = 'P0099', constraint = 'c'; end $$",
        "do $$ begin raise sqlstate '2D000'; end $$",
        "do $$ begin execute 'commit'; end $$",
        "do $$ begin execute 'call ends(1)'; end $$",
        "do $$ begin execute 'do ''begin rollback; end'''; end $$",
        "do $$ begin execute 'vacuum words'; end $$",
        "do $$ begin execute 'savepoint a'; end $$",
        "do $$ begin perform ends_too(); end $$",
        "do $$ begin perform ends_too(); exception when others then raise notice '% %', sqlstate, sqlerrm; end $$",
        "do $$ begin begin insert into words values (1), (1); exception when unique_violation then raise notice 'caught'; end; insert into words values (2); end $$",
        "do $$ begin insert into parts values (99); end $$",
        "do $$ begin insert into noted values (1), (2); raise notice 'first'; end $$",
        "do $$ begin insert into noted values (1), (10); end $$",
        "do $$ begin set transaction isolation level serializable; end $$",
        "do $$ begin set local work_mem = '7MB'; raise notice '%', current_setting('work_mem'); end $$|show work_mem",
        "do $$ begin create temp table gone (a int) on commit drop; insert into gone values (1); end $$|select * from gone",
        "do $$ begin insrt; end $$",
        "do $$ begin raise notice '%', current_query(); end $$",
        "do $$ begin if exists (select from words where a = 1) then raise notice 'there'; else insert into words values (1) on conflict do nothing; end if; end $$",
        "do $$ begin commit; raise notice 'ended'; end $$",
        "do $$ begin insert into words values (1); rollback; end $$",
        "do language plpgsql ''",
        "do language nosuch 'x'",
        "do language sql 'select 1'",
        "set default_transaction_read_only = on|do $$ begin insert into words values (1); end $$|reset default_transaction_read_only",
        "call doubles(1, 'a')",
        "  /* a */ call public.doubles(1, null) ; -- b",
        "call doubles('x', 'a')",
        "call doubles(1 / 0, 'a')",
        "call doubles(1)",
        "call no_such(1)",
        "insert into words values (1)|call doubles(1, 'a')",
        "call adds(1)", "insert into words values (1)|call adds(1)",
        "call ends(1)",
        "call minds(1)", "call fails_below(1)", "call settles(1)", "call asks(1)",
        "vacuum words", "vacuum (verbose) nosuch", "analyze words", "reindex table nosuch", "cluster words"})
    void a_client_hears_what_the_server_says(String texts) throws IOException {
        for (boolean batch : List.of(false, true)) {
            try (WireClient direct = WireClient.ofApp(postgres.port(), Map.of()); WireClient behind = WireClient.ofApp(proxy.port(), Map.of())) {
                for (int i = 0; i < 2; i++) Replies.ask(behind, "select 'the catalogue is known'");
                assertThat(transcript(behind, texts, batch)).as("in a batch: %s", batch).isEqualTo(transcript(direct, texts, batch));
            }
        }
    }

    private static List<String> transcript(WireClient client, String texts, boolean batch) throws IOException {
        postgres.execute("truncate words, parts, noted");
        var heard = new ArrayList<String>();
        for (String text : texts.split("\\|")) {
            client.send(batch ? new FrontendMessage[] {new Parse("", text, List.of()), new Bind("", "", List.of(), List.of(), List.of()), new Describe(Target.PORTAL, ""), new Execute("", 0), Sync.INSTANCE}
                    : new FrontendMessage[] {new Query(text)});
            BackendMessage message;
            do {
                message = client.read();
                heard.add(message.toString());
            } while (!(message instanceof ReadyForQuery));
        }
        heard.add(postgres.query("select (select count(*) from words) || ' ' || (select count(*) from parts) || ' ' || (select count(*) from noted)"));
        return heard;
    }
}
