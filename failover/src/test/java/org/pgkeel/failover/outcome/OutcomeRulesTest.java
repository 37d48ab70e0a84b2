package org.pgkeel.failover.outcome;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.outcome.CommitOutcome.Aborted;
import org.pgkeel.failover.outcome.CommitOutcome.Committed;
import org.pgkeel.failover.outcome.CommitOutcome.Reason;
import org.pgkeel.failover.outcome.CommitOutcome.Unknown;
import org.pgkeel.failover.outcome.Descent.Abandoned;
import org.pgkeel.failover.outcome.Descent.CleanRestart;
import org.pgkeel.failover.outcome.Descent.CrashRecovery;
import org.pgkeel.failover.outcome.Descent.PerhapsSameLife;
import org.pgkeel.failover.outcome.Descent.SameLife;
import org.pgkeel.failover.outcome.Descent.Switched;
import org.pgkeel.failover.outcome.Descent.Untold;
import org.pgkeel.failover.outcome.InFlight.Stage;
import org.pgkeel.failover.outcome.InFlight.StreamEnd;
import org.pgkeel.failover.outcome.Step.Decided;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;

class OutcomeRulesTest {
    private static final Origin ORIGIN = new Origin(new NodeAddress("pg1", 5432), 4, new Lifetime("start", "reset"));
    private static final Lsn BEFORE = new Lsn(999);
    private static final Lsn AT = new Lsn(1000);
    private static final Lsn BEHIND = new Lsn(1001);
    private static final TransactionMark MARK = new TransactionMark(77, AT);
    private static final Step ASK = new Step.AskStatus(77);
    private static final Step AGAIN = new Step.AskAgain(77);

    private static InFlight sent(Work work, StreamEnd end, Probe probe) {
        return new InFlight(ORIGIN, 1234, work, Stage.COMMIT_SENT, end, probe);
    }

    private static Step next(Work work, Descent descent, XactStatus status) {
        return OutcomeRules.next(sent(work, StreamEnd.BROKEN, Probe.answered(MARK)), Evidence.of(descent).with(status));
    }

    private static Step next(Descent descent, XactStatus status) {
        return next(Work.TRANSACTION, descent, status);
    }

    private static Decided committed(Reason reason) {
        return new Decided(new Committed(reason));
    }

    private static Decided aborted(Reason reason) {
        return new Decided(new Aborted(reason));
    }

    private static Decided unknown(Reason reason) {
        return new Decided(new Unknown(reason));
    }

    // --- case 1: the commit point was not sent

    @Test
    void what_was_not_asked_to_commit_is_aborted_however_the_stream_ended() {
        for (Work work : List.of(Work.TRANSACTION, Work.UNMARKED, Work.PREPARE, Work.COMMIT_PREPARED, Work.ROLLBACK_PREPARED)) {
            for (StreamEnd end : StreamEnd.values()) {
                for (Probe probe : List.of(new Probe.NotSent(), new Probe.Unanswered(), Probe.answered(MARK))) {
                    var lost = new InFlight(ORIGIN, 1234, work, Stage.COMMIT_NOT_SENT, end, probe);
                    assertThat(OutcomeRules.next(lost, Evidence.NONE)).isEqualTo(aborted(Reason.COMMIT_NOT_SENT));
                }
            }
        }
    }

    @Test
    void what_commits_inside_is_unknown_at_every_stage() {
        for (Stage stage : Stage.values()) {
            var lost = new InFlight(ORIGIN, 1234, Work.COMMITS_INSIDE, stage, StreamEnd.IN_ORDER, Probe.answered(MARK));
            assertThat(OutcomeRules.next(lost, Evidence.NONE)).isEqualTo(unknown(Reason.COMMITS_INSIDE));
        }
    }

    @Test
    void an_effect_without_an_xid_is_unknown_once_it_is_sent() {
        for (StreamEnd end : StreamEnd.values()) {
            assertThat(OutcomeRules.next(sent(Work.UNMARKED, end, new Probe.Answered(Optional.empty())), Evidence.NONE)).isEqualTo(unknown(Reason.UNMARKED));
        }
    }

    @Test
    void an_effect_without_an_xid_is_that_of_its_transaction_where_that_has_one() {
        for (Probe probe : List.of(new Probe.NotSent(), new Probe.Unanswered(), Probe.answered(MARK))) {
            for (StreamEnd end : StreamEnd.values()) {
                for (XactStatus status : XactStatus.values()) {
                    var found = new Evidence(Optional.of(new Switched(BEHIND)), Optional.of(status), Evidence.Backend.MAY_RUN);
                    assertThat(OutcomeRules.next(sent(Work.UNMARKED, end, probe), found)).isEqualTo(OutcomeRules.next(sent(Work.TRANSACTION, end, probe), found));
                }
            }
        }
    }

    // --- case 3: no mark

    @Test
    void without_a_probe_a_sent_commit_is_unknown_even_if_the_stream_ended_in_order() {
        for (StreamEnd end : StreamEnd.values()) {
            assertThat(OutcomeRules.next(sent(Work.TRANSACTION, end, new Probe.NotSent()), Evidence.NONE)).isEqualTo(unknown(Reason.NOT_PROBED));
        }
    }

    @Test
    void a_stream_that_ends_in_order_before_the_probes_answer_ends_before_the_commit() {
        assertThat(OutcomeRules.next(sent(Work.TRANSACTION, StreamEnd.IN_ORDER, new Probe.Unanswered()), Evidence.NONE)).isEqualTo(aborted(Reason.ENDED_BEFORE_MARK));
    }

    @Test
    void a_stream_that_broke_or_was_cut_before_the_probes_answer_says_nothing() {
        for (StreamEnd end : List.of(StreamEnd.BROKEN, StreamEnd.FENCED)) {
            assertThat(OutcomeRules.next(sent(Work.TRANSACTION, end, new Probe.Unanswered()), Evidence.NONE)).isEqualTo(unknown(Reason.MARK_NOT_RECEIVED));
        }
    }

    @Test
    void before_commit_prepared_goes_no_probe_so_the_order_proves_nothing() {
        for (Work work : List.of(Work.COMMIT_PREPARED, Work.ROLLBACK_PREPARED)) {
            assertThat(OutcomeRules.next(sent(work, StreamEnd.IN_ORDER, new Probe.Unanswered()), Evidence.NONE)).isEqualTo(unknown(Reason.MARK_NOT_RECEIVED));
        }
    }

    @Test
    void a_transaction_without_an_xid_has_nothing_to_commit() {
        var lost = sent(Work.TRANSACTION, StreamEnd.BROKEN, new Probe.Answered(Optional.empty()));
        assertThat(OutcomeRules.next(lost, Evidence.NONE)).isEqualTo(committed(Reason.NOTHING_WRITTEN));
    }

    // --- cases 2 and 4: the rule of the position

    @Test
    void with_a_mark_the_survivor_is_looked_for_first() {
        assertThat(OutcomeRules.next(sent(Work.TRANSACTION, StreamEnd.IN_ORDER, Probe.answered(MARK)), Evidence.NONE)).isEqualTo(new Step.FindSurvivor());
    }

    @Test
    void behind_the_switch_it_is_aborted_and_the_survivor_is_not_asked_though_it_would_say_committed() {
        for (Descent descent : List.of(new Switched(BEFORE), new CrashRecovery(BEFORE))) {
            assertThat(OutcomeRules.next(sent(Work.TRANSACTION, StreamEnd.BROKEN, Probe.answered(MARK)), Evidence.of(descent))).isEqualTo(aborted(Reason.BEYOND_SWITCH));
            assertThat(next(descent, XactStatus.COMMITTED)).as("the naive rule says committed").isEqualTo(aborted(Reason.BEYOND_SWITCH));
        }
    }

    @Test
    void at_the_switch_or_before_it_the_status_is_asked_and_is_the_truth() {
        for (Lsn end : List.of(AT, BEHIND)) {
            var descent = new Switched(end);
            assertThat(OutcomeRules.next(sent(Work.TRANSACTION, StreamEnd.BROKEN, Probe.answered(MARK)), Evidence.of(descent))).isEqualTo(ASK);
            assertThat(next(descent, XactStatus.COMMITTED)).isEqualTo(committed(Reason.STATUS));
            assertThat(next(descent, XactStatus.ABORTED)).as("by its position alone it would be committed").isEqualTo(aborted(Reason.STATUS));
        }
    }

    @Test
    void where_a_recovery_was_interrupted_an_xid_that_was_free_behind_it_is_anothers() {
        for (Lsn end : List.of(AT, BEHIND)) {
            assertThat(next(new CrashRecovery(end, Optional.of(new NodeAnswer.Checkpoint(4, end, true, 77))), XactStatus.COMMITTED)).isEqualTo(aborted(Reason.BEYOND_SWITCH));
            assertThat(next(new CrashRecovery(end, Optional.of(new NodeAnswer.Checkpoint(4, end, true, 78))), XactStatus.COMMITTED)).isEqualTo(new Step.ConfirmReplication());
        }
    }

    private static Step nextBehindCheckpoint(Lsn at, long nextXid) {
        return next(new Switched(BEHIND, Optional.of(new NodeAnswer.Checkpoint(4, at, true, nextXid))), XactStatus.COMMITTED);
    }

    /// MARK has xid 77.
    @Test
    void where_the_timeline_went_on_behind_a_crash_an_xid_that_was_free_there_is_anothers() {
        assertThat(nextBehindCheckpoint(BEHIND, 77)).isEqualTo(aborted(Reason.BEYOND_SWITCH));
        assertThat(nextBehindCheckpoint(BEHIND, 78)).as("it was saved").isEqualTo(committed(Reason.STATUS));
        assertThat(nextBehindCheckpoint(BEHIND, -1)).as("unsigned").isEqualTo(committed(Reason.STATUS));
        assertThat(nextBehindCheckpoint(new Lsn(840), 77)).as("in the checkpoint's place").isEqualTo(aborted(Reason.BEYOND_SWITCH));
        assertThat(nextBehindCheckpoint(new Lsn(832), 70)).as("a checkpoint of before").isEqualTo(committed(Reason.STATUS));
    }

    @Test
    void positions_compare_unsigned() {
        var far = new TransactionMark(77, new Lsn(-2));
        var lost = sent(Work.TRANSACTION, StreamEnd.BROKEN, Probe.answered(far));
        assertThat(OutcomeRules.next(lost, Evidence.of(new Switched(new Lsn(5))))).isEqualTo(aborted(Reason.BEYOND_SWITCH));
        assertThat(OutcomeRules.next(lost, Evidence.of(new Switched(new Lsn(-1))))).isEqualTo(ASK);
    }

    @Test
    void an_abandoned_timeline_takes_its_transactions_with_it() {
        assertThat(next(new Abandoned(), XactStatus.COMMITTED)).isEqualTo(aborted(Reason.TIMELINE_ABANDONED));
    }

    @Test
    void in_the_same_life_no_position_is_compared_and_a_running_transaction_is_waited_for() {
        assertThat(OutcomeRules.next(sent(Work.TRANSACTION, StreamEnd.BROKEN, Probe.answered(MARK)), Evidence.of(new SameLife()))).isEqualTo(ASK);
        assertThat(next(new SameLife(), XactStatus.IN_PROGRESS)).isEqualTo(AGAIN);
        assertThat(next(new SameLife(), XactStatus.NOT_ENDED)).isEqualTo(AGAIN);
        assertThat(next(new SameLife(), XactStatus.ABORTED)).isEqualTo(aborted(Reason.STATUS));
    }

    @Test
    void committed_on_its_own_server_it_is_acknowledged_when_the_synchronous_standbys_have_it() {
        for (Descent descent : List.of(new SameLife(), new CleanRestart(), new CrashRecovery(BEHIND))) {
            var lost = sent(Work.TRANSACTION, StreamEnd.BROKEN, Probe.answered(MARK));
            Evidence found = Evidence.of(descent).with(XactStatus.COMMITTED);
            assertThat(OutcomeRules.next(lost, found)).isEqualTo(new Step.ConfirmReplication());
        }
    }

    @Test
    void an_xid_that_the_survivor_has_not_seen_was_not_committed_there() {
        for (Descent descent : List.of(new CleanRestart(), new CrashRecovery(BEHIND), new Switched(BEHIND), new Untold(Reason.NO_SWITCH_POINT))) {
            assertThat(next(descent, XactStatus.NOT_ENDED)).isEqualTo(aborted(Reason.XID_NOT_SEEN));
        }
    }

    @Test
    void without_the_switch_point_only_committed_is_unknown() {
        for (Reason why : List.of(Reason.NO_SWITCH_POINT, Reason.CRASH_UNSEEN, Reason.TIMELINE_FORKED)) {
            assertThat(next(new Untold(why), XactStatus.COMMITTED)).isEqualTo(unknown(why));
            assertThat(next(new Untold(why), XactStatus.ABORTED)).isEqualTo(aborted(Reason.STATUS));
            assertThat(next(new Untold(why), XactStatus.IN_PROGRESS)).as("given out again").isEqualTo(aborted(Reason.XID_NOT_SEEN));
        }
        assertThat(next(new PerhapsSameLife(), XactStatus.COMMITTED)).isEqualTo(unknown(Reason.CRASH_UNSEEN));
        assertThat(next(new PerhapsSameLife(), XactStatus.IN_PROGRESS)).as("it may be itself").isEqualTo(AGAIN);
        assertThat(next(new PerhapsSameLife(), XactStatus.NOT_ENDED)).as("it may run").isEqualTo(AGAIN);
    }

    @Test
    void a_forgotten_status_is_unknown() {
        for (Descent descent : List.of(new SameLife(), new Switched(BEHIND), new Untold(Reason.NO_SWITCH_POINT))) {
            assertThat(next(descent, XactStatus.FORGOTTEN)).isEqualTo(unknown(Reason.STATUS_FORGOTTEN));
        }
    }

    // --- case 6: two-phase commit

    @Test
    void prepare_has_happened_if_the_transaction_is_prepared_or_was_committed_since() {
        assertThat(next(Work.PREPARE, new Switched(BEHIND), XactStatus.PREPARED)).isEqualTo(committed(Reason.PREPARED));
        assertThat(next(Work.PREPARE, new Switched(BEHIND), XactStatus.COMMITTED)).isEqualTo(committed(Reason.STATUS));
        assertThat(next(Work.PREPARE, new Switched(BEHIND), XactStatus.ABORTED)).isEqualTo(aborted(Reason.STATUS));
        assertThat(next(Work.PREPARE, new Switched(BEFORE), XactStatus.PREPARED)).isEqualTo(aborted(Reason.BEYOND_SWITCH));
        assertThat(next(Work.PREPARE, new SameLife(), XactStatus.PREPARED)).isEqualTo(new Step.ConfirmReplication());
        assertThat(next(Work.PREPARE, new Untold(Reason.NO_SWITCH_POINT), XactStatus.PREPARED)).isEqualTo(unknown(Reason.NO_SWITCH_POINT));
    }

    @Test
    void commit_prepared_has_not_happened_if_the_transaction_is_still_prepared_and_nobody_may_be_committing_it() {
        assertThat(next(Work.COMMIT_PREPARED, new Switched(BEHIND), XactStatus.PREPARED)).isEqualTo(aborted(Reason.STILL_PREPARED));
        assertThat(next(Work.COMMIT_PREPARED, new SameLife(), XactStatus.PREPARED)).isEqualTo(AGAIN);
        assertThat(next(Work.COMMIT_PREPARED, new Switched(BEHIND), XactStatus.COMMITTED)).isEqualTo(committed(Reason.STATUS));
    }

    @Test
    void nobody_may_be_ending_a_prepared_transaction_whose_backend_is_gone() {
        for (Work work : List.of(Work.COMMIT_PREPARED, Work.ROLLBACK_PREPARED)) {
            var lost = sent(work, StreamEnd.BROKEN, Probe.answered(MARK));
            assertThat(OutcomeRules.next(lost, Evidence.of(new SameLife()).with(XactStatus.PREPARED).with(Evidence.Backend.GONE))).isEqualTo(aborted(Reason.STILL_PREPARED));
            assertThat(OutcomeRules.next(lost, Evidence.of(new PerhapsSameLife()).with(XactStatus.PREPARED).with(Evidence.Backend.GONE))).as("of which run").isEqualTo(AGAIN);
        }
    }

    @Test
    void rollback_prepared_has_happened_if_the_prepared_transaction_is_aborted() {
        assertThat(next(Work.ROLLBACK_PREPARED, new Switched(BEHIND), XactStatus.PREPARED)).isEqualTo(aborted(Reason.STILL_PREPARED));
        assertThat(next(Work.ROLLBACK_PREPARED, new SameLife(), XactStatus.PREPARED)).isEqualTo(AGAIN);
        assertThat(next(Work.ROLLBACK_PREPARED, new Switched(BEHIND), XactStatus.ABORTED)).isEqualTo(committed(Reason.STATUS));
        assertThat(next(Work.ROLLBACK_PREPARED, new Switched(BEFORE), XactStatus.ABORTED)).isEqualTo(aborted(Reason.BEYOND_SWITCH));
        assertThat(next(Work.ROLLBACK_PREPARED, new SameLife(), XactStatus.ABORTED)).isEqualTo(new Step.ConfirmReplication());
        assertThat(next(Work.ROLLBACK_PREPARED, new Switched(BEHIND), XactStatus.COMMITTED)).as("by somebody else").isEqualTo(aborted(Reason.STATUS));
        for (XactStatus status : List.of(XactStatus.ABORTED, XactStatus.COMMITTED)) {
            assertThat(next(Work.ROLLBACK_PREPARED, new Untold(Reason.NO_SWITCH_POINT), status)).isEqualTo(unknown(Reason.NO_SWITCH_POINT));
        }
    }

    @Test
    void every_pair_has_its_step_and_a_commit_is_never_taken_from_a_position_alone() {
        var descents = List.of(new SameLife(), new CleanRestart(), new CrashRecovery(BEFORE), new CrashRecovery(AT), new Switched(BEFORE), new Switched(AT),
                new Abandoned(), new Untold(Reason.NO_SWITCH_POINT), new PerhapsSameLife());
        var wrong = new ArrayList<String>();
        for (Work work : List.of(Work.TRANSACTION, Work.PREPARE, Work.COMMIT_PREPARED, Work.ROLLBACK_PREPARED)) {
            for (Descent descent : descents) {
                for (XactStatus status : XactStatus.values()) {
                    Step step = OutcomeRules.next(sent(work, StreamEnd.BROKEN, Probe.answered(MARK)), Evidence.of(descent).with(status));
                    boolean saysCommitted = step instanceof Decided(Committed _) || step instanceof Step.ConfirmReplication;
                    boolean mayBe = status == (work == Work.ROLLBACK_PREPARED ? XactStatus.ABORTED : XactStatus.COMMITTED) || work == Work.PREPARE && status == XactStatus.PREPARED;
                    if (saysCommitted && !mayBe) wrong.add(work + " " + descent + " " + status);
                    if (work != Work.ROLLBACK_PREPARED && status == XactStatus.COMMITTED && step instanceof Decided(Aborted(var reason)) && reason != Reason.BEYOND_SWITCH && reason != Reason.TIMELINE_ABANDONED) {
                        wrong.add(work + " " + descent + " " + status);
                    }
                }
            }
        }
        assertThat(wrong).isEmpty();
    }
}
