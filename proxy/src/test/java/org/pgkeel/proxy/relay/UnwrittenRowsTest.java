package org.pgkeel.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.proxy.relay.BackendBytes.server;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Which rows a client is not shown, as another server may be asked for them again.
class UnwrittenRowsTest {
    /// @param reads    what the server says before it is lost, read by read; its last words are among that
    /// @param mayWrite the client has something under way that may write
    /// @param client   what it gets
    /// @param visible  as many replies are among that
    /// @param rows     and rows
    record Cut(String name, List<BackendBytes> reads, boolean mayWrite, BackendBytes client, int visible, boolean rows) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Cut> cuts() {
        BackendBytes shutdown = server().error("FATAL", "57P01");
        BackendBytes crash = server().message('N', "SWARNING\0VWARNING\0C57P02\0Rquickdie\0\0");
        BackendBytes columns = server().columns();
        BackendBytes rows = server().columns().row("one").row("two");
        BackendBytes whole = server().columns().row("one").complete("SELECT 1");
        BackendBytes notice = server().columns().row("one").message('N', "SNOTICE\0\0");
        BackendBytes failed = server().columns().row("one").error("ERROR", "22012");
        BackendBytes raised = server().columns().row("one").message('N', "SWARNING\0VWARNING\0C57P02\0Rexec_stmt_raise\0\0");
        BackendBytes copy = server().message('H', "\0\0\0").message('d', "1\n");
        BackendBytes sendBuffer = server().columns().row("x".repeat(SendBuffer.BYTES - columns.bytes().length - 11));
        BackendBytes almost = server().columns().row("x".repeat(SendBuffer.BYTES - columns.bytes().length - 12));
        return Stream.of(new Cut("rows and the end of the session", List.of(server().then(rows).then(shutdown)), false, columns, 1, false),
                new Cut("rows and a crash", List.of(server().then(rows).then(crash)), false, columns, 1, false),
                new Cut("the rows of a statement that ended", List.of(server().then(whole).then(shutdown)), false, columns, 1, false),
                new Cut("rows of a write: its outcome decides", List.of(server().then(whole).then(shutdown)), true, whole, 2, true),
                new Cut("rows in a read before", List.of(rows, shutdown), false, columns, 1, false),
                new Cut("rows, and nothing", List.of(rows), false, columns, 1, false),
                new Cut("rows in several reads before", List.of(rows, server().row("three"), server().row("four"), crash), false, columns, 1, false),
                new Cut("a statement that ended, and the columns of the next", List.of(server().then(whole).columns()), false, columns, 1, false),
                new Cut("a statement that ended, and rows of the next", List.of(server().then(whole).then(rows)), false, columns, 1, false),
                new Cut("rows, and half of what ends them", List.of(rows, server().raw('C', 13).message('S')), false, columns, 1, false),
                new Cut("rows of a COPY", List.of(copy, shutdown), false, server(), 0, false),
                new Cut("rows of a write in a read before", List.of(rows, shutdown), true, rows, 1, true),
                new Cut("one byte less than the server sends at once", List.of(almost), false, columns, 1, false),
                new Cut("as much as the server sends at once", List.of(sendBuffer), false, sendBuffer, 1, true),
                new Cut("the same in two reads", List.of(columns, server().row("x".repeat(SendBuffer.BYTES - columns.bytes().length - 11))), false, sendBuffer, 1, true),
                new Cut("a notice behind the rows, which the server has sent with it", List.of(notice), false, notice, 1, true),
                new Cut("the end of a statement behind the rows, and no ReadyForQuery", List.of(whole), false, columns, 1, false),
                new Cut("rows, and an error that its ReadyForQuery did not follow", List.of(failed), false, failed, 1, true),
                new Cut("the same, and half of that", List.of(server().then(failed).raw('Z', 5)), false, failed, 1, true),
                new Cut("the same, and the end of the session", List.of(server().then(failed).then(shutdown)), false, failed, 1, true),
                new Cut("a warning that a function raised in the words of a crash", List.of(raised), false, raised, 1, true));
    }

    @ParameterizedTest
    @MethodSource("cuts")
    void rows_are_not_shown_without_what_the_server_sent_with_them_to_a_client_that_stays_and_only_reads(Cut cut) {
        try (var world = new RelayWorld()) {
            world.client.outlives = true;
            world.client.mayWrite = cut.mayWrite;
            world.exchange().querySent();
            world.connection.endOfRequests();
            cut.reads.forEach(world::says);
            world.server.close();
            assertThat(world.client.got()).isEqualTo(cut.client.bytes());
            assertThat(world.client.loss).isNotNull().extracting(Loss::rows, Loss::visible).containsExactly(cut.rows, cut.visible);
        }
    }

    /// Its Sync may not have been sent, or something that takes its time stands ahead of it.
    @Test
    void the_end_of_a_statement_that_a_flush_has_sent_is_shown_with_its_rows() {
        BackendBytes whole = server().message('2').row("one").complete("SELECT 1");
        for (boolean ended : new boolean[] {false, true}) {
            try (var world = new RelayWorld()) {
                world.client.outlives = true;
                for (boolean flushes : new boolean[] {true, false}) {
                    world.exchange().messageSent();
                    world.exchange().executeSent();
                    if (flushes) world.exchange().flushSent();
                    if (ended) world.exchange().syncSent();
                    world.says(whole);
                    assertThat(world.client.take()).isEqualTo((flushes || !ended ? whole : server().message('2')).bytes());
                    if (!ended) world.exchange().syncSent();
                    world.says(server().ready('I'));
                    world.client.take();
                }
            }
        }
    }

    @Test
    void rows_that_wait_for_what_was_sent_with_them_are_withheld_with_it() {
        try (var world = new RelayWorld()) {
            world.client.outlives = true;
            world.exchange().querySent();
            world.connection.endOfRequests();
            world.says(server().columns().row("one"));
            world.connection.withholdReplies(1000);
            world.says(server().complete("SELECT 1"));
            assertThat(world.client.got()).isEqualTo(server().columns().bytes());
            world.server.close();
            world.client.toClient().discard();
            assertThat(world.client.loss).isNotNull().extracting(Loss::rows, Loss::visible, Loss::received).containsExactly(false, 1, 2);
        }
    }

    /// The bytes of the batches before do not count.
    @Test
    void each_batch_begins_with_an_empty_send_buffer() {
        try (var world = new RelayWorld()) {
            world.client.outlives = true;
            for (int i = 0; i < 3; i++) world.exchange().querySent();
            BackendBytes large = server().columns().row("x".repeat(3 * SendBuffer.BYTES)).complete("SELECT 1").ready('I');
            world.says(large);
            world.says(server().then(large).columns().row("one"));
            assertThat(world.client.got()).isEqualTo(server().then(large).then(large).columns().bytes());
        }
    }

    /// Its rows and what came behind them are taken back: the other server has to give all of them again.
    @Test
    void who_is_turned_away_by_a_replica_has_nothing_of_what_is_taken_back() {
        for (boolean inOneRead : new boolean[] {true, false}) {
            try (var world = RelayWorld.ofReplica()) {
                world.client.outlives = true;
                world.client.turnsAway = true;
                world.exchange().querySent();
                world.connection.endOfRequests();
                BackendBytes first = server().columns().row("one").complete("SELECT 1").columns().row("two");
                if (!inOneRead) world.says(first);
                world.says(server().then(inOneRead ? first : server()).error("ERROR", "40001").ready('I'));
                assertThat(world.client.got()).isEqualTo(server().columns().then(server().ready('I')).bytes());
                assertThat(world.client.heard).contains("turned away, has 1");
            }
        }
    }

    @Test
    void who_has_rows_is_not_turned_away_by_a_replica() {
        try (var world = RelayWorld.ofReplica()) {
            world.client.outlives = true;
            world.client.turnsAway = true;
            world.exchange().querySent();
            world.connection.endOfRequests();
            BackendBytes rows = server().columns().row("x".repeat(SendBuffer.BYTES));
            world.says(rows);
            world.says(server().error("ERROR", "40001").ready('I'));
            assertThat(world.client.got()).isEqualTo(server().then(rows).error("ERROR", "40001").ready('I').bytes());
        }
    }
}
