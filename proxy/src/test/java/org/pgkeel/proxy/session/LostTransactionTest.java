package org.pgkeel.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.observe.LoopStats;
import org.pgkeel.proxy.prepare.NamedStatements;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.prepare.StatementCache;
import org.pgkeel.proxy.relay.ErrorBody;
import org.pgkeel.proxy.settings.Settings;

/// What a client is told whose transaction was lost, until it has ended it. Replies are written as their type, with what is in them.
class LostTransactionTest {
    private static final String PARSED = "1";
    private static final String BOUND = "2";
    private static final String CLOSED = "3";

    private final Names names = new Names();
    private final LostTransaction unheard = new LostTransaction(names, new LoopStats(), false, 0, 0);
    private final LostTransaction heard = new LostTransaction(names, new LoopStats(), true, 0, 0);

    @Test
    void the_first_statement_hears_of_the_loss_and_later_ones_that_the_transaction_has_failed() {
        assertThat(said(unheard, 'Q', "select 1\0")).containsExactly("E 40001", "Z E");
        assertThat(said(unheard, 'Q', "select 1\0")).containsExactly("E 25P02", "Z E");
        assertThat(unheard.isOver()).isFalse();
        assertThat(said(unheard, 'Q', "rollback\0")).containsExactly("C ROLLBACK", "Z I");
        assertThat(unheard.isOver()).isTrue();
    }

    @Test
    void a_rollback_succeeds_though_the_client_has_not_heard() {
        assertThat(said(unheard, 'Q', "ROLLBACK\0")).containsExactly("C ROLLBACK", "Z I");
        assertThat(unheard.isOver()).isTrue();
    }

    @Test
    void a_commit_never_looks_like_a_success() {
        assertThat(said(unheard, 'Q', "commit\0")).containsExactly("E 40001", "Z I");
        assertThat(unheard.isOver()).as("it has ended the transaction all the same").isTrue();
        assertThat(said(heard, 'Q', "commit\0")).containsExactly("C ROLLBACK", "Z I");
    }

    @Test
    void what_does_more_than_end_the_transaction_does_not_end_it() {
        for (String text : List.of("commit; select 1", "commit and chain", "savepoint s; rollback to s", "rollback prepared 'x'", "")) {
            var lost = new LostTransaction(names, new LoopStats(), true, 0, 0);
            assertThat(said(lost, 'Q', text + "\0")).as(text).containsExactly("E 25P02", "Z E");
            assertThat(lost.isOver()).as(text).isFalse();
        }
    }

    @Test
    void a_rollback_to_a_savepoint_is_told_to_retry_however_late_it_comes() {
        for (String text : List.of("rollback to savepoint s", "ROLLBACK TO \"s\"; RELEASE \"s\"")) {
            assertThat(said(heard, 'Q', "select 1\0")).containsExactly("E 25P02", "Z E");
            assertThat(said(heard, 'Q', text + "\0")).as(text).containsExactly("E 40001", "Z E");
        }
        assertThat(said(heard, 'P', "\0rollback to s\0\0\0")).containsExactly(PARSED);
        assertThat(said(heard, 'B', "\0\0\0\0\0\0\0\0")).containsExactly(BOUND);
        assertThat(said(heard, 'E', "\0\0\0\0\0")).containsExactly("E 40001");
        assertThat(said(heard, 'S', "")).containsExactly("Z E");
        assertThat(said(heard, 'Q', "commit\0")).containsExactly("C ROLLBACK", "Z I");
    }

    @Test
    void a_text_that_goes_on_behind_its_rollback_is_for_a_backend() {
        assertThat(isLeft(heard, 'Q', "ROLLBACK;\nSELECT pg_advisory_unlock_all();\nRESET ALL;\0")).isTrue();
        assertThat(isLeft(unheard, 'Q', "abort; select 1\0")).isTrue();
        for (String text : List.of("rollback", "rollback to s; select 1", "rollback and chain; select 1", "commit; select 1", "select 1; rollback", "")) {
            assertThat(isLeft(heard, 'Q', text + "\0")).as(text).isFalse();
        }
        assertThat(isLeft(heard, 'P', "\0rollback; select 1\0\0\0")).isFalse();
        var underWay = new LostTransaction(names, new LoopStats(), false, 0, 1);
        assertThat(isLeft(underWay, 'Q', "rollback; select 1\0")).as("the lost backend may have done it").isFalse();
        assertThat(said(underWay, 'Q', "rollback; select 1\0")).containsExactly("E 40001", "Z E");
        assertThat(isLeft(underWay, 'Q', "rollback; select 1\0")).as("sent after the loss").isTrue();
        said(unheard, 'P', "\0select 1\0\0\0");
        assertThat(isLeft(unheard, 'Q', "rollback; select 1\0")).as("skipped up to Sync").isFalse();
    }

    @Test
    void after_an_error_messages_are_skipped_up_to_sync() {
        assertThat(said(unheard, 'P', "\0select 1\0\0\0")).containsExactly("E 40001");
        assertThat(said(unheard, 'B', "\0\0\0\0\0\0\0\0")).isEmpty();
        assertThat(said(unheard, 'E', "\0\0\0\0\0")).isEmpty();
        assertThat(said(unheard, 'S', "")).containsExactly("Z E");
        assertThat(unheard.isOver()).isFalse();
    }

    @Test
    void the_extended_protocol_ends_it_too() {
        assertThat(said(heard, 'P', "\0rollback\0\0\0")).containsExactly(PARSED);
        assertThat(said(heard, 'B', "\0\0\0\0\0\0\0\0")).containsExactly(BOUND);
        assertThat(said(heard, 'D', "P\0")).containsExactly("n");
        assertThat(said(heard, 'E', "\0\0\0\0\0")).containsExactly("C ROLLBACK");
        assertThat(said(heard, 'C', "P\0")).containsExactly(CLOSED);
        assertThat(heard.isOver()).as("not before Sync").isFalse();
        assertThat(said(heard, 'S', "")).containsExactly("Z I");
        assertThat(heard.isOver()).isTrue();
    }

    @Test
    void a_commit_that_is_the_first_to_hear_skips_what_is_behind_it() {
        assertThat(said(unheard, 'P', "\0commit\0\0\0")).containsExactly(PARSED);
        assertThat(said(unheard, 'B', "\0\0\0\0\0\0\0\0")).containsExactly(BOUND);
        assertThat(said(unheard, 'E', "\0\0\0\0\0")).containsExactly("E 40001");
        assertThat(said(unheard, 'P', "\0select 1\0\0\0")).isEmpty();
        assertThat(said(unheard, 'S', "")).containsExactly("Z I");
    }

    @Test
    void a_statement_prepared_before_the_loss_ends_it_by_its_name() {
        names.prepare("done", "commit");
        assertThat(said(heard, 'D', "Sdone\0")).containsExactly("t", "n");
        assertThat(said(heard, 'B', "p\0done\0\0\0\0\0\0\0")).containsExactly(BOUND);
        assertThat(said(heard, 'E', "p\0\0\0\0\0")).containsExactly("C ROLLBACK");
    }

    @Test
    void a_statement_that_is_only_prepared_under_a_new_name_does_not_hear() {
        assertThat(said(unheard, 'P', "s1\0select 1\0\0\0")).containsExactly(PARSED);
        assertThat(names.has("s1")).isTrue();
        assertThat(said(unheard, 'S', "")).as("for the client nothing has failed yet").containsExactly("Z T");
        assertThat(said(unheard, 'B', "\0s1\0\0\0\0\0\0\0")).containsExactly("E 40001");
        assertThat(said(unheard, 'S', "")).containsExactly("Z E");
        assertThat(said(unheard, 'P', "s2\0select 1\0\0\0")).as("once it has heard").containsExactly("E 25P02");
        assertThat(names.has("s2")).isFalse();
    }

    @Test
    void a_closed_name_means_nothing_any_more() {
        names.prepare("done", "rollback");
        assertThat(said(heard, 'C', "Sdone\0")).containsExactly(CLOSED);
        assertThat(names.has("done")).isFalse();
        assertThat(said(heard, 'B', "\0done\0\0\0\0\0\0\0")).containsExactly("E 25P02");
    }

    @Test
    void replies_that_the_client_has_already_are_not_said_again() {
        var lost = new LostTransaction(names, new LoopStats(), true, 2, 1);
        assertThat(said(lost, 'P', "\0rollback\0\0\0")).isEmpty();
        assertThat(said(lost, 'B', "\0\0\0\0\0\0\0\0")).isEmpty();
        assertThat(said(lost, 'E', "\0\0\0\0\0")).containsExactly("C ROLLBACK");
        assertThat(said(lost, 'S', "")).containsExactly("Z I");
    }

    @Test
    void names_that_the_client_was_told_of_are_left_as_it_knows_them() {
        names.prepare("known", "select 1");
        var lost = new LostTransaction(names, new LoopStats(), false, 3, 1);
        assertThat(said(lost, 'C', "Sknown\0")).isEmpty();
        assertThat(said(lost, 'P', "known\0select 1\0\0\0")).isEmpty();
        assertThat(said(lost, 'P', "\0select 2\0\0\0")).isEmpty();
        assertThat(said(lost, 'B', "\0known\0\0\0\0\0\0\0")).containsExactly("E 40001");
        assertThat(said(lost, 'S', "")).containsExactly("Z E");
        assertThat(names.has("known")).isTrue();
    }

    private LostTransaction failed(int suppressed) {
        return new LostTransaction(names, new LoopStats(), true, suppressed, 1).firstFailed();
    }

    @Test
    void a_batch_whose_error_was_read_has_nothing_but_its_end() {
        var statement = failed(2);
        assertThat(said(statement, 'P', "\0select 1\0\0\0")).isEmpty();
        assertThat(said(statement, 'B', "\0\0\0\0\0\0\0\0")).isEmpty();
        assertThat(said(statement, 'E', "\0\0\0\0\0")).isEmpty();
        assertThat(said(statement, 'S', "")).containsExactly("Z E");
        assertThat(said(statement, 'Q', "select 1\0")).as("the next one").containsExactly("E 25P02", "Z E");
        assertThat(said(failed(0), 'Q', "select 1/0\0")).containsExactly("Z E");
        assertThat(said(failed(0), 'Q', "rollback to s\0")).containsExactly("Z E");
        ByteBuf out = Unpooled.buffer();
        failed(0).unknownBatches(2, false, out);
        assertThat(replies(out)).containsExactly("Z E", "E 25P02", "Z E");
    }

    @Test
    void a_commit_that_had_failed_has_ended_the_transaction() {
        LostTransaction query = failed(0);
        assertThat(said(query, 'Q', "commit\0")).containsExactly("Z I");
        assertThat(query.isOver()).isTrue();
        LostTransaction executed = failed(2);
        assertThat(said(executed, 'P', "\0commit\0\0\0")).isEmpty();
        assertThat(said(executed, 'B', "\0\0\0\0\0\0\0\0")).isEmpty();
        assertThat(said(executed, 'E', "\0\0\0\0\0")).isEmpty();
        assertThat(said(executed, 'S', "")).containsExactly("Z I");
    }

    @Test
    void batches_of_which_nothing_is_known_get_one_error_each() {
        ByteBuf out = Unpooled.buffer();
        unheard.unknownBatches(2, true, out);
        assertThat(replies(out)).containsExactly("E 40001", "Z E", "E 25P02", "Z E", "E 25P02");
        assertThat(said(unheard, 'E', "\0\0\0\0\0")).as("of the open batch").isEmpty();
        assertThat(said(unheard, 'S', "")).containsExactly("Z E");
    }

    @Test
    void a_function_call_fails_and_data_of_a_copy_is_dropped() {
        assertThat(said(unheard, 'd', "1\t2\n")).isEmpty();
        assertThat(said(unheard, 'c', "")).isEmpty();
        assertThat(said(unheard, 'F', "\0\0\0\1")).containsExactly("E 40001", "Z E");
    }

    @Test
    void a_message_too_long_to_be_looked_at_fails_as_its_kind_does() {
        ByteBuf out = Unpooled.buffer();
        unheard.tooLong((byte) 'd', out);
        unheard.tooLong((byte) 'Q', out);
        assertThat(replies(out)).containsExactly("E 40001", "Z E");
        unheard.tooLong((byte) 'B', out);
        unheard.tooLong((byte) 'B', out);
        assertThat(replies(out)).as("the second is skipped").containsExactly("E 25P02");
    }

    @Test
    void a_message_without_its_terminator_or_of_no_type_breaks_the_protocol() {
        assertThatThrownBy(() -> said(heard, 'Q', "rollback")).isInstanceOf(ProtocolViolation.class);
        assertThatThrownBy(() -> said(heard, 'P', "name")).isInstanceOf(ProtocolViolation.class);
        assertThatThrownBy(() -> said(heard, '?', "")).isInstanceOf(ProtocolViolation.class);
    }

    private static boolean isLeft(LostTransaction lost, char type, String body) {
        ByteBuf in = message(type, body);
        return lost.isLeftBy(in, (byte) type, 1, in.writerIndex());
    }

    private static ByteBuf message(char type, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return Unpooled.buffer().writeByte(0).writeByte(type).writeInt(bytes.length + 4).writeBytes(bytes);
    }

    private static List<String> said(LostTransaction lost, char type, String body) {
        ByteBuf in = message(type, body);
        ByteBuf out = Unpooled.buffer();
        lost.message(in, (byte) type, 1, in.writerIndex(), out);
        return replies(out);
    }

    private static List<String> replies(ByteBuf out) {
        var all = new ArrayList<String>();
        while (out.isReadable()) {
            char type = (char) out.readByte();
            byte[] body = new byte[out.readInt() - 4];
            out.readBytes(body);
            all.add(switch (type) {
                case 'E' -> "E " + ErrorBody.field(body, 'C');
                case 'Z' -> "Z " + (char) body[0];
                case 'C' -> "C " + new String(body, 0, body.length - 1, StandardCharsets.US_ASCII);
                default -> String.valueOf(type);
            });
        }
        return all;
    }

    /// Statements by name, as a session keeps them.
    private static final class Names implements LostTransaction.Names {
        private final NamedStatements named = new NamedStatements();
        private final StatementCache cache = new StatementCache(() -> 100_000);

        void prepare(String name, String text) {
            byte[] body = (text + "\0\0\0").getBytes(StandardCharsets.UTF_8);
            named.put(name.getBytes(StandardCharsets.UTF_8), cache.ownOf(Settings.NONE, 0, Unpooled.wrappedBuffer(body), 0, body.length));
        }

        boolean has(String name) {
            return named.get(name.getBytes(StandardCharsets.UTF_8)) != null;
        }

        @Override
        public @Nullable SharedStatement get(ByteBuf in, int from, int to) {
            return named.get(in, from, to);
        }

        @Override
        public void keepName(ByteBuf in, int nameFrom, int nameTo, int text, int next) {
            byte[] name = new byte[nameTo - nameFrom];
            in.getBytes(nameFrom, name);
            named.put(name, cache.ownOf(Settings.NONE, 0, in, text, next));
        }

        @Override
        public boolean keepNewName(ByteBuf in, int nameFrom, int nameTo, int text, int next) {
            if (named.get(in, nameFrom, nameTo) != null) return false;
            keepName(in, nameFrom, nameTo, text, next);
            return true;
        }

        @Override
        public void remove(byte[] name) {
            named.remove(name);
        }
    }
}
