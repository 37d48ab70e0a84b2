package org.pgkeel.failover.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.failover.watch.SeenCluster.ASKED;
import static org.pgkeel.failover.watch.SeenCluster.N1;
import static org.pgkeel.failover.watch.SeenCluster.primary;

import java.util.List;
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
import org.pgkeel.failover.watch.MemberEvidence.Rest;

/// What is believed when Patroni or PostgreSQL says nothing, or Patroni says that it does not lead: pause, failsafe mode, no answers, no Patroni.
class JudgeSilenceTest {
    private final SeenCluster seen = new SeenCluster();

    @Test
    void in_pause_mode_a_leader_without_a_key_goes_on() {
        seen.rest("n1", 200, State.RUNNING, Role.PRIMARY, Mark.CLUSTER_UNLOCKED, Mark.PAUSED);
        seen.document("-", true, Optional.empty());
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
    }

    @Test
    void in_failsafe_mode_the_leader_goes_on_without_its_dcs() {
        seen.rest("n1", 200, State.RUNNING, Role.PRIMARY, Mark.CLUSTER_UNLOCKED, Mark.FAILSAFE_ACTIVE);
        seen.documents.clear();   // /cluster closes the connection without an answer
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
    }

    @Test
    void silence_of_patroni_alone_is_no_contradiction() {
        for (String name : List.of("n1", "n2", "n3")) seen.restSilent(name, PatroniAnswer.Kind.NONSENSE);
        seen.documents.clear();
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
        assertThat(seen.alarms()).containsExactly(Alarm.Kind.PATRONI_SILENT);
    }

    @Test
    void when_nobody_s_patroni_answers_at_the_start_nobody_is_served() {
        seen.nobodyYet();
        for (String name : List.of("n1", "n2", "n3")) seen.restSilent(name, PatroniAnswer.Kind.TIMEOUT);
        seen.documents.clear();
        assertThat(seen.verdict()).isNotInstanceOf(Verdict.Serves.class);
    }

    @Test
    void one_question_without_an_answer_is_not_worth_a_hold_and_two_are() {
        seen.silent("n1", NodeReply.Kind.TIMEOUT, 1);
        assertThat(seen.verdict()).isEqualTo(new Verdict.Undecided());
        seen.silent("n1", NodeReply.Kind.TIMEOUT, 2);
        assertThat(seen.verdict()).isInstanceOf(Verdict.Gone.class);
    }

    @ParameterizedTest
    @EnumSource(value = NodeReply.Kind.class, names = {"LOST", "REFUSED", "DENIED", "NONSENSE"})
    void a_server_that_answers_no_question_is_gone_at_once(NodeReply.Kind kind) {
        seen.silent("n1", kind, 1);
        assertThat(seen.verdict()).isInstanceOf(Verdict.Gone.class);
    }

    @Test
    void a_full_server_lives_and_stays_the_primary_however_long_it_is_full() {
        seen.silent("n1", NodeReply.Kind.FULL, 1000);
        assertThat(seen.verdict()).isEqualTo(new Verdict.Lives());
        seen.notBefore = ASKED + 1;
        assertThat(seen.verdict()).as("it was full before the doubt").isEqualTo(new Verdict.Undecided());
    }

    @Test
    void a_full_server_is_not_the_primary_against_patroni_s_word() {
        seen.silent("n1", NodeReply.Kind.FULL, 1);
        seen.document("n2");
        assertThat(seen.verdict()).isInstanceOf(Verdict.Deposed.class);
        seen.leads("n2", 4);
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
    }

    @Test
    void a_full_server_that_was_never_seen_to_take_writes_is_no_primary() {
        seen.nobodyYet();
        seen.silent("n1", NodeReply.Kind.FULL, 1);
        assertThat(seen.verdict()).isInstanceOf(Verdict.Gone.class);
    }

    @Test
    void what_was_asked_before_the_doubt_says_nothing() {
        seen.notBefore = ASKED + 1;
        assertThat(seen.verdict()).isEqualTo(new Verdict.Undecided());
        seen.silent("n1", NodeReply.Kind.LOST, 5);
        assertThat(seen.verdict()).isEqualTo(new Verdict.Undecided());
        seen.leads("n2", 4);
        seen.document("n2");
        assertThat(seen.verdict()).as("another one on a new timeline does").isEqualTo(new Verdict.Serves(primary("n2", 4)));
    }

    @Test
    void a_member_that_is_gone_takes_its_primary_with_it_and_one_that_appears_may_be_it() {
        seen.members.remove("n1");
        assertThat(seen.verdict()).isInstanceOf(Verdict.Gone.class);
        seen.leads("n4", 4);
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(primary("n4", 4)));
    }

    @Test
    void without_patroni_postgresql_s_own_word_is_enough() {
        seen.source = Evidence.Source.NODES;
        seen.documents.clear();
        for (String name : List.of("n1", "n2", "n3")) seen.members.put(name, seen.member(name).with(new Rest.NotAsked()));
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
        seen.writable("n2", 4);
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
    }

    @Test
    void without_patroni_all_have_to_have_answered_before_the_first_primary_is_believed() {
        seen.source = Evidence.Source.NODES;
        seen.documents.clear();
        for (String name : List.of("n1", "n2", "n3")) seen.members.put(name, MemberEvidence.of(name, SeenCluster.address(name)));
        seen.nobodyYet();
        seen.writable("n1", 3);
        assertThat(seen.verdict()).as("a zombie that answers first").isEqualTo(new Verdict.Undecided());
        seen.timelineUsed = 4;
        assertThat(seen.verdict()).as("after a reload").isEqualTo(new Verdict.Undecided());
        assertThat(seen.alarms()).isEmpty();
        seen.timelineUsed = 0;
        seen.silent("n3", NodeReply.Kind.TIMEOUT, 1);
        assertThat(seen.verdict()).isEqualTo(new Verdict.Undecided());
        seen.writable("n2", 4);
        assertThat(seen.verdict()).as("no answer is one").isEqualTo(new Verdict.Serves(primary("n2", 4)));
    }

    @Test
    void without_patroni_a_primary_that_there_was_waits_for_nobody_but_who_has_been_listed_since() {
        seen.source = Evidence.Source.NODES;
        seen.documents.clear();
        seen.silent("n3", NodeReply.Kind.TIMEOUT, 7);
        assertThat(seen.verdict()).as("down from the start").isEqualTo(new Verdict.Serves(N1));
        seen.members.put("n2", MemberEvidence.of("n2", SeenCluster.address("n2")));
        assertThat(seen.verdict()).as("n2 may have replaced it").isEqualTo(new Verdict.Undecided());
        seen.silent("n2", NodeReply.Kind.TIMEOUT, 1);
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(N1));
    }

    @Test
    void without_patroni_of_those_that_have_been_listed_since_who_was_replaced_gets_nothing_if_it_answers_first() {
        seen.source = Evidence.Source.NODES;
        seen.documents.clear();
        seen.silent("n1", NodeReply.Kind.REFUSED, 7);
        seen.writable("n2", 4);
        seen.members.put("n3", MemberEvidence.of("n3", SeenCluster.address("n3")));
        assertThat(seen.verdict()).isEqualTo(new Verdict.Undecided());
        seen.writable("n3", 5);
        assertThat(seen.verdict()).isEqualTo(new Verdict.Serves(primary("n3", 5)));
    }
}
