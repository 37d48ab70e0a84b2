package org.pgkeel.failover.outcome;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.outcome.CommitOutcome.Reason;
import org.pgkeel.failover.outcome.Descent.CrashRecovery;
import org.pgkeel.failover.outcome.Descent.Switched;
import org.pgkeel.failover.outcome.Descent.Untold;
import org.pgkeel.failover.outcome.NodeAnswer.Standby;
import org.pgkeel.failover.outcome.NodeAnswer.Writable;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;

/// A server goes on behind a crash after a recovery that nobody could watch: what its checkpoint tells of it.
class UnseenRecoveriesTest extends SeenRuns {
    /// Behind a crash.
    private static final Lifetime RESTARTED = new Lifetime("10:05", "reset 2");

    /// Patroni recovers a primary that has crashed in single-user mode before it starts it as a standby.
    @Test
    void a_recovery_that_nobody_could_see_is_told_by_its_checkpoint() {
        var resumed = new NodeAnswer.Checkpoint(4, new Lsn(900), true, 77);
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        seen(PG1, RESTARTED, new Standby(4), resumed);
        seen(PG1, RESTARTED, new Standby(4), new NodeAnswer.Checkpoint(4, new Lsn(950), true, 99));
        assertThat(descent(PG1, RESTARTED, writes(5))).isEqualTo(new Switched(S, Optional.of(resumed)));
        var third = new Lifetime("11:00", "reset 9");
        seen(PG2, third, new Standby(4));
        assertThat(descent(PG2, third, writes(5))).as("who followed it from there").isEqualTo(new Switched(S, Optional.of(resumed)));
        var fourth = new Lifetime("11:30", "reset 10");
        seen(PG3, fourth, new Standby(4));
        assertThat(descent(PG3, fourth, new Writable(5, Optional.of(new Lsn(900))))).as("who had left the timeline before").isEqualTo(new Switched(new Lsn(900)));
    }

    @Test
    void a_recovery_of_the_server_itself_is_not_taken_for_granted() {
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        seen(PG1, RESTARTED, new Standby(4));
        assertThat(descent(PG1, RESTARTED, writes(5))).isEqualTo(new Untold(Reason.CRASH_UNSEEN));
    }

    @Test
    void a_checkpoint_of_before_says_that_the_timeline_did_not_go_on() {
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        seen(PG1, RESTARTED, new Standby(4), new NodeAnswer.Checkpoint(3, new Lsn(10), true, 50));
        assertThat(descent(PG1, RESTARTED, writes(5))).isEqualTo(new Switched(S));
    }

    /// As where its container is made anew around its data.
    @Test
    void a_server_that_comes_back_at_another_address_is_asked_where_it_went_on() {
        var resumed = new NodeAnswer.Checkpoint(4, new Lsn(900), true, 77);
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        seen(PG2, OTHER, new Standby(4), resumed);
        assertThat(descent(PG2, OTHER, writes(5))).isEqualTo(new Switched(S, Optional.of(resumed)));
        var history = new TimelineHistory(5, List.of(new TimelineHistory.Ending(4, S)));
        assertThat(sightings.descent(ORIGIN, PG2, OTHER, writes(5), Optional.of(history))).isEqualTo(new Switched(S, Optional.of(resumed)));
        var third = new Lifetime("11:00", "reset 9");
        seen(PG3, third, new Standby(5));
        assertThat(descent(PG3, third, new Writable(6, Optional.of(new Lsn(6000))))).as("and promoted another one").isEqualTo(new Switched(S, Optional.of(resumed)));
    }

    /// It had made its checkpoint, and nobody could look.
    @Test
    void a_recovery_that_was_interrupted_is_told_by_the_checkpoint_of_the_next_one() {
        var resumed = new NodeAnswer.Checkpoint(4, S, true, 77);
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        after(100);
        seen(PG1, RESTARTED, writes(4), resumed);
        assertThat(descent(PG1, RESTARTED, writes(4))).isEqualTo(new CrashRecovery(S, Optional.of(resumed)));
        seen(PG2, OTHER, new Standby(4));
        assertThat(descent(PG2, OTHER, new Writable(5, Optional.of(new Lsn(9000))))).isEqualTo(new Switched(S, Optional.of(resumed)));
    }

    @Test
    void a_run_that_had_made_its_own_timeline_when_it_was_seen_first_does_not_say_where_the_one_before_went_on() {
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        seen(PG1, RESTARTED, writes(5), new NodeAnswer.Checkpoint(5, new Lsn(6000), true, 99));
        var history = new TimelineHistory(5, List.of(new TimelineHistory.Ending(4, S)));
        assertThat(sightings.descent(ORIGIN, PG1, RESTARTED, writes(5), Optional.of(history))).isEqualTo(new Untold(Reason.CRASH_UNSEEN));
    }

    /// What is written while a checkpoint is made is saved, though its xid is not below that which the checkpoint names.
    @Test
    void a_checkpoint_that_was_made_while_others_wrote_loses_nothing() {
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        seen(PG1, RESTARTED, new Standby(4), new NodeAnswer.Checkpoint(4, new Lsn(900), false, 77));
        assertThat(descent(PG1, RESTARTED, writes(5))).isEqualTo(new Switched(S));
    }

    /// PG1 crashed twice, and nobody looked at the run between, which is the origin's.
    @Test
    void a_checkpoint_of_a_crash_before_a_run_that_nobody_has_seen_is_none_behind_it() {
        seen(PG1, new Lifetime("09:00", "reset 0"), new Standby(4), new NodeAnswer.Checkpoint(4, new Lsn(700), true, 60));
        seen(PG1, RESTARTED, new Standby(4));
        assertThat(descent(PG1, RESTARTED, writes(5))).isEqualTo(new Untold(Reason.CRASH_UNSEEN));
    }

    @Test
    void a_run_that_nobody_has_seen_did_not_crash_if_its_statistics_were_kept() {
        seen(PG1, new Lifetime("09:00", "reset 0"), new Standby(4), new NodeAnswer.Checkpoint(4, new Lsn(700), true, 60));
        var restarted = new Lifetime("10:05", FIRST.statsReset());
        seen(PG1, restarted, new Standby(4));
        assertThat(descent(PG1, restarted, writes(5))).isEqualTo(new Switched(S));
    }

    @Test
    void a_clean_restart_on_the_way_to_a_new_timeline_loses_nothing() {
        var restarted = new Lifetime("10:05", FIRST.statsReset());
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        seen(PG1, restarted, new Standby(4));
        assertThat(descent(PG1, restarted, writes(5))).isEqualTo(new Switched(S));
    }
}
