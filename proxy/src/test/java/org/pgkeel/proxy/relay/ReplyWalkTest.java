package org.pgkeel.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.proxy.relay.BackendBytes.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What reaches the client of what a backend says. Every transcript is also told split at every byte, and in random pieces.
class ReplyWalkTest {
    private static final Aside SILENT = new Aside() {
        @Override
        public void error(byte[] errorBody) {}

        @Override
        public void done(byte status) {}
    };

    /// @param asked  what went to the backend before it answers
    /// @param server what it answers
    /// @param client what the client gets
    /// @param heard  what the client's session hears beside the bytes
    record Transcript(String name, Consumer<BackendConnection> asked, BackendBytes server, BackendBytes client, List<String> heard) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Transcript> transcripts() {
        var rows = server().columns().row("one").row("a longer row, much longer than the one before").complete("SELECT 2").ready('I');
        return Stream.of(
                new Transcript("a Query's reply passes as it is", backend -> backend.exchange().querySent(), rows, rows,
                        List.of("ready I", "settled I")),
                new Transcript("notices and notifications pass", backend -> backend.exchange().querySent(),
                        server().message('N', "SNOTICE\0\0").message('A', "\0\0\0\7ch\0\0").complete("DO").ready('I'),
                        server().message('N', "SNOTICE\0\0").message('A', "\0\0\0\7ch\0\0").complete("DO").ready('I'),
                        List.of("ready I", "settled I")),
                new Transcript("what the server says of a commit stands in front of the end that is kept until then, and what it says behind it behind", backend -> {
                    backend.exchange().expectKept(1);
                    backend.exchange().executeSent();
                    backend.exchange().syncSent();
                }, server().row("one").complete("SELECT 1").message('N', "SNOTICE\0\0").message('S', "TimeZone\0UTC\0").message('A', "\0\0\0\7ch\0\0").ready('I'),
                        server().row("one").message('N', "SNOTICE\0\0").complete("SELECT 1").message('S', "TimeZone\0UTC\0").message('A', "\0\0\0\7ch\0\0").ready('I'),
                        List.of("keeps", "TimeZone=UTC", "ready I", "settled I")),
                new Transcript("an end that is kept is none where the commit fails", backend -> {
                    backend.exchange().expectKept(1);
                    backend.exchange().executeSent();
                    backend.exchange().syncSent();
                    backend.exchange().querySent();
                }, server().row("one").complete("INSERT 0 1").error("ERROR", "23503").ready('I').complete("SELECT 2").ready('I'),
                        server().row("one").error("ERROR", "23503").ready('I').complete("SELECT 2").ready('I'),
                        List.of("keeps", "failed", "ready I", "ready I", "settled I")),
                new Transcript("a parameter is heard and passes", backend -> backend.exchange().querySent(),
                        server().complete("SET").message('S', "TimeZone\0UTC\0").ready('I'),
                        server().complete("SET").message('S', "TimeZone\0UTC\0").ready('I'),
                        List.of("TimeZone=UTC", "ready I", "settled I")),
                new Transcript("the reply to a Parse of the proxy's own is dropped", backend -> {
                    var exchange = backend.exchange();
                    exchange.expectOwnReply(null);
                    exchange.messageSent();
                    exchange.messageSent();
                    exchange.executeSent();
                    exchange.syncSent();
                }, server().message('1').message('2').row("x").complete("SELECT 1").ready('I'),
                        server().message('2').row("x").complete("SELECT 1").ready('I'), List.of("ready I", "settled I")),
                new Transcript("a Parse and a Close that no backend sees are answered in their places", backend -> {
                    var exchange = backend.exchange();
                    backend.replyParseComplete(null);
                    exchange.messageSent();
                    backend.replyCloseComplete(null);
                    exchange.executeSent();
                    backend.replyCloseComplete(null);
                    exchange.syncSent();
                }, server().message('2').complete("SELECT 0").ready('I'),
                        server().message('1').message('2').message('3').complete("SELECT 0").message('3').ready('I'), List.of("ready I", "settled I")),
                new Transcript("where the proxy refuses the client gets the proxy's error", backend -> {
                    backend.exchange().expectRefusal("SERROR\0C0A000\0Mpinning is refused\0\0");
                    backend.exchange().querySent();
                }, server().error("ERROR", "42601").ready('E'), server().message('E', "SERROR\0C0A000\0Mpinning is refused\0\0").ready('E'),
                        List.of("failed", "ready E", "settled E")),
                new Transcript("what the proxy asks aside reaches nobody", backend -> {
                    backend.aside("SET a = 1", SILENT);
                    backend.exchange().querySent();
                }, server().message('N', "SNOTICE\0\0").complete("SET").message('S', "a\0001\0").ready('I').columns().row("x").complete("SELECT 1").ready('I'),
                        server().columns().row("x").complete("SELECT 1").ready('I'), List.of("ready I", "settled I")),
                new Transcript("what is notified while the proxy asks aside reaches the client", backend -> {
                    backend.exchange().querySent();
                    backend.aside("select 1", SILENT);
                }, server().complete("LISTEN").ready('I').columns().message('A', "\0\0\0\1c\0p\0").row("l").message('A', "\0\0\0\1c\0q\0").complete("SELECT 1").ready('I'),
                        server().complete("LISTEN").ready('I').message('A', "\0\0\0\1c\0p\0").message('A', "\0\0\0\1c\0q\0"), List.of("ready I", "settled I")),
                new Transcript("an aside behind a pipeline does not touch it", backend -> {
                    backend.exchange().querySent();
                    backend.aside("SET a = 1", SILENT);
                    backend.exchange().querySent();
                }, server().complete("BEGIN").ready('T').complete("SET").ready('T').complete("COMMIT").ready('I'),
                        server().complete("BEGIN").ready('T').complete("COMMIT").ready('I'), List.of("ready T", "ready I", "settled I")),
                new Transcript("statements that change the session are heard by their place", backend -> {
                    backend.exchange().expectEffect("set", 2);
                    backend.exchange().querySent();
                }, server().columns().row("x").complete("SELECT 1").complete("SET").ready('I'),
                        server().columns().row("x").complete("SELECT 1").complete("SET").ready('I'), List.of("completed set: SET", "ready I", "settled I")),
                new Transcript("an error drops what was planned behind it", backend -> {
                    backend.exchange().expectEffect("first", 1);
                    backend.exchange().expectEffect("second", 2);
                    backend.exchange().querySent();
                    backend.exchange().expectEffect("third", 1);
                    backend.exchange().querySent();
                }, server().complete("SET").error("ERROR", "22012").ready('I').complete("RESET").ready('I'),
                        server().complete("SET").error("ERROR", "22012").ready('I').complete("RESET").ready('I'),
                        List.of("completed first: SET", "failed", "ready I", "completed third: RESET", "ready I", "settled I")),
                new Transcript("COPY out passes", backend -> backend.exchange().querySent(),
                        server().message('H', "\0\0\0").message('d', "1\n").message('d', "2\n").message('c').complete("COPY 2").ready('I'),
                        server().message('H', "\0\0\0").message('d', "1\n").message('d', "2\n").message('c').complete("COPY 2").ready('I'),
                        List.of("ready I", "settled I")));
    }

    @ParameterizedTest
    @MethodSource("transcripts")
    void the_client_gets_what_the_transcript_says(Transcript transcript) {
        play(transcript, List.of());
    }

    @ParameterizedTest
    @MethodSource("transcripts")
    void it_does_not_matter_where_a_read_ends(Transcript transcript) {
        int length = transcript.server.bytes().length;
        for (int split = 1; split < length; split++) play(transcript, List.of(split));
    }

    @ParameterizedTest
    @MethodSource("transcripts")
    void it_does_not_matter_how_many_reads_there_are(Transcript transcript) {
        int length = transcript.server.bytes().length;
        var every = new ArrayList<Integer>();
        for (int i = 1; i < length; i++) every.add(i);
        play(transcript, every);
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        var random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            var some = every.stream().filter(_ -> random.nextInt(6) == 0).toList();
            try {
                play(transcript, some);
            } catch (AssertionError failed) {
                throw new AssertionError("-Dpgkeel.seed=" + seed, failed);
            }
        }
    }

    private static void play(Transcript transcript, List<Integer> splits) {
        for (boolean outlives : new boolean[] {false, true}) play(transcript, splits, outlives);
    }

    private static void play(Transcript transcript, List<Integer> splits, boolean outlives) {
        try (var world = new RelayWorld()) {
            world.client.outlives = outlives;
            transcript.asked.accept(world.connection);
            byte[] said = transcript.server.bytes();
            int from = 0;
            for (int split : splits) {
                world.says(said, from, split);
                from = split;
            }
            world.says(said, from, said.length);
            assertThat(world.client.got()).as("split at %s", splits).isEqualTo(transcript.client.bytes());
            assertThat(world.client.heard).as("split at %s", splits).isEqualTo(transcript.heard);
            assertThat(world.exchange().settled()).isTrue();
            assertThat(world.exchange().expectsMore()).isFalse();
        }
    }

    @Test
    void only_a_fatal_error_counts_as_the_servers_last_words_in_any_language() {
        try (var world = new RelayWorld()) {
            world.exchange().querySent();
            world.says(server().message('E', "SFEHLER\0VERROR\0C22012\0Mnein\0\0").ready('I'));
            world.server.close();
            assertThat(world.client.heard.getLast()).isEqualTo("lost: the server closed the connection");
        }
        try (var world = new RelayWorld()) {
            world.exchange().querySent();
            world.says(server().message('E', "SKATASTROFALNY\0VFATAL\0C57P01\0Mnie\0\0"));
            world.server.close();
            assertThat(world.client.heard.getLast()).isEqualTo("lost, fatal: the server closed the connection");
        }
    }

    @Test
    void a_row_larger_than_any_buffer_passes_in_pieces() {
        try (var world = new RelayWorld()) {
            world.exchange().querySent();
            byte[] piece = new byte[60_000];
            world.says(server().raw('D', 4 + 20 * piece.length));
            for (int i = 0; i < 20; i++) world.says(piece, 0, piece.length);
            assertThat(world.client.got()).hasSize(5 + 20 * piece.length);
            world.says(server().complete("SELECT 1").ready('I'));
            assertThat(world.client.heard).containsExactly("ready I", "settled I");
        }
    }

    /// Its COMMIT succeeds with the tag ROLLBACK, which drivers take for a success.
    @Test
    void the_error_of_an_aside_fails_the_end_of_the_transaction_that_it_has_failed() {
        for (int from = 0; from < 3; from++) {   // alone, with an effect, and a ROLLBACK
            try (var world = new RelayWorld()) {
                world.connection.exchange().querySent();
                world.says(server().complete("BEGIN").ready('T'));
                world.client.take();
                world.connection.aside("select 1", SILENT);
                world.connection.exchange().querySent();
                if (from == 1) world.connection.exchange().plan.add(world.exchange().openBatch() - 1, 1, ReplyPlan.Action.EFFECT, "COMMIT");
                world.client.commits = from < 2;
                world.says(server().error("ERROR", "57014").ready('E').complete("ROLLBACK").ready('I'));
                assertThat(world.client.got()).isEqualTo((from < 2 ? server().error("ERROR", "57014").ready('I') : server().complete("ROLLBACK").ready('I')).bytes());
                world.connection.exchange().querySent();
                world.client.take();
                world.says(server().complete("ROLLBACK").ready('I'));
                assertThat(world.client.got()).isEqualTo(server().complete("ROLLBACK").ready('I').bytes());
            }
        }
    }

    /// It was told `SELECT 0` before the backend was lost; now there is a row.
    @Test
    void rows_of_a_statement_whose_end_the_client_has_are_not_shown_behind_it() {
        try (var world = new RelayWorld()) {
            world.connection.exchange().querySent();
            world.connection.suppressReplies(2);
            world.says(server().columns().row("new").complete("SELECT 1").columns().row("b").complete("SELECT 1").ready('I'));
            assertThat(world.client.got()).isEqualTo(server().columns().row("b").complete("SELECT 1").ready('I').bytes());
        }
    }

    /// It has the columns, and no row.
    @Test
    void rows_behind_the_last_reply_that_the_client_has_are_shown() {
        try (var world = new RelayWorld()) {
            world.connection.exchange().querySent();
            world.connection.suppressReplies(1);
            world.says(server().columns().row("a").complete("SELECT 1").ready('I'));
            assertThat(world.client.got()).isEqualTo(server().row("a").complete("SELECT 1").ready('I').bytes());
        }
    }

    @Test
    void the_error_of_an_aside_explains_the_error_that_follows_from_it() {
        try (var world = new RelayWorld()) {
            world.connection.aside("SET search_path TO nowhere", SILENT);
            world.exchange().querySent();
            world.says(server().error("ERROR", "22023").ready('E').error("ERROR", "25P02").ready('E'));
            assertThat(world.client.got()).isEqualTo(server().error("ERROR", "22023").ready('E').bytes());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_reply_of_the_proxys_own_that_was_not_written_yet_is_none_that_the_client_has(boolean withheld) {
        for (boolean answered : new boolean[] {false, true}) {
            try (var world = new RelayWorld()) {
                world.connection.replyParseComplete(null);
                world.exchange().messageSent();
                if (withheld) world.connection.withholdReplies(1000);
                world.exchange().executeSent();
                world.exchange().syncSent();
                world.connection.endOfRequests();
                if (answered) world.says(server().message('2'));
                world.server.close();
                int written = world.client.got().length / 5;
                world.client.toClient().discard();
                assertThat(world.client.loss).isNotNull().extracting(Loss::visible).isEqualTo(written);
                assertThat(written).isEqualTo(answered && !withheld ? 2 : 0);
            }
        }
    }

    /// Its session was asked something outside of a transaction, and it was cancelled: that fails nothing of anybody's.
    @Test
    void the_error_of_an_aside_that_left_no_failed_transaction_is_nobodys() {
        try (var world = new RelayWorld()) {
            world.connection.aside("select 1", SILENT);
            world.says(server().error("ERROR", "57014").ready('I'));
            world.exchange().querySent();
            world.says(server().error("ERROR", "42601").ready('I'));
            assertThat(world.client.got()).isEqualTo(server().error("ERROR", "42601").ready('I').bytes());
        }
    }

    /// A client sent statements behind the Sync of its COPY and no data: what was planned for them would have stood in the way of all that comes later.
    @Test
    void what_was_planned_amidst_the_data_of_a_copy_is_not_awaited_and_nobody_gets_the_backend_again() {
        try (var world = new RelayWorld()) {
            var exchange = world.exchange();
            exchange.messageSent();
            exchange.messageSent();
            exchange.executeSent();
            exchange.syncSent();
            exchange.expectParsed("pending");
            exchange.messageSent();
            exchange.syncSent();
            world.says(server().message('1').message('2').message('G', "\0\0\0"));
            world.says(server().error("ERROR", "08P01"));
            assertThat(exchange.expectsMore()).isFalse();
            assertThat(world.connection.isSpent()).isTrue();
        }
    }
}
