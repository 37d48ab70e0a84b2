package org.pgkeel.failover.outcome;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.failover.outcome.CommitOutcome.Reason;
import org.pgkeel.failover.outcome.Descent.CrashRecovery;
import org.pgkeel.failover.outcome.Descent.SameLife;
import org.pgkeel.failover.outcome.Descent.Switched;
import org.pgkeel.failover.outcome.Descent.Untold;
import org.pgkeel.failover.outcome.NodeAnswer.Standby;
import org.pgkeel.failover.outcome.NodeAnswer.Writable;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;

class SightingsTest extends SeenRuns {
    // --- the same server

    @Test
    void the_same_life_is_recognised() {
        assertThat(descent(PG1, FIRST, new Writable(4, Optional.empty()))).isEqualTo(new SameLife());
    }

    @Test
    void a_start_time_that_changed_alone_is_a_clean_restart() {
        assertThat(descent(PG1, new Lifetime("10:05", "reset 1"), new Writable(4, Optional.empty()))).isEqualTo(new Descent.CleanRestart());
    }

    @Test
    void a_crash_that_was_seen_from_both_sides_ends_where_its_recovery_ended() {
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        after(100);
        sightings.refused(PG1, nowMillis * 1_000_000, nowMillis * 1_000_000);
        after(900);
        assertThat(descent(PG1, new Lifetime("10:05", "reset 2"), writes(4))).isEqualTo(new CrashRecovery(S));
    }

    @Test
    void after_a_time_without_a_look_a_second_crash_may_have_gone_unseen() {
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        after(1100);
        assertThat(descent(PG1, new Lifetime("10:05", "reset 2"), writes(4))).isEqualTo(new Untold(Reason.CRASH_UNSEEN));
    }

    @Test
    void a_question_that_was_answered_is_a_look() {
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        after(1100);
        sightings.alive(ORIGIN, nowMillis * 1_000_000);
        after(900);
        assertThat(descent(PG1, new Lifetime("10:05", "reset 2"), writes(4))).isEqualTo(new CrashRecovery(S));
    }

    @Test
    void a_question_from_before_the_last_look_makes_up_for_nothing() {
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        after(1100);
        sightings.refused(PG1, nowMillis * 1_000_000, nowMillis * 1_000_000);
        sightings.alive(ORIGIN, (nowMillis - 100) * 1_000_000);
        after(100);
        assertThat(descent(PG1, new Lifetime("10:05", "reset 2"), writes(4))).isEqualTo(new Untold(Reason.CRASH_UNSEEN));
    }

    @Test
    void of_two_crashes_the_first_recovery_counts() {
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        after(100);
        seen(PG1, new Lifetime("10:05", "reset 2"), new Writable(4, Optional.of(new Lsn(4000))));
        after(100);
        assertThat(descent(PG1, new Lifetime("10:06", "reset 3"), writes(4))).isEqualTo(new CrashRecovery(new Lsn(4000)));
    }

    @Test
    void a_crash_and_a_clean_restart_that_hid_it_are_not_told_apart_from_worse() {
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        after(100);
        assertThat(descent(PG1, new Lifetime("10:05", "reset 2"), new Writable(4, Optional.empty()))).isEqualTo(new Untold(Reason.CRASH_UNSEEN));
    }

    @Test
    void statistics_reset_by_hand_are_no_crash() {
        seen(PG1, FIRST, new Writable(4, Optional.of(new Lsn(300))));
        after(100);
        assertThat(descent(PG1, new Lifetime("10:00", "reset 2"), new Writable(4, Optional.of(new Lsn(300))))).isEqualTo(new SameLife());
        assertThat(descent(PG1, new Lifetime("10:00", "reset 3"), new Writable(4, Optional.empty()))).as("never recovered").isEqualTo(new SameLife());
    }

    @Test
    void a_crash_under_the_same_postmaster_moves_the_end_of_recovery() {
        seen(PG1, FIRST, new Writable(4, Optional.of(new Lsn(300))));
        after(100);
        assertThat(descent(PG1, new Lifetime("10:00", "reset 2"), writes(4))).isEqualTo(new CrashRecovery(S));
    }

    @Test
    void reset_by_hand_or_a_crash_that_is_not_known_if_nobody_had_looked_before() {
        assertThat(descent(PG1, new Lifetime("10:00", "reset 2"), writes(4))).isEqualTo(new Descent.PerhapsSameLife());
    }

    @Test
    void another_server_on_a_timeline_of_the_same_number_is_a_fork() {
        assertThat(descent(PG2, OTHER, writes(4))).isEqualTo(new Untold(Reason.TIMELINE_FORKED));
    }

    @Test
    void a_fork_that_was_seen_to_be_made_has_nothing_of_the_other_timeline() {
        seen(PG2, OTHER, new Standby(3));
        assertThat(descent(PG2, OTHER, writes(4))).isEqualTo(new Descent.Abandoned());
    }

    /// Its transactions may run yet: none may be run again before it is known how they ended.
    @Test
    void a_server_that_is_reached_at_another_address_goes_on_with_what_it_had_begun() {
        assertThat(descent(PG2, FIRST, new Writable(4, Optional.empty()))).isEqualTo(new SameLife());
        assertThat(descent(PG3, FIRST, writes(4))).isEqualTo(new SameLife());
    }

    @Test
    void one_server_under_two_addresses_is_no_fork() {
        Lifetime reset = new Lifetime(FIRST.postmasterStart(), "reset by hand");
        seen(PG2, reset, new Standby(3));
        assertThat(descent(PG2, reset, writes(4))).isEqualTo(new Descent.PerhapsSameLife());
    }

    @Test
    void addresses_that_came_and_went_do_not_keep_a_new_one_from_being_known() {
        for (int i = 0; i < 200; i++) {
            seen(new NodeAddress("10.0.0." + i, 5432), new Lifetime("10:00", "reset " + i), new Standby(4));
            after(10);
        }
        seen(PG2, OTHER, new Standby(4));
        assertThat(descent(PG2, OTHER, writes(5))).isEqualTo(new Switched(S));
    }

    @Test
    void of_a_run_that_nobody_knows_a_fork_tells_nothing() {
        seen(PG2, OTHER, new Standby(3));
        seen(PG2, OTHER, writes(4));
        assertThat(sightings.descent(new Origin(PG1, 4, Lifetime.UNKNOWN), PG2, OTHER, writes(4), NO_HISTORY)).isEqualTo(new Untold(Reason.TIMELINE_FORKED));
    }

    // --- a promotion

    @Test
    void a_standby_that_followed_the_timeline_and_writes_the_next_left_it_where_its_recovery_ended() {
        seen(PG2, OTHER, new Standby(4));
        assertThat(descent(PG2, OTHER, writes(5))).isEqualTo(new Switched(S));
    }

    @Test
    void a_standby_that_names_its_new_timeline_right_before_it_leaves_recovery_still_came_from_the_old_one() {
        seen(PG2, OTHER, new Standby(4));
        seen(PG2, OTHER, new Standby(5));
        assertThat(descent(PG2, OTHER, writes(5))).isEqualTo(new Switched(S));
    }

    @Test
    void a_standby_that_was_seen_only_at_the_end_of_recovery_proves_nothing() {
        seen(PG2, OTHER, new Standby(3));
        seen(PG2, OTHER, new Standby(5));
        assertThat(descent(PG2, OTHER, writes(5))).isEqualTo(new Untold(Reason.NO_SWITCH_POINT));
    }

    @Test
    void a_standby_that_was_last_seen_on_an_older_timeline_proves_nothing() {
        seen(PG2, OTHER, new Standby(3));
        assertThat(descent(PG2, OTHER, writes(5))).as("it may have missed the switch to 4, and branched off 3").isEqualTo(new Untold(Reason.NO_SWITCH_POINT));
    }

    @Test
    void a_standby_that_does_not_tell_its_timeline_proves_nothing() {
        seen(PG2, OTHER, new Standby(0));
        assertThat(descent(PG2, OTHER, writes(5))).isEqualTo(new Untold(Reason.NO_SWITCH_POINT));
    }

    @Test
    void a_server_that_was_not_seen_in_recovery_in_this_life_proves_nothing() {
        seen(PG2, new Lifetime("08:00", "reset 8"), new Standby(4));
        assertThat(descent(PG2, OTHER, writes(5))).isEqualTo(new Untold(Reason.NO_SWITCH_POINT));
    }

    @Test
    void with_a_timeline_between_its_end_of_recovery_is_not_the_switch() {
        seen(PG2, OTHER, new Standby(4));
        assertThat(descent(PG2, OTHER, writes(6))).isEqualTo(new Untold(Reason.NO_SWITCH_POINT));
    }

    @Test
    void two_switches_that_were_both_seen_lead_back_to_the_first() {
        seen(PG2, OTHER, new Standby(4));
        seen(PG2, OTHER, new Writable(5, Optional.of(new Lsn(4000))));
        Lifetime third = new Lifetime("07:00", "reset 7");
        seen(PG3, third, new Standby(5));
        assertThat(descent(PG3, third, writes(6))).isEqualTo(new Switched(new Lsn(4000)));
    }

    @Test
    void a_standby_that_missed_the_switch_and_branched_off_earlier_abandons_the_timeline() {
        seen(PG3, OTHER, new Standby(3));
        assertThat(descent(PG3, OTHER, writes(4))).as("a second timeline 4").isEqualTo(new Descent.Abandoned());
        Lifetime second = new Lifetime("06:00", "reset 6");
        seen(PG2, second, new Standby(3));
        seen(PG2, second, new Writable(4, Optional.of(S)));
        assertThat(sightings.descent(new Origin(PG1, 2, FIRST), PG1, FIRST, writes(6), NO_HISTORY)).isEqualTo(new Untold(Reason.NO_SWITCH_POINT));
    }

    @Test
    void a_lower_timeline_abandons_the_higher_one() {
        assertThat(descent(PG2, OTHER, writes(3))).isEqualTo(new Descent.Abandoned());
    }

    @Test
    void what_the_old_server_wrote_after_a_crash_of_its_own_bounds_the_switch() {
        seen(PG1, FIRST, new Writable(4, Optional.empty()));
        after(100);
        seen(PG1, new Lifetime("10:05", "reset 2"), new Writable(4, Optional.of(new Lsn(4000))));
        seen(PG2, OTHER, new Standby(4));
        after(100);
        assertThat(descent(PG2, OTHER, writes(5))).as("xids behind 4000 were given out twice on timeline 4").isEqualTo(new Switched(new Lsn(4000)));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 40})
    void statistics_reset_by_hand_are_no_crash_when_another_server_takes_over(int resets) {
        seen(PG1, FIRST, new Writable(4, Optional.of(new Lsn(300))));
        seen(PG2, OTHER, new Standby(4));
        for (int reset = 2; reset <= resets; reset++) seen(PG1, new Lifetime("10:00", "reset " + reset), new Writable(4, Optional.of(new Lsn(300))));
        after(100);
        assertThat(descent(PG2, OTHER, writes(5))).isEqualTo(new Switched(S));
    }

    @Test
    void statistics_reset_by_hand_are_no_crash_when_one_comes_behind_them() {
        seen(PG1, FIRST, new Writable(4, Optional.of(new Lsn(300))));
        seen(PG1, new Lifetime("10:00", "reset 2"), new Writable(4, Optional.of(new Lsn(300))));
        after(100);
        assertThat(descent(PG1, new Lifetime("10:05", "reset 3"), writes(4))).isEqualTo(new CrashRecovery(S));
    }

    @Test
    void a_crash_under_the_same_postmaster_is_one_though_statistics_were_reset_before() {
        seen(PG1, FIRST, new Writable(4, Optional.of(new Lsn(300))));
        seen(PG1, new Lifetime("10:00", "reset 2"), new Writable(4, Optional.of(new Lsn(300))));
        seen(PG2, OTHER, new Standby(4));
        after(100);
        seen(PG1, new Lifetime("10:00", "reset 3"), new Writable(4, Optional.of(new Lsn(4000))));
        after(100);
        assertThat(descent(PG2, OTHER, writes(5))).isEqualTo(new Switched(new Lsn(4000)));
    }

    @Test
    void a_run_that_nobody_has_seen_may_have_crashed_before_the_one_that_was_seen() {
        seen(PG1, new Lifetime("10:05", "reset 2"), new Writable(4, Optional.of(new Lsn(4000))));
        seen(PG2, OTHER, new Standby(4));
        after(100);
        assertThat(descent(PG2, OTHER, writes(5))).isEqualTo(new Untold(Reason.CRASH_UNSEEN));
    }

    /// PG2 was promoted to 5 at 5000, PG3, which had replayed 4 only to 150, to 6.
    @Test
    void who_takes_over_may_have_seen_less_than_its_predecessor() {
        Lifetime third = new Lifetime("07:00", "reset 7");
        seen(PG2, OTHER, new Standby(4));
        seen(PG2, OTHER, writes(5));
        seen(PG3, third, new Standby(5));
        Writable late = new Writable(6, Optional.of(new Lsn(150)));
        assertThat(descent(PG3, third, late)).isEqualTo(new Switched(new Lsn(150)));
        var history = new TimelineHistory(6, List.of(new TimelineHistory.Ending(4, S), new TimelineHistory.Ending(5, new Lsn(150))));
        assertThat(sightings.descent(ORIGIN, PG3, third, late, Optional.of(history))).isEqualTo(new Switched(new Lsn(150)));
    }

    // --- a history

    /// As Patroni's, where `max_timelines_history` is set.
    @Test
    void a_history_that_does_not_go_back_far_enough_tells_nothing_of_what_was_before() {
        var cut = new TimelineHistory(6, List.of(new TimelineHistory.Ending(5, new Lsn(50))));
        assertThat(sightings.descent(ORIGIN, PG3, OTHER, writes(6), Optional.of(cut))).isEqualTo(new Untold(Reason.NO_SWITCH_POINT));
        seen(PG2, OTHER, new Standby(4));
        seen(PG2, OTHER, new Writable(5, Optional.of(new Lsn(40))));
        Lifetime third = new Lifetime("07:00", "reset 7");
        seen(PG3, third, new Standby(5));
        seen(PG3, third, writes(6));
        assertThat(sightings.descent(ORIGIN, PG3, third, writes(6), Optional.of(cut))).as("what was seen").isEqualTo(new Switched(new Lsn(40)));
    }

    @Test
    void a_history_tells_where_the_timeline_was_left_whoever_the_survivor_is() {
        var history = new TimelineHistory(7, List.of(new TimelineHistory.Ending(4, new Lsn(42)), new TimelineHistory.Ending(6, new Lsn(50))));
        assertThat(sightings.descent(ORIGIN, PG3, OTHER, writes(7), Optional.of(history))).isEqualTo(new Switched(new Lsn(42)));
        assertThat(sightings.descent(new Origin(PG1, 5, FIRST), PG3, OTHER, writes(7), Optional.of(history))).as("5 is no ancestor of 7").isEqualTo(new Descent.Abandoned());
        assertThat(sightings.descent(ORIGIN, PG3, OTHER, writes(8), Optional.of(history))).as("it is the history of 7").isEqualTo(new Untold(Reason.NO_SWITCH_POINT));
    }
}
