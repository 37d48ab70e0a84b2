package org.pgkeel.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.backend.BindComplete;
import org.pgkeel.protocol.backend.CommandComplete;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.backend.EmptyQueryResponse;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.NoData;
import org.pgkeel.protocol.backend.ParseComplete;
import org.pgkeel.protocol.backend.PortalSuspended;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.backend.RowDescription;
import org.pgkeel.protocol.backend.Severity;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Describe;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.frontend.Target;
import org.pgkeel.protocol.wire.Format;
import org.pgkeel.protocol.wire.Octets;

/// The console message by message.
class ConsoleSessionTest {
    private static final ReadyForQuery READY = new ReadyForQuery(TransactionStatus.IDLE);

    private final FakeOperations operations = new FakeOperations();
    private final ConsoleServer server = new ConsoleServer(operations);
    private final WireClient client = new WireClient(server.port(), "ops");

    @AfterEach void stop() {
        client.close();
        server.close();
    }

    @Test void an_empty_query_is_answered_as_by_postgresql() {
        client.send(new Query(" ; -- nothing\n"));
        assertThat(client.untilReady()).containsExactly(EmptyQueryResponse.INSTANCE, READY);
    }

    @Test void a_pipeline_is_answered_message_by_message() {
        client.send(new Parse("s", "SHOW VERSION", List.of()), new Describe(Target.STATEMENT, "s"), bind("s"), new Execute("", 0),
                new Parse("", "RELOAD", List.of()), bind(""), new Describe(Target.PORTAL, ""), new Execute("", 0), Sync.INSTANCE, Sync.INSTANCE);
        assertThat(client.untilReady()).extracting(message -> message.getClass().getSimpleName()).containsExactly(
                "ParseComplete", "ParameterDescription", "RowDescription", "BindComplete", "DataRow", "CommandComplete",
                "ParseComplete", "BindComplete", "NoData", "CommandComplete", "ReadyForQuery");
        assertThat(client.untilReady()).containsExactly(READY);
    }

    @Test void after_an_error_everything_up_to_sync_is_skipped() {
        client.send(new Parse("", "nonsense", List.of()), bind(""), new Execute("", 0), Sync.INSTANCE, new Query("SHOW STATE"));
        var first = client.untilReady();
        assertThat(first).hasSize(2).last().isEqualTo(READY);
        assertThat(((ErrorResponse) first.getFirst()).fields().code()).isEqualTo("42601");
        assertThat(client.untilReady()).hasAtLeastOneElementOfType(RowDescription.class);
    }

    @Test void an_execute_with_a_limit_is_suspended_and_goes_on() {
        client.send(new Parse("", "SHOW STATE", List.of()), bind(""), new Execute("", 2), new Execute("", 2), Sync.INSTANCE);
        assertThat(client.untilReady().stream().map(message -> switch (message) {
            case ParseComplete _ -> "parsed";
            case BindComplete _ -> "bound";
            case DataRow _ -> "row";
            case PortalSuspended _ -> "suspended";
            case CommandComplete(var tag) -> tag;
            case NoData _ -> "no data";
            default -> "other";
        })).containsExactly("parsed", "bound", "row", "row", "suspended", "row", "SHOW", "other");
    }

    @Test void an_unknown_statement_and_an_unknown_portal_have_their_sqlstates() {
        client.send(bind("gone"), Sync.INSTANCE, new Execute("gone", 0), Sync.INSTANCE);
        assertThat(((ErrorResponse) client.untilReady().getFirst()).fields().code()).isEqualTo("26000");
        assertThat(((ErrorResponse) client.untilReady().getFirst()).fields().code()).isEqualTo("34000");
    }

    @Test void statements_are_bounded() {
        for (int i = 0; i < ConsoleStatements.NAMED_MAX; i++) client.send(new Parse("s" + i, "SHOW VERSION", List.of()));
        client.send(new Parse("one too many", "SHOW VERSION", List.of()), Sync.INSTANCE);
        var received = client.untilReady();
        assertThat(((ErrorResponse) received.get(received.size() - 2)).fields().code()).isEqualTo("54000");
    }

    @Test void messages_wait_for_a_command_that_takes_long() {
        var pause = new CompletableFuture<Outcome>();
        operations.outcome = pause;
        client.send(new Query("PAUSE"), new Query("SHOW VERSION"));
        await().until(() -> operations.done.contains("pause all"));
        pause.complete(Outcome.DONE);
        assertThat(client.untilReady()).containsExactly(new CommandComplete("PAUSE"), READY);
        assertThat(client.untilReady()).hasAtLeastOneElementOfType(DataRow.class);
    }

    @Test void a_cancel_ends_the_wait_and_not_the_command() throws InterruptedException {
        var pause = new CompletableFuture<Outcome>();
        operations.outcome = pause;
        client.send(new Query("PAUSE"));
        await().until(() -> operations.done.contains("pause all"));
        server.sessions.take().cancel();
        var received = client.untilReady();
        assertThat(((ErrorResponse) received.getFirst()).fields().code()).isEqualTo("57014");
        pause.complete(Outcome.DONE);
        client.send(new Query("SHOW VERSION"));
        assertThat(client.untilReady()).hasAtLeastOneElementOfType(RowDescription.class);
    }

    @Test void a_bug_behind_a_table_is_an_error_and_the_session_goes_on() {
        operations.pools = CompletableFuture.failedFuture(new IllegalStateException("secret detail"));
        client.send(new Query("SHOW POOLS"));
        var error = ((ErrorResponse) client.untilReady().getFirst()).fields();
        assertThat(error.code()).isEqualTo("XX000");
        assertThat(error.message()).doesNotContain("secret detail");
    }

    @Test void a_bug_in_a_row_is_fatal_and_not_a_hang() {
        operations.pools = CompletableFuture.completedFuture(Collections.singletonList(null));
        client.send(new Query("SHOW POOLS"));
        assertThat(client.receive()).isInstanceOf(RowDescription.class);
        assertThat(((ErrorResponse) client.receive()).fields().code()).isEqualTo("XX000");
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test void a_shutdown_is_told_before_the_connection_closes() throws InterruptedException {
        server.sessions.take().shutDown();
        var error = ((ErrorResponse) client.receive()).fields();
        assertThat(error.severity()).isEqualTo(Severity.FATAL);
        assertThat(error.code()).isEqualTo("57P01");
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test void a_slow_reader_gets_every_row() {
        operations.clients = 10_000;
        client.send(new Query("SHOW CLIENTS"), new Query("SHOW CLIENTS"));
        assertThat(client.untilReady()).hasSize(10_003);
        assertThat(client.untilReady()).hasSize(10_003);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "51 00000003",                 // a length below its own size
        "51 7fffffff",                 // more than is ever read
        "51 ffffffff",                 // negative
        "51 00000008 53484f57",        // a Query without its end
        "7a 00000004",                 // no message of a client
        "44 00000006 58 00",           // Describe of neither statement nor portal
        "42 00000008 00000000",        // a Bind that ends too early
        "53 00000005 00",              // a Sync with a body
    })
    void a_malformed_message_is_fatal(String hex) {
        client.send(Unpooled.wrappedBuffer(HexFormat.of().parseHex(hex.replace(" ", ""))));
        var error = ((ErrorResponse) client.receive()).fields();
        assertThat(error.severity()).isEqualTo(Severity.FATAL);
        assertThat(error.code()).isEqualTo("08P01");
        assertThat(client.isAtEnd()).isTrue();
    }

    @Test void numbers_are_written_in_binary_as_postgresql_does() {
        assertThat(hex("0")).isEqualTo("0000 0000 0000 0000");
        assertThat(hex("9999")).isEqualTo("0001 0000 0000 0000 270f");
        assertThat(hex("10000")).isEqualTo("0002 0001 0000 0000 0001 0000");
        assertThat(hex("-123456789")).isEqualTo("0003 0002 4000 0000 0001 0929 1a85");
    }

    private static String hex(String number) {
        var value = (Octets) ColumnType.NUMERIC.value(number, Format.BINARY);
        return String.join(" ", Arrays.stream(HexFormat.of().formatHex(value.toArray()).split("(?<=\\G.{4})")).toList());
    }

    private static FrontendMessage bind(String statement) {
        return new Bind("", statement, List.of(), List.of(), List.of());
    }
}
