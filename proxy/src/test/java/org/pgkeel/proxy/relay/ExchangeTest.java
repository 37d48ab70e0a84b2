package org.pgkeel.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExchangeTest {
    private final Exchange exchange = new Exchange();

    @Test
    void nothing_is_owed_before_anything_is_asked() {
        assertThat(exchange.settled()).isTrue();
        assertThat(exchange.allSeen()).isTrue();
        assertThat(exchange.owed()).isZero();
        assertThat(exchange.status()).isEqualTo((byte) 'I');
    }

    @Test
    void a_query_owes_one_ready_for_query() {
        exchange.querySent();
        assertThat(exchange.owed()).isEqualTo(1);
        assertThat(exchange.settled()).isFalse();
        exchange.statementEnded();
        exchange.answered((byte) 'T');
        assertThat(exchange.settled()).isTrue();
        assertThat(exchange.status()).isEqualTo((byte) 'T');
    }

    @Test
    void messages_before_a_sync_are_an_open_batch() {
        exchange.messageSent();
        exchange.executeSent();
        assertThat(exchange.batchOpen()).isTrue();
        assertThat(exchange.owed()).isZero();
        assertThat(exchange.settled()).isFalse();
        assertThat(exchange.allSeen()).isFalse();
        exchange.replied();
        exchange.statementEnded();
        assertThat(exchange.allSeen()).isTrue();
        assertThat(exchange.settled()).as("a Sync is missing").isFalse();
        exchange.syncSent();
        assertThat(exchange.batchOpen()).isFalse();
        exchange.answered((byte) 'I');
        assertThat(exchange.settled()).isTrue();
    }

    @Test
    void several_batches_may_be_under_way() {
        for (int i = 0; i < 200; i++) {
            exchange.messageSent();
            exchange.syncSent();
        }
        assertThat(exchange.owed()).isEqualTo(200);
        for (int i = 0; i < 200; i++) {
            assertThat(exchange.settled()).isFalse();
            exchange.replied();
            exchange.answered((byte) 'I');
        }
        assertThat(exchange.settled()).isTrue();
    }

    @Test
    void after_an_error_the_open_batch_is_skipped_up_to_its_sync() {
        exchange.messageSent();
        exchange.failed();
        assertThat(exchange.skipping()).isTrue();
        assertThat(exchange.allSeen()).isTrue();
        exchange.syncSent();
        assertThat(exchange.skipping()).isFalse();
        exchange.answered((byte) 'E');
        assertThat(exchange.settled()).isTrue();
        exchange.messageSent();
        assertThat(exchange.skipping()).as("the error was the last batch's").isFalse();
    }

    @Test
    void an_error_in_an_earlier_batch_does_not_skip_the_open_one() {
        exchange.messageSent();
        exchange.syncSent();
        exchange.messageSent();
        exchange.failed();
        assertThat(exchange.skipping()).isFalse();
    }

    @Test
    void a_copy_of_a_query_ends_with_its_copy_done() {
        exchange.querySent();
        exchange.copyInBegan();
        assertThat(exchange.copyIn()).isTrue();
        exchange.copyEndSent();
        assertThat(exchange.copyIn()).isFalse();
        assertThat(exchange.owed()).isEqualTo(1);
        exchange.statementEnded();
        exchange.answered((byte) 'I');
        assertThat(exchange.settled()).isTrue();
    }

    @Test
    void a_query_may_copy_twice() {
        exchange.querySent();
        for (int i = 0; i < 2; i++) {
            exchange.copyInBegan();
            assertThat(exchange.copyIn()).isTrue();
            exchange.copyEndSent();
            exchange.statementEnded();
        }
        exchange.answered((byte) 'I');
        assertThat(exchange.settled()).isTrue();
    }

    @Test
    void a_sync_sent_ahead_of_copy_data_in_the_extended_protocol_is_ignored_by_the_backend() {
        exchange.messageSent();
        exchange.messageSent();
        exchange.executeSent();
        exchange.syncSent();
        exchange.replied();
        exchange.replied();
        exchange.copyInBegan();
        assertThat(exchange.copyIn()).isTrue();
        assertThat(exchange.owed()).as("the backend will not answer that Sync").isZero();
        exchange.syncSent();
        assertThat(exchange.owed()).as("nor this one").isZero();
        exchange.copyEndSent();
        exchange.syncSent();
        assertThat(exchange.owed()).isEqualTo(1);
        exchange.statementEnded();
        exchange.answered((byte) 'I');
        assertThat(exchange.settled()).isTrue();
    }

    @Test
    void a_copy_whose_data_was_sent_ahead_is_over_when_it_begins() {
        exchange.messageSent();
        exchange.messageSent();
        exchange.executeSent();
        exchange.copyEndSent();
        exchange.syncSent();
        exchange.replied();
        exchange.replied();
        exchange.copyInBegan();
        assertThat(exchange.copyIn()).isFalse();
        assertThat(exchange.owed()).isEqualTo(1);
        exchange.statementEnded();
        exchange.answered((byte) 'I');
        assertThat(exchange.settled()).isTrue();
    }

    @Test
    void the_end_of_data_that_came_too_late_says_nothing_of_the_next_copy() {
        exchange.copyEndSent();
        exchange.executeSent();
        exchange.syncSent();
        exchange.copyInBegan();
        assertThat(exchange.copyIn()).isTrue();
        assertThat(exchange.owed()).as("the backend will not answer that Sync").isZero();
        exchange.copyEndSent();
        exchange.syncSent();
        exchange.statementEnded();
        exchange.answered((byte) 'I');
        assertThat(exchange.settled()).isTrue();
    }

    @Test
    void a_copy_that_fails_ends_with_its_batch() {
        exchange.querySent();
        exchange.copyInBegan();
        exchange.failed();
        exchange.answered((byte) 'I');
        assertThat(exchange.copyIn()).isFalse();
        assertThat(exchange.settled()).isTrue();
    }

    /// A COPY of libpq that fails, whose second Sync was sent before the first answer came.
    private void failedCopy() {
        exchange.messageSent();
        exchange.messageSent();
        exchange.executeSent();
        exchange.syncSent();
        exchange.replied();
        exchange.replied();
        exchange.copyInBegan();
        exchange.copyEndSent();
        exchange.syncSent();
        exchange.failed();
        exchange.answered((byte) 'I');
    }

    @Test
    void a_sync_ahead_of_copy_data_may_be_answered_after_all_when_the_copy_has_failed() {
        failedCopy();
        assertThat(exchange.settled()).isTrue();
        assertThat(exchange.mayStray()).isTrue();
        assertThat(exchange.isStray()).isTrue();
        exchange.strayCame();
        assertThat(exchange.mayStray()).isFalse();
        assertThat(exchange.isStray()).isFalse();
        assertThat(exchange.settled()).isTrue();
    }

    @Test
    void a_reply_to_what_was_asked_behind_a_failed_copy_says_that_no_sync_is_answered_late() {
        failedCopy();
        exchange.querySent();
        assertThat(exchange.isStray()).as("a Query is not answered by ReadyForQuery alone").isTrue();
        exchange.statementEnded();
        assertThat(exchange.isStray()).isFalse();
        exchange.answered((byte) 'I');
        assertThat(exchange.mayStray()).isFalse();
    }

    @Test
    void a_lone_sync_behind_a_failed_copy_is_answered_before_a_late_answer_is_looked_for() {
        failedCopy();
        exchange.syncSent();
        assertThat(exchange.isStray()).isFalse();
        exchange.answered((byte) 'I');
        assertThat(exchange.isStray()).isTrue();
    }

    @Test
    void a_copy_that_took_its_data_leaves_no_answer_open() {
        exchange.messageSent();
        exchange.executeSent();
        exchange.syncSent();
        exchange.replied();
        exchange.copyInBegan();
        exchange.copyEndSent();
        exchange.syncSent();
        exchange.statementEnded();
        exchange.answered((byte) 'I');
        assertThat(exchange.mayStray()).isFalse();
    }

    @Test
    void a_plan_is_due_at_its_place_of_its_batch() {
        exchange.messageSent();
        exchange.expectOwnReply(null);
        exchange.messageSent();
        exchange.expectEffect("effect");
        exchange.executeSent();
        exchange.syncSent();
        assertThat(exchange.headIsDue()).isFalse();
        exchange.replied();
        assertThat(exchange.headIsDue()).isFalse();
        exchange.replied();
        assertThat(exchange.headIsDue()).isTrue();
        exchange.plan.removeHead();
        assertThat(exchange.headIsDue()).as("effects count completed statements").isFalse();
        exchange.statementEnded();
        assertThat(exchange.headIsDue()).isTrue();
    }

    @Test
    void a_refusal_is_due_where_the_error_comes() {
        exchange.messageSent();
        exchange.expectRefusal("why");
        exchange.messageSent();
        exchange.syncSent();
        assertThat(exchange.refusalDue()).as("the first message failed by itself").isNull();
        exchange.replied();
        assertThat(exchange.refusalDue()).isEqualTo("why");
    }

    @Test
    void a_full_plan_says_so() {
        for (int i = 0; i < ReplyPlan.ENTRIES_MAX; i++) {
            assertThat(exchange.full()).isFalse();
            exchange.expectOwnReply(null);
            exchange.messageSent();
        }
        assertThat(exchange.full()).isTrue();
    }
}
