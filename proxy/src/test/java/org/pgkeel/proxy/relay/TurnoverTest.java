package org.pgkeel.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.proxy.relay.BackendBytes.server;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.pool.PooledConnection.State;
import org.pgkeel.proxy.settings.Settings;

/// What a backend is asked between two leases, and when it can be lent again.
class TurnoverTest {
    private final RelayWorld world = new RelayWorld();
    private final BackendConnection backend = world.connection;

    @BeforeEach
    void is_leased() {
        assertThat(backend.state()).isEqualTo(State.LEASED);
    }

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void a_clean_connection_is_idle_at_once() {
        backend.endLease(Settings.NONE, System.nanoTime());

        assertThat(backend.state()).isEqualTo(State.IDLE);
        assertThat(sent()).isEmpty();
    }

    @Test
    void while_a_cancel_is_under_way_a_connection_is_not_lent_and_answers_a_check_behind_it() {
        backend.cancelBegan();
        backend.cancelBegan();
        backend.endLease(Settings.NONE, System.nanoTime());
        assertThat(backend.state()).isEqualTo(State.RESETTING);

        backend.cancelEnded();
        assertThat(sent()).as("one cancel is still under way").isEmpty();

        backend.cancelEnded();
        assertThat(sent()).containsExactly("Q");
        world.says(server().message('I').ready('I'));
        assertThat(backend.state()).isEqualTo(State.IDLE);
    }

    @Test
    void a_connection_whose_cancel_is_lost_on_its_way_is_lent_to_nobody_any_more() {
        backend.cancelBegan();
        backend.endLease(Settings.NONE, System.nanoTime());
        backend.cancelLost();
        backend.cancelEnded();
        world.says(server().message('I').ready('I'));

        assertThat(backend.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void a_connection_whose_cancel_was_lost_is_its_clients_until_that_gives_it_back() {
        backend.cancelBegan();
        backend.cancelLost();
        backend.cancelEnded();
        assertThat(backend.state()).isEqualTo(State.LEASED);

        backend.endLease(Settings.NONE, System.nanoTime());
        assertThat(backend.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void a_connection_with_settings_that_cannot_be_taken_away_is_lent_to_nobody_any_more() {
        backend.endLease(Settings.of(Map.of("temp_buffers", "16MB")), System.nanoTime());
        assertThat(backend.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void a_connection_with_such_settings_is_closed_behind_a_rollback_too() {
        leaveTransactionOpen();
        backend.endLeaseDirty(Settings.of(Map.of("seed", "0.5")), false, System.nanoTime());
        world.says(server().complete("ROLLBACK").ready('I').message('I').ready('I'));
        assertThat(backend.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void a_cancel_that_hits_the_check_has_done_its_work() {
        backend.cancelBegan();
        backend.endLease(Settings.NONE, System.nanoTime());
        backend.cancelEnded();
        world.says(server().error("ERROR", "57014").ready('I'));

        assertThat(backend.state()).isEqualTo(State.IDLE);
        assertThat(world.client.heard).as("the client before has nothing to do with it").isEmpty();
    }

    @Test
    void a_check_that_fails_ends_the_connection() {
        backend.cancelBegan();
        backend.endLease(Settings.NONE, System.nanoTime());
        backend.cancelEnded();
        world.says(server().error("ERROR", "53200").ready('I'));

        assertThat(backend.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void a_transaction_that_was_left_open_is_rolled_back() {
        leaveTransactionOpen();
        backend.endLeaseDirty(Settings.NONE, false, System.nanoTime());
        assertThat(sent()).containsExactly("QROLLBACK", "Q");

        world.says(server().complete("ROLLBACK").ready('I'));
        assertThat(backend.state()).isEqualTo(State.RESETTING);
        world.says(server().message('I').ready('I'));
        assertThat(backend.state()).isEqualTo(State.IDLE);
    }

    @Test
    void a_transaction_that_cannot_be_rolled_back_ends_the_connection() {
        leaveTransactionOpen();
        backend.endLeaseDirty(Settings.NONE, false, System.nanoTime());
        world.says(server().error("ERROR", "57014").ready('E').message('I').ready('E'));

        assertThat(backend.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void a_cancel_that_hits_the_reset_of_a_session_leaves_its_state_behind_and_ends_the_connection() {
        backend.endLeaseDirty(Settings.NONE, true, System.nanoTime());
        assertThat(sent()).containsExactly("QDISCARD ALL");
        world.says(server().error("ERROR", "57014").ready('I'));

        assertThat(backend.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void a_reset_that_is_done_while_a_cancel_is_under_way_is_followed_by_a_check() {
        backend.cancelBegan();
        backend.endLeaseDirty(Settings.NONE, true, System.nanoTime());
        world.says(server().complete("DISCARD ALL").ready('I'));
        assertThat(backend.state()).isEqualTo(State.RESETTING);
        sent();

        backend.cancelEnded();
        assertThat(sent()).containsExactly("Q");
        world.says(server().message('I').ready('I'));
        assertThat(backend.state()).isEqualTo(State.IDLE);
    }

    @Test
    void what_is_asked_in_between_is_answered_before_the_connection_is_lent() {
        var answers = new Answers();
        backend.endLeaseAsking(Settings.NONE, "SELECT 1", answers, System.nanoTime());
        assertThat(sent()).containsExactly("QSELECT 1");
        assertThat(backend.state()).isEqualTo(State.RESETTING);

        world.says(server().columns().row("one").complete("SELECT 1").ready('I'));
        assertThat(answers.heard).containsExactly("row", "done I");
        assertThat(backend.state()).isEqualTo(State.IDLE);
    }

    @Test
    void a_question_that_leaves_a_transaction_behind_ends_the_connection() {
        var answers = new Answers();
        backend.endLeaseAsking(Settings.NONE, "BEGIN; SELECT 1", answers, System.nanoTime());
        world.says(server().complete("BEGIN").error("ERROR", "42601").ready('E'));

        assertThat(answers.heard).containsExactly("error", "done E");
        assertThat(backend.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void a_question_ends_a_connection_that_was_recycled_meanwhile() {
        backend.endLeaseAsking(Settings.NONE, "SELECT 1", new Answers(), System.nanoTime());
        world.pool.recycle();
        world.says(server().columns().row("one").complete("SELECT 1").ready('I'));

        assertThat(backend.state()).isEqualTo(State.CLOSED);
    }

    private void leaveTransactionOpen() {
        world.exchange().querySent();
        world.says(server().complete("BEGIN").ready('T'));
    }

    /// Messages that went to the server since the last call: type and body.
    private List<String> sent() {
        var messages = new ArrayList<String>();
        for (ByteBuf out = world.server.readOutbound(); out != null; out = world.server.readOutbound()) {
            byte[] bytes = ByteBufUtil.getBytes(out);
            out.release();
            for (int at = 0; at < bytes.length; ) {
                int length = bytes[at + 3] << 8 | bytes[at + 4] & 0xFF;
                messages.add((char) bytes[at] + new String(bytes, at + 5, length - 5, StandardCharsets.UTF_8));
                at += 1 + length;
            }
        }
        return messages;
    }

    private static final class Answers implements Aside {
        final List<String> heard = new ArrayList<>();

        @Override
        public void dataRow(ByteBuf in, int from, int bytes) {
            heard.add("row");
        }

        @Override
        public void error(byte[] errorBody) {
            heard.add("error");
        }

        @Override
        public void done(byte status) {
            heard.add("done " + (char) status);
        }
    }
}
