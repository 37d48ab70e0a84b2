package org.pgkeel.failover.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.failover.watch.SeenCluster.ASKED;
import static org.pgkeel.failover.watch.SeenCluster.N1;
import static org.pgkeel.failover.watch.SeenCluster.address;
import static org.pgkeel.failover.watch.SeenCluster.life;
import static org.pgkeel.failover.watch.SeenCluster.primary;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgkeel.failover.patroni.MemberStatus.Mark;
import org.pgkeel.failover.patroni.MemberStatus.Role;
import org.pgkeel.failover.patroni.MemberStatus.State;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.Alarm;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.Primary;

/// Who is believed to take writes, of what Patroni and PostgreSQL say, trap by trap as real clusters set them.
class JudgeTest {
    private final SeenCluster seen = new SeenCluster();

    // --- all is well

    @Test
    void who_takes_writes_and_is_backed_serves() {
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
        assertThat(seen.alarms()).isEmpty();
        seen.nobodyYet();
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
    }

    @Test
    void at_the_start_a_writable_server_that_nobody_backs_is_not_believed() {
        seen.nobodyYet();
        seen.rest("n1", 503, State.RUNNING, Role.REPLICA);
        seen.document("-");
        assertThat(seen.verdict()).isInstanceOf(Verdict.Gone.class);
        assertThat(seen.alarms()).containsExactly(Alarm.Kind.UNKNOWN_PRIMARY);
    }

    // --- 200 before writable, and after

    @Test
    void a_new_leader_that_answers_200_and_is_still_in_recovery_is_not_served_yet() {
        seen.silent("n1", NodeReply.Kind.LOST, 3);
        seen.restSilent("n1", PatroniAnswer.Kind.UNREACHABLE);
        seen.standby("n2", 3);
        seen.rest("n2", 200, State.RUNNING, Role.REPLICA);
        seen.document("n2");
        assertThat(seen.verdict()).isInstanceOf(Verdict.Gone.class);
        seen.writable("n2", 4);
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
    }

    @Test
    void a_new_leader_that_takes_writes_before_its_200_is_served_as_soon_as_its_body_or_the_document_says_so() {
        seen.silent("n1", NodeReply.Kind.LOST, 3);
        seen.writable("n2", 4);
        seen.rest("n2", 503, State.RUNNING, Role.PRIMARY, Mark.CLUSTER_UNLOCKED);   // ZooKeeper: up to 1.4 s
        seen.document("-");
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
        seen.rest("n2", 503, State.RUNNING, Role.REPLICA);
        seen.document("n2");
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
    }

    @ParameterizedTest
    @EnumSource(value = State.class, names = {"STOPPING", "UNKNOWN", "CRASHED", "STARTING"})
    void an_old_leader_that_answers_200_while_its_server_is_dead_is_not_served(State state) {
        seen.silent("n1", NodeReply.Kind.LOST, 1);
        seen.rest("n1", 200, state, Role.PRIMARY);
        assertThat(seen.verdict()).isNotInstanceOf(Verdict.Serves.class).isNotInstanceOf(Verdict.Undecided.class);
    }

    @Test
    void a_leader_that_restarts_in_place_is_another_server_on_the_same_timeline() {
        var reborn = new Lifetime("later", "other");
        seen.sql("n1", new NodeReply.Writable(3, reborn, new Lsn(2000)));
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(new Primary("n1", address("n1"), 3, reborn)));
        seen.rest("n1", 200, State.STARTING, Role.REPLICA);
        seen.document("-");
        assertThat(seen.verdict()).as("nobody backs it yet").isInstanceOf(Verdict.Gone.class);
    }

    // --- two writable primaries

    @Test
    void of_two_writable_primaries_the_higher_timeline_wins_and_the_other_gets_nothing() {
        seen.restSilent("n1", PatroniAnswer.Kind.TIMEOUT);   // Patroni killed or suspended, PostgreSQL alive
        seen.leads("n2", 4);
        seen.document("n2");
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
        assertThat(seen.alarms()).containsExactly(Alarm.Kind.TWO_PRIMARIES);
    }

    @Test
    void a_zombie_that_still_calls_itself_leader_does_not_get_its_place_back() {
        seen.incumbent = Optional.of(new PrimaryWatch.Known(primary("n2", 4), 0));
        seen.timelineUsed = 4;
        seen.leads("n2", 4);
        seen.document("n2");
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
        seen.silent("n2", NodeReply.Kind.LOST, 3);
        seen.restSilent("n2", PatroniAnswer.Kind.UNREACHABLE);
        assertThat(seen.verdict()).as("its own word on an old timeline is not enough").isNotInstanceOf(Verdict.Serves.class);
    }

    @Test
    void two_claims_on_one_timeline_are_served_to_nobody() {
        seen.nobodyYet();
        seen.leads("n2", 3);
        assertThat(seen.verdict()).isInstanceOf(Verdict.Blocked.class);
        assertThat(seen.alarms()).contains(Alarm.Kind.TWO_PRIMARIES_ON_ONE_TIMELINE);
    }

    @Test
    void one_server_under_two_addresses_is_one() {
        seen.source = Evidence.Source.NODES;
        seen.nobodyYet();
        seen.sql("n2", new NodeReply.Writable(3, life("n1"), new Lsn(1000)));
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
        assertThat(seen.alarms()).isEmpty();
    }

    // --- a server that somebody promoted beside the leader

    /// Patroni calls every server that is not in recovery a primary, until it demotes it again, and what was written there is gone.
    private void promoteN2ByHand() {
        seen.writable("n2", 4);
        seen.rest("n2", 503, State.RUNNING, Role.PRIMARY);
    }

    @Test
    void a_server_that_was_promoted_by_hand_gets_nothing_while_the_leader_is_well() {
        promoteN2ByHand();
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
        assertThat(seen.alarms()).containsExactlyInAnyOrder(Alarm.Kind.TWO_PRIMARIES, Alarm.Kind.UNKNOWN_PRIMARY);
        seen.document("n1", true, Optional.empty());
        assertThat(seen.verdict()).as("in pause Patroni leaves it as it is").isEqualTo(new Verdict.Serves(N1));
        seen.nobodyYet();
        assertThat(seen.verdict()).as("at the start").isEqualTo(new Verdict.Serves(N1));
    }

    @Test
    void a_server_that_was_promoted_by_hand_gets_nothing_while_the_leader_has_not_answered_yet() {
        promoteN2ByHand();
        seen.notBefore = ASKED + 1;
        assertThat(seen.verdict()).as("it is doubted").isEqualTo(new Verdict.Undecided());
        seen.notBefore = Evidence.NEVER;
        seen.silent("n1", NodeReply.Kind.TIMEOUT, 1);
        assertThat(seen.verdict()).as("it is late once").isEqualTo(new Verdict.Undecided());
        seen.silent("n1", NodeReply.Kind.LOST, 1);
        assertThat(seen.verdict()).as("its open connection has ended").isInstanceOf(Verdict.Gone.class);
        seen.silent("n1", NodeReply.Kind.FULL, 7);
        assertThat(seen.verdict()).as("it is full").isEqualTo(new Verdict.Lives());
        seen.nobodyYet();
        seen.members.put("n1", MemberEvidence.of("n1", address("n1")));
        assertThat(seen.verdict()).as("at the start").isInstanceOf(Verdict.Gone.class);
    }

    @ParameterizedTest
    @EnumSource(value = NodeReply.Kind.class, names = {"LOST", "REFUSED", "DENIED", "NONSENSE"})
    void its_own_word_is_enough_for_the_new_primary_as_soon_as_the_server_of_the_leader_is_dead(NodeReply.Kind kind) {
        promoteN2ByHand();
        seen.silent("n1", kind, 2);
        assertThat(seen.verdict()).as("the leader key lasts for a while").isEqualTo(new Verdict.Serves(primary("n2", 4)));
    }

    @Test
    void its_own_word_is_enough_for_the_new_primary_where_the_leader_is_silent_is_being_stopped_or_has_lost_its_key() {
        promoteN2ByHand();
        var promoted = new Verdict.Serves(primary("n2", 4));
        seen.silent("n1", NodeReply.Kind.TIMEOUT, 2);
        assertThat(seen.verdict()).isEqualTo(promoted);
        seen.standby("n1", 3);
        assertThat(seen.verdict()).isEqualTo(promoted);
        seen.writable("n1", 3);
        seen.restSilent("n1", PatroniAnswer.Kind.UNREACHABLE);
        seen.document("-");
        assertThat(seen.verdict()).isEqualTo(promoted);
        seen.document("n1");
        seen.rest("n1", 200, State.STOPPING, Role.PRIMARY);
        assertThat(seen.verdict()).isEqualTo(promoted);
        seen.rest("n1", 200, State.RUNNING, Role.PRIMARY);
        seen.document("-");
        assertThat(seen.verdict()).isEqualTo(promoted);
    }

    @Test
    void one_late_answer_of_the_leaders_patroni_gives_a_server_that_was_promoted_by_hand_nothing() {
        promoteN2ByHand();
        for (PatroniAnswer.Kind kind : PatroniAnswer.Kind.values()) {
            seen.restSilent("n1", kind);
            assertThat(seen.verdict()).as("the others name it, and it takes writes: %s", kind).isEqualTo(new Verdict.Serves(N1));
        }
    }

    // --- the timeline goes back

    @Test
    void a_leader_on_a_lower_timeline_than_one_that_was_used_is_held_and_followed_only_by_rule() {
        seen.incumbent = Optional.of(new PrimaryWatch.Known(primary("n2", 4), 0));
        seen.timelineUsed = 4;
        seen.silent("n2", NodeReply.Kind.LOST, 3);
        seen.rest("n2", 503, State.STOPPING, Role.DEMOTED);
        assertThat(seen.verdict()).isInstanceOfSatisfying(Verdict.Blocked.class, blocked -> assertThat(blocked.alarm().kind()).isEqualTo(Alarm.Kind.TIMELINE_WENT_BACK));
        seen.regression = Judge.Regression.FOLLOW;
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
    }

    @Test
    void the_new_primary_is_deposed_when_the_old_one_takes_the_lock_back_though_it_takes_writes() {
        seen.incumbent = Optional.of(new PrimaryWatch.Known(primary("n2", 4), 0));
        seen.timelineUsed = 4;
        seen.writable("n2", 4);
        seen.rest("n2", 503, State.RUNNING, Role.PRIMARY);
        assertThat(seen.verdict()).as("etcd v3 and Patroni 3.0.2").isInstanceOfSatisfying(Verdict.Blocked.class, blocked -> assertThat(blocked.alarm().kind()).isEqualTo(Alarm.Kind.TIMELINE_WENT_BACK));
    }

    @Test
    void who_was_deposed_on_a_higher_timeline_does_not_get_its_place_back_from_the_leader_that_was_followed_down() {
        promoteN2ByHand();
        seen.incumbent = Optional.of(new PrimaryWatch.Known(N1, ASKED));
        seen.regression = Judge.Regression.FOLLOW;
        assertThat(seen.verdict()).as("its Patroni has not demoted it yet").isEqualTo(new Verdict.Serves(N1));
    }
}
