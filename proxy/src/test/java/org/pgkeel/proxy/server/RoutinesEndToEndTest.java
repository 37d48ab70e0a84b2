package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Close;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.frontend.Target;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.server.CommitSteps.Moment;
import org.pgkeel.proxy.wire.WireClient;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/// `strict`: a CALL or DO alone that ends no transaction, stopped at each of the steps of its block: then its client vanishes, or its server. And what may end one, and what is done again.
class RoutinesEndToEndTest {
    private static CommitSteps steps;

    /// How a client asks for a number to be inserted twice.
    enum Form {
        DO, CALL, DO_IN_BATCH, CALL_IN_BATCH, CALL_NAMED;

        FrontendMessage[] of(int number) {
            return switch (this) {
                case DO -> new FrontendMessage[] {new Query(code(number))};
                case CALL -> new FrontendMessage[] {new Query("call put(" + number + ")")};
                case DO_IN_BATCH -> batch("", code(number), List.of());
                case CALL_IN_BATCH -> batch("", "call put($1)", List.of(Value.ofText(String.valueOf(number))));
                case CALL_NAMED -> batch("named" + number, "call put($1)", List.of(Value.ofText(String.valueOf(number))));
            };
        }

        List<String> done(int number) {
            return switch (this) {
                case DO, DO_IN_BATCH -> List.of("DO", "ready IDLE");
                case CALL, CALL_IN_BATCH, CALL_NAMED -> List.of("row " + number, "CALL", "ready IDLE");
            };
        }
    }

    private static String code(int number) {
        return "do $$ begin insert into stepped values (" + number + "); raise notice 'done'; insert into stepped values (" + number + "); end $$";
    }

    static FrontendMessage[] batch(String name, String sql, List<Value> parameters) {
        return new FrontendMessage[] {new Parse(name, sql, List.of()), new Bind("", name, List.of(), parameters, List.of()), new Execute("", 0), new Close(Target.PORTAL, ""), Sync.INSTANCE};
    }

    @BeforeAll
    static void start() {
        steps = CommitSteps.start("\0begin\0", CommitSteps.Question.NOTING,
                "create index on stepped (x)", "create sequence attempts", "grant all on sequence attempts to app",
                "create procedure put(inout x int) language plpgsql as $$ begin insert into stepped values (x); raise notice 'put %', x; insert into stepped values (x); end $$",
                "create procedure put_and_commit(x int) language plpgsql as $$ begin insert into stepped values (x); commit; insert into stepped values (x); end $$",
                "create procedure put_in_sql(x int) language sql as $$ insert into stepped values (x), (x) $$",
                "create procedure tell(x int) language plpgsql as $$ begin perform pg_notify('told', x::text); end $$");
    }

    @AfterAll
    static void stop() {
        steps.close();
    }

    /// A client, of whose database the catalogue is known: the one connection is asked for it when it is given back.
    private static WireClient client(TestProxy proxy) throws IOException {
        WireClient client = WireClient.ofApp(proxy.port(), Map.of());
        for (int i = 0; i < 2; i++) assertThat(Replies.value(client, "select 'the catalogue is known'")).isEqualTo("the catalogue is known");
        return client;
    }

    static Stream<Arguments> moments() {
        return Stream.of(Moment.values()).flatMap(moment -> Stream.of(Form.values()).map(form -> Arguments.of(moment, form)));
    }

    @ParameterizedTest
    @MethodSource("moments")
    void a_stop_alone_changes_nothing(Moment moment, Form form) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = steps.number();
            steps.stopAt(link, moment);
            client.send(form.of(number));
            link.awaitStopped();
            link.goOn();
            assertThat(Replies.untilReady(client)).isEqualTo(form.done(number));
            assertThat(steps.rows(number)).isEqualTo(2);
        }
    }

    // --- the server is lost

    @ParameterizedTest
    @MethodSource("moments")
    void what_was_asked_is_done_once_though_the_server_is_lost(Moment moment, Form form) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = steps.number();
            steps.stopAt(link, moment);
            var heard = Replies.asks(client, form.of(number));
            steps.awaitStopped(link, moment, number, 2);

            steps.lose(link, moment);

            assertThat(heard.get(90, TimeUnit.SECONDS)).isEqualTo(form.done(number));
            assertThat(steps.rows(number)).isEqualTo(2);
            assertThat(Replies.value(client, "select 'goes on'")).isEqualTo("goes on");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"call put_in_sql(%s)", "do language plpgsql 'begin insert into stepped values (%1$s), (%1$s) on conflict do nothing; end'"})
    void others_that_end_no_transaction_are_done_once_too(String text) throws Exception {
        for (Moment moment : List.of(Moment.COMMIT_ON_ITS_WAY, Moment.COMMIT_UNANSWERED)) {
            try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
                int number = steps.number();
                steps.stopAt(link, moment);
                var heard = Replies.asks(client, new Query(text.formatted(number)));
                steps.awaitStopped(link, moment, number, 2);
                link.cut();
                assertThat(heard.get(90, TimeUnit.SECONDS)).as(moment.name()).containsExactly(text.startsWith("call") ? "CALL" : "DO", "ready IDLE");
                assertThat(steps.rows(number)).as(moment.name()).isEqualTo(2);
            }
        }
    }

    /// It has no other effect: nobody would know what became of it without the record that the question makes.
    @ParameterizedTest
    @EnumSource(value = Moment.class, names = {"COMMIT_ON_ITS_WAY", "COMMIT_UNANSWERED"})
    void one_that_only_notifies_is_not_taken_for_one_that_does_nothing(Moment moment) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy); var listener = steps.connect()) {
            TestProxy.execute(listener, "listen told");
            int number = steps.number();
            steps.stopAt(link, moment);
            var heard = Replies.asks(client, new Query("call tell(" + number + ")"));
            link.awaitStopped();
            if (moment == Moment.COMMIT_ON_ITS_WAY) link.cut();
            var told = listener.unwrap(PGConnection.class).getNotifications(60_000);
            assertThat(told).extracting(PGNotification::getParameter).containsExactly(String.valueOf(number));
            if (moment == Moment.COMMIT_UNANSWERED) link.cut();
            assertThat(heard.get(90, TimeUnit.SECONDS)).containsExactly("CALL", "ready IDLE");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"call put_and_commit(%s)", "do $$ begin insert into stepped values (%1$s); commit; insert into stepped values (%1$s); end $$"})
    void of_what_ends_a_transaction_itself_nothing_is_known(String text) throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = steps.number();
            link.stopAt(text.substring(0, 8), SteppingLink.Held.REPLIES);
            var heard = Replies.asks(client, new Query(text.formatted(number)));
            link.awaitStopped();
            await().until(() -> steps.rows(number) == 2);
            link.cut();
            assertThat(heard.get(90, TimeUnit.SECONDS)).containsExactly("error 08007", "ready IDLE");
        }
    }

    /// In one batch with others it is as it was.
    @Test
    void of_several_in_one_batch_nothing_is_known() throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = steps.number();
            var messages = new ArrayList<FrontendMessage>();
            for (int i = 0; i < 2; i++) messages.addAll(List.of(new Parse("", "call put(" + number + ")", List.of()), new Bind("", "", List.of(), List.of(), List.of()), new Execute("", 0)));
            messages.add(Sync.INSTANCE);
            link.stopAt("S\0\0\0\4", SteppingLink.Held.REPLIES);
            var heard = Replies.asks(client, messages.toArray(FrontendMessage[]::new));
            link.awaitStopped();
            await().until(() -> steps.rows(number) == 4);
            link.cut();
            assertThat(heard.get(90, TimeUnit.SECONDS)).endsWith("error 08007", "ready IDLE");
        }
    }

    /// The batch may come in any pieces.
    @Test
    void its_sync_may_come_later() throws Exception {
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            int number = steps.number();
            FrontendMessage[] batch = Form.CALL_IN_BATCH.of(number);
            for (FrontendMessage message : List.of(batch).subList(0, batch.length - 1)) client.send(message);
            steps.stopAt(link, Moment.COMMIT_UNANSWERED);
            var heard = Replies.asks(client, Sync.INSTANCE);
            steps.awaitStopped(link, Moment.COMMIT_UNANSWERED, number, 2);
            link.cut();
            assertThat(heard.get(90, TimeUnit.SECONDS)).isEqualTo(Form.CALL_IN_BATCH.done(number));
        }
    }

    // --- the client is lost

    @ParameterizedTest
    @MethodSource("org.pgkeel.proxy.server.CommitSteps#deaths")
    void a_client_that_vanishes_leaves_the_whole_of_it_or_nothing_and_no_transaction(Moment moment, Ending ending) throws Exception {
        for (Form form : List.of(Form.CALL, Form.CALL_IN_BATCH)) {
            try (var link = steps.link(); TestProxy proxy = link.strictProxy()) {
                WireClient client = client(proxy);
                String pid = Replies.value(client, "select pg_backend_pid()");
                int number = steps.number();
                steps.stopAt(link, moment);
                client.send(form.of(number));
                steps.awaitStopped(link, moment, number, 2);

                ending.of(client);

                steps.awaitGone(pid);
                assertThat(steps.rows(number)).isEqualTo(moment.commits() ? 2 : 0);
                try (WireClient next = WireClient.ofApp(proxy.port(), Map.of())) {
                    assertThat(Replies.ask(next, "begin; rollback")).containsExactly("BEGIN", "ROLLBACK", "ready IDLE");
                }
            }
        }
    }

    // --- a procedure that is made past the proxy

    @ParameterizedTest
    @MethodSource("forms")
    void a_procedure_made_since_the_catalogue_was_asked_is_soon_known(String form) throws Exception {
        steps.execute("drop procedure if exists made");
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            steps.execute("create procedure made(x int, inout in_block text) language plpgsql as $$ begin insert into stepped values (x); in_block := now() <> statement_timestamp(); end $$");
            await().until(() -> {
                client.send(made("simple", steps.number()));   // there, alone, it is its own statement
                return Replies.untilReady(client).getFirst().equals("row true");
            });
            int number = steps.number();
            steps.stopAt(link, Moment.COMMIT_UNANSWERED);
            var heard = Replies.asks(client, made(form, number));
            steps.awaitStopped(link, Moment.COMMIT_UNANSWERED, number, 1);
            link.cut();
            assertThat(heard.get(90, TimeUnit.SECONDS)).containsExactly("row true", "CALL", "ready IDLE");
            assertThat(steps.rows(number)).isEqualTo(1);
        }
    }

    private static FrontendMessage[] made(String form, int number) {
        return switch (form) {
            case "simple" -> new FrontendMessage[] {new Query("call made(" + number + ", null)")};
            case "batch" -> batch("", "call made($1, null)", List.of(Value.ofText(String.valueOf(number))));
            default -> batch("named" + number, "call made($1, null)", List.of(Value.ofText(String.valueOf(number))));
        };
    }

    // --- a procedure that is replaced past the proxy

    static Stream<Arguments> forms() {
        return Stream.of("simple", "batch", "named").map(Arguments::of);
    }

    @ParameterizedTest
    @MethodSource("forms")
    void a_procedure_that_commits_by_now_runs_without_a_block(String form) throws Exception {
        steps.execute("create or replace procedure changes(x int) language plpgsql as $$ begin insert into stepped values (x); end $$", "select setval('attempts', 1)");
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            steps.execute("create or replace procedure changes(x int) language plpgsql as $$ begin perform nextval('attempts'); raise notice 'begins'; insert into stepped values (x); commit; "
                    + "insert into stepped values (x); end $$");
            for (int last = 3; last <= 4; last++) {
                int number = steps.number();
                client.send(switch (form) {
                    case "simple" -> new FrontendMessage[] {new Query("call changes(" + number + ")")};
                    case "batch" -> batch("", "call changes($1)", List.of(Value.ofText(String.valueOf(number))));
                    default -> batch("named" + number, "call changes($1)", List.of(Value.ofText(String.valueOf(number))));
                });
                assertThat(Replies.untilReady(client)).containsExactly("CALL", "ready IDLE");
                assertThat(steps.rows(number)).isEqualTo(2);
                // The first time it has begun twice, and from then on once.
                assertThat(steps.query("select last_value from attempts")).isEqualTo(String.valueOf(last));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("forms")
    void it_runs_without_one_though_its_server_is_lost_in_between(String form) throws Exception {
        steps.execute("create or replace procedure changes(x int) language plpgsql as $$ begin insert into stepped values (x); end $$");
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            steps.execute("create or replace procedure changes(x int) language plpgsql as $$ begin insert into stepped values (x); commit; insert into stepped values (x); end $$");
            int number = steps.number();
            link.stopAt("\0rollback\0", SteppingLink.Held.REPLIES);
            var heard = Replies.asks(client, switch (form) {
                case "simple" -> new FrontendMessage[] {new Query("call changes(" + number + ")")};
                case "batch" -> batch("", "call changes($1)", List.of(Value.ofText(String.valueOf(number))));
                default -> batch("named", "call changes($1)", List.of(Value.ofText(String.valueOf(number))));
            });
            link.awaitStopped();
            link.cut();
            assertThat(heard.get(90, TimeUnit.SECONDS)).containsExactly("CALL", "ready IDLE");
            assertThat(steps.rows(number)).isEqualTo(2);
        }
    }

    // --- maintenance

    @ParameterizedTest
    @ValueSource(strings = {"vacuum stepped", "vacuum (analyze) stepped", "analyze stepped", "reindex table stepped", "checkpoint"})
    void maintenance_is_done_again(String text) throws Exception {
        steps.execute("alter table stepped owner to app");
        for (SteppingLink.Held held : SteppingLink.Held.values()) {
            for (boolean batch : List.of(false, true)) {
                try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
                    steps.execute("grant pg_checkpoint to app");
                    link.stopAt(text, held);
                    var heard = Replies.asks(client, batch ? batch("", text, List.of()) : new FrontendMessage[] {new Query(text)});
                    link.awaitStopped();
                    link.cut();
                    assertThat(heard.get(90, TimeUnit.SECONDS)).as(held.name()).containsExactly(text.split(" ")[0].toUpperCase(Locale.ROOT), "ready IDLE");
                }
            }
        }
    }

    /// In a transaction it is part of that: if it is undone, the client hears that.
    @ParameterizedTest
    @EnumSource(SteppingLink.Held.class)
    void maintenance_in_a_transaction_has_its_outcome(SteppingLink.Held held) throws Exception {
        steps.execute("alter table stepped owner to app");
        try (var link = steps.link(); TestProxy proxy = link.strictProxy(); WireClient client = client(proxy)) {
            Replies.ask(client, "begin");
            assertThat(Replies.ask(client, "reindex table stepped")).containsExactly("REINDEX", "ready IN_TRANSACTION");
            link.stopAt("commit\0", held);
            var heard = Replies.asks(client, new Query("commit"));
            link.awaitStopped();
            if (held == SteppingLink.Held.REPLIES) await().until(() -> steps.query("select count(*) from pg_stat_activity where state = 'idle in transaction'").equals("0"));
            link.cut();
            assertThat(heard.get(90, TimeUnit.SECONDS)).isEqualTo(held == SteppingLink.Held.REPLIES ? List.of("COMMIT", "ready IDLE") : List.of("error 40001", "ready IDLE"));
        }
    }
}
