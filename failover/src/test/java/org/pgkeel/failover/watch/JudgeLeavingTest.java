package org.pgkeel.failover.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.failover.watch.SeenCluster.ASKED;
import static org.pgkeel.failover.watch.SeenCluster.N1;
import static org.pgkeel.failover.watch.SeenCluster.primary;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.patroni.MemberStatus.Mark;
import org.pgkeel.failover.patroni.MemberStatus.Role;
import org.pgkeel.failover.patroni.MemberStatus.State;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.probe.NodeReply;

/// When a primary is not served any more though it takes writes: it is being switched over, has lost its key, or was deposed.
class JudgeLeavingTest {
    private final SeenCluster seen = new SeenCluster();

    @Test
    void a_switchover_is_noticed_before_the_server_goes() {
        seen.rest("n1", 200, State.STOPPING, Role.PRIMARY);
        assertThat(seen.verdict()).isInstanceOf(Verdict.Leaving.class);
        seen.rest("n1", 503, State.RUNNING, Role.DEMOTED);
        assertThat(seen.verdict()).isInstanceOf(Verdict.Deposed.class);
    }

    @Test
    void a_leader_whose_key_is_lost_is_held_although_it_takes_writes() {
        seen.rest("n1", 200, State.RUNNING, Role.PRIMARY, Mark.CLUSTER_UNLOCKED);
        seen.document("-");
        assertThat(seen.verdict()).isInstanceOf(Verdict.Leaving.class);
        seen.restSilent("n1", PatroniAnswer.Kind.UNREACHABLE);
        assertThat(seen.verdict()).as("its Patroni was killed, and its lease has ended").isInstanceOf(Verdict.Deposed.class);
    }

    @Test
    void right_after_a_promotion_patroni_may_say_what_was_before() {
        seen.document("-");
        seen.incumbent = Optional.of(new PrimaryWatch.Known(N1, ASKED - Judge.PROMOTION_LAG.toNanos() + 1));
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
        seen.incumbent = Optional.of(new PrimaryWatch.Known(N1, ASKED - Judge.PROMOTION_LAG.toNanos()));
        assertThat(seen.verdict()).isInstanceOf(Verdict.Deposed.class);
    }

    @Test
    void one_member_that_still_names_the_leader_is_enough_for_it() {
        seen.document("-");
        seen.another("n1", false, Optional.empty());
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
    }

    @Test
    void the_leader_serves_past_the_time_of_its_scheduled_switchover_until_it_is_being_stopped() {
        seen.document("n1", false, Optional.of(Instant.parse("2026-11-22T10:00:00Z")));
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
        seen.rest("n1", 200, State.STOPPING, Role.PRIMARY);
        assertThat(seen.verdict()).isInstanceOf(Verdict.Leaving.class);
    }

    @Test
    void while_its_lease_may_end_a_leader_whose_patroni_is_silent_is_nobody_if_no_map_is_to_be_had() {
        seen.documents.clear();
        seen.restSilent("n1", PatroniAnswer.Kind.UNREACHABLE);
        assertThat(seen.verdict()).as("silence alone is no contradiction").isEqualTo(new Verdict.Serves(N1));
        seen.namedSince = ASKED;
        assertThat(seen.verdict()).isInstanceOf(Verdict.Leaving.class);
    }

    @Test
    void while_its_lease_may_end_a_leader_whose_patroni_is_silent_needs_to_be_named_right_now() {
        seen.restSilent("n1", PatroniAnswer.Kind.UNREACHABLE);
        seen.namedSince = ASKED;
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
        seen.namedSince = ASKED + 1;
        assertThat(seen.verdict()).isInstanceOf(Verdict.Leaving.class);
    }

    /// Its sessions may go on, and what they commit is lost.
    @Test
    void who_is_deposed_while_it_answers_no_question_is_deposed_all_the_same() {
        seen.document("n2");
        for (NodeReply.Kind kind : List.of(NodeReply.Kind.TIMEOUT, NodeReply.Kind.DENIED, NodeReply.Kind.NONSENSE)) {
            seen.silent("n1", kind, 3);
            assertThat(seen.verdict()).as("%s", kind).isInstanceOf(Verdict.Deposed.class);
        }
        for (NodeReply.Kind kind : List.of(NodeReply.Kind.LOST, NodeReply.Kind.REFUSED)) {
            seen.silent("n1", kind, 3);
            assertThat(seen.verdict()).as("its sessions have ended: %s", kind).isInstanceOf(Verdict.Gone.class);
            assertThat(seen.judgement().deposed()).as("and it has to be named again before it serves").isTrue();
        }
    }

    @Test
    void who_was_deposed_does_not_come_back_because_nobody_speaks_any_more() {
        seen.contradicted = true;
        seen.notBefore = ASKED;
        seen.restSilent("n1", PatroniAnswer.Kind.UNREACHABLE);
        seen.documents.clear();
        assertThat(seen.verdict()).isEqualTo(new Verdict.Undecided());
        seen.document("n1");
        assertThat(seen.verdict()).as("it is named again").isEqualTo(new Verdict.Serves(N1));
        seen.notBefore = ASKED + 1;
        seen.writableAt("n1", ASKED + 1);
        assertThat(seen.verdict()).as("it was named before it went").isEqualTo(new Verdict.Undecided());
        seen.leads("n2", 4);
        seen.document("n2");
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
    }

    @Test
    void who_was_deposed_comes_back_by_its_own_word_only_in_failsafe_mode_and_in_pause() {
        seen.contradicted = true;
        seen.documents.clear();
        seen.rest("n1", 200, State.RUNNING, Role.PRIMARY);
        assertThat(seen.verdict()).as("a zombie says the same").isEqualTo(new Verdict.Undecided());
        seen.rest("n1", 200, State.RUNNING, Role.PRIMARY, Mark.CLUSTER_UNLOCKED, Mark.FAILSAFE_ACTIVE);
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
        seen.rest("n1", 200, State.RUNNING, Role.PRIMARY, Mark.PAUSED);
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
    }
}
