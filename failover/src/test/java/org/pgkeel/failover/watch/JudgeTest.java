package org.pgkeel.failover.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.failover.patroni.ClusterDocument;
import org.pgkeel.failover.patroni.MemberStatus;
import org.pgkeel.failover.patroni.MemberStatus.Mark;
import org.pgkeel.failover.patroni.MemberStatus.Role;
import org.pgkeel.failover.patroni.MemberStatus.State;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.Alarm;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.failover.watch.MemberEvidence.Rest;

/// What is believed of Patroni and PostgreSQL, trap by trap as real clusters set them. n1 is primary on timeline 3 unless a test says otherwise; it was
/// found at second 0, and all that is said was asked at second 100.
class JudgeTest {
    private static final long ASKED = seconds(100);
    private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
    private static final Primary N1 = primary("n1", 3);

    private final Map<String, MemberEvidence> members = new LinkedHashMap<>();
    private final List<Evidence.Document> documents = new ArrayList<>();
    private Optional<PrimaryWatch.Known> incumbent = Optional.of(new PrimaryWatch.Known(N1, 0));
    private int timelineUsed = 3;
    private long notBefore = Evidence.NEVER;
    private long namedSince = Evidence.NEVER;
    private boolean contradicted;
    private Judge.Regression regression = Judge.Regression.HOLD;
    private Evidence.Source source = Evidence.Source.PATRONI;

    JudgeTest() {
        leads("n1", 3);
        follows("n2", 3);
        follows("n3", 3);
        document("n1");
    }

    // --- words for what is seen

    private static long seconds(long seconds) {
        return Duration.ofSeconds(seconds).toNanos();
    }

    private static NodeAddress address(String name) {
        return new NodeAddress("db-" + name, 5432);
    }

    private static Lifetime life(String name) {
        return new Lifetime("start of " + name, "reset of " + name);
    }

    private static Primary primary(String name, int timeline) {
        return new Primary(name, address(name), timeline, life(name));
    }

    private MemberEvidence member(String name) {
        return members.computeIfAbsent(name, each -> MemberEvidence.of(each, address(each)));
    }

    private void sql(String name, NodeReply reply) {
        members.put(name, member(name).with(new MemberEvidence.Sql.Said(ASKED, reply, 1)));
    }

    private void writable(String name, int timeline) {
        sql(name, new NodeReply.Writable(timeline, life(name), new Lsn(1000)));
    }

    private void writableAt(String name, long askedNanos) {
        members.put(name, member(name).with(new MemberEvidence.Sql.Said(askedNanos, new NodeReply.Writable(3, life(name), new Lsn(1000)), 1)));
    }

    private void standby(String name, int timeline) {
        sql(name, new NodeReply.Standby(timeline, life(name), Optional.of(new Lsn(1000))));
    }

    private void silent(String name, NodeReply.Kind kind, int inARow) {
        members.put(name, member(name).with(new MemberEvidence.Sql.Said(ASKED, new NodeReply.Silent(kind, "nothing"), inARow)));
    }

    private void rest(String name, int code, State state, Role role, Mark... marks) {
        Set<Mark> all = marks.length == 0 ? Set.of() : EnumSet.copyOf(List.of(marks));
        members.put(name, member(name).with(new Rest.Said(ASKED, new MemberStatus(name, "demo", state, role, 3, Lsn.ZERO, all, Map.of()), code == 200, Set.of())));
    }

    private void restSilent(String name, PatroniAnswer.Kind kind) {
        members.put(name, member(name).with(new Rest.Silent(ASKED, kind, seconds(90))));
    }

    private void leads(String name, int timeline) {
        writable(name, timeline);
        rest(name, 200, State.RUNNING, Role.PRIMARY);
    }

    private void follows(String name, int timeline) {
        standby(name, timeline);
        rest(name, 503, State.RUNNING, Role.REPLICA);
    }

    private void document(String leader) {
        document(leader, false, Optional.empty());
    }

    /// @param leader `-` for nobody
    private void document(String leader, boolean paused, Optional<Instant> switchover) {
        documents.clear();
        another(leader, paused, switchover);
    }

    private void another(String leader, boolean paused, Optional<Instant> switchover) {
        List<ClusterDocument.Member> all = List.of("n1", "n2", "n3").stream().map(name -> new ClusterDocument.Member(name,
                name.equals(leader) ? ClusterDocument.Role.LEADER : ClusterDocument.Role.REPLICA, Optional.of(address(name)), Optional.empty(), 3, Map.of())).toList();
        documents.add(new Evidence.Document(ASKED, new ClusterDocument("demo", all, paused, switchover)));
    }

    private Judge.Judgement judgement() {
        return Judge.judge(new Judge.Case(new Evidence(source, List.copyOf(members.values()), documents), incumbent, timelineUsed, notBefore, namedSince, contradicted, regression));
    }

    private Verdict verdict() {
        return judgement().verdict();
    }

    private List<Alarm.Kind> alarms() {
        return judgement().alarms().stream().map(Alarm::kind).toList();
    }

    private void nobodyYet() {
        incumbent = Optional.empty();
        timelineUsed = 0;
    }

    // --- all is well

    @Test
    void who_takes_writes_and_is_backed_serves() {
        assertThat(verdict()).isEqualTo(new Verdict.Serves(N1));
        assertThat(alarms()).isEmpty();
        nobodyYet();
        assertThat(verdict()).isEqualTo(new Verdict.Serves(N1));
    }

    @Test
    void at_the_start_a_writable_server_that_nobody_backs_is_not_believed() {
        nobodyYet();
        rest("n1", 503, State.RUNNING, Role.REPLICA);
        document("-");
        assertThat(verdict()).isInstanceOf(Verdict.Gone.class);
        assertThat(alarms()).containsExactly(Alarm.Kind.UNKNOWN_PRIMARY);
    }

    // --- 200 before writable, and after

    @Test
    void a_new_leader_that_answers_200_and_is_still_in_recovery_is_not_served_yet() {
        silent("n1", NodeReply.Kind.LOST, 3);
        restSilent("n1", PatroniAnswer.Kind.UNREACHABLE);
        standby("n2", 3);
        rest("n2", 200, State.RUNNING, Role.REPLICA);
        document("n2");
        assertThat(verdict()).isInstanceOf(Verdict.Gone.class);
        writable("n2", 4);
        assertThat(verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
    }

    @Test
    void a_new_leader_that_takes_writes_before_its_200_is_served_as_soon_as_its_body_or_the_document_says_so() {
        silent("n1", NodeReply.Kind.LOST, 3);
        writable("n2", 4);
        rest("n2", 503, State.RUNNING, Role.PRIMARY, Mark.CLUSTER_UNLOCKED);   // ZooKeeper: up to 1.4 s
        document("-");
        assertThat(verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
        rest("n2", 503, State.RUNNING, Role.REPLICA);
        document("n2");
        assertThat(verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
    }

    @ParameterizedTest
    @EnumSource(value = State.class, names = {"STOPPING", "UNKNOWN", "CRASHED", "STARTING"})
    void an_old_leader_that_answers_200_while_its_server_is_dead_is_not_served(State state) {
        silent("n1", NodeReply.Kind.LOST, 1);
        rest("n1", 200, state, Role.PRIMARY);
        assertThat(verdict()).isNotInstanceOf(Verdict.Serves.class).isNotInstanceOf(Verdict.Undecided.class);
    }

    @Test
    void a_leader_that_restarts_in_place_is_another_server_on_the_same_timeline() {
        var reborn = new Lifetime("later", "other");
        sql("n1", new NodeReply.Writable(3, reborn, new Lsn(2000)));
        assertThat(verdict()).isEqualTo(new Verdict.Serves(new Primary("n1", address("n1"), 3, reborn)));
        rest("n1", 200, State.STARTING, Role.REPLICA);
        document("-");
        assertThat(verdict()).as("nobody backs it yet").isInstanceOf(Verdict.Gone.class);
    }

    // --- two writable primaries

    @Test
    void of_two_writable_primaries_the_higher_timeline_wins_and_the_other_gets_nothing() {
        restSilent("n1", PatroniAnswer.Kind.TIMEOUT);   // Patroni killed or suspended, PostgreSQL alive
        leads("n2", 4);
        document("n2");
        assertThat(verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
        assertThat(alarms()).containsExactly(Alarm.Kind.TWO_PRIMARIES);
    }

    @Test
    void a_zombie_that_still_calls_itself_leader_does_not_get_its_place_back() {
        incumbent = Optional.of(new PrimaryWatch.Known(primary("n2", 4), 0));
        timelineUsed = 4;
        leads("n2", 4);
        document("n2");
        assertThat(verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
        silent("n2", NodeReply.Kind.LOST, 3);
        restSilent("n2", PatroniAnswer.Kind.UNREACHABLE);
        assertThat(verdict()).as("its own word on an old timeline is not enough").isNotInstanceOf(Verdict.Serves.class);
    }

    @Test
    void two_claims_on_one_timeline_are_served_to_nobody() {
        nobodyYet();
        leads("n2", 3);
        assertThat(verdict()).isInstanceOf(Verdict.Blocked.class);
        assertThat(alarms()).contains(Alarm.Kind.TWO_PRIMARIES_ON_ONE_TIMELINE);
    }

    @Test
    void one_server_under_two_addresses_is_one() {
        source = Evidence.Source.NODES;
        nobodyYet();
        sql("n2", new NodeReply.Writable(3, life("n1"), new Lsn(1000)));
        assertThat(verdict()).isEqualTo(new Verdict.Serves(N1));
        assertThat(alarms()).isEmpty();
    }

    // --- the timeline goes back

    @Test
    void a_leader_on_a_lower_timeline_than_one_that_was_used_is_held_and_followed_only_by_rule() {
        incumbent = Optional.of(new PrimaryWatch.Known(primary("n2", 4), 0));
        timelineUsed = 4;
        silent("n2", NodeReply.Kind.LOST, 3);
        rest("n2", 503, State.STOPPING, Role.DEMOTED);
        assertThat(verdict()).isInstanceOfSatisfying(Verdict.Blocked.class, blocked -> assertThat(blocked.alarm().kind()).isEqualTo(Alarm.Kind.TIMELINE_WENT_BACK));
        regression = Judge.Regression.FOLLOW;
        assertThat(verdict()).isEqualTo(new Verdict.Serves(N1));
    }

    @Test
    void the_new_primary_is_deposed_when_the_old_one_takes_the_lock_back_though_it_takes_writes() {
        incumbent = Optional.of(new PrimaryWatch.Known(primary("n2", 4), 0));
        timelineUsed = 4;
        writable("n2", 4);
        rest("n2", 503, State.RUNNING, Role.PRIMARY);
        assertThat(verdict()).as("etcd v3 and Patroni 3.0.2").isInstanceOfSatisfying(Verdict.Blocked.class, blocked -> assertThat(blocked.alarm().kind()).isEqualTo(Alarm.Kind.TIMELINE_WENT_BACK));
    }

    // --- going

    @Test
    void a_switchover_is_noticed_before_the_server_goes() {
        rest("n1", 200, State.STOPPING, Role.PRIMARY);
        assertThat(verdict()).isInstanceOf(Verdict.Leaving.class);
        rest("n1", 503, State.RUNNING, Role.DEMOTED);
        assertThat(verdict()).isInstanceOf(Verdict.Deposed.class);
    }

    @Test
    void a_leader_whose_key_is_lost_is_held_although_it_takes_writes() {
        rest("n1", 200, State.RUNNING, Role.PRIMARY, Mark.CLUSTER_UNLOCKED);
        document("-");
        assertThat(verdict()).isInstanceOf(Verdict.Leaving.class);
        restSilent("n1", PatroniAnswer.Kind.UNREACHABLE);
        assertThat(verdict()).as("its Patroni was killed, and its lease has ended").isInstanceOf(Verdict.Deposed.class);
    }

    @Test
    void right_after_a_promotion_patroni_may_say_what_was_before() {
        document("-");
        incumbent = Optional.of(new PrimaryWatch.Known(N1, ASKED - Judge.PROMOTION_LAG.toNanos() + 1));
        assertThat(verdict()).isEqualTo(new Verdict.Serves(N1));
        incumbent = Optional.of(new PrimaryWatch.Known(N1, ASKED - Judge.PROMOTION_LAG.toNanos()));
        assertThat(verdict()).isInstanceOf(Verdict.Deposed.class);
    }

    @Test
    void one_member_that_still_names_the_leader_is_enough_for_it() {
        document("-");
        another("n1", false, Optional.empty());
        assertThat(verdict()).isEqualTo(new Verdict.Serves(N1));
    }

    @Test
    void the_leader_serves_past_the_time_of_its_scheduled_switchover_until_it_is_being_stopped() {
        document("n1", false, Optional.of(NOW));
        assertThat(verdict()).isEqualTo(new Verdict.Serves(N1));
        rest("n1", 200, State.STOPPING, Role.PRIMARY);
        assertThat(verdict()).isInstanceOf(Verdict.Leaving.class);
    }

    @Test
    void while_its_lease_may_end_a_leader_whose_patroni_is_silent_is_nobody_if_no_map_is_to_be_had() {
        documents.clear();
        restSilent("n1", PatroniAnswer.Kind.UNREACHABLE);
        assertThat(verdict()).as("silence alone is no contradiction").isEqualTo(new Verdict.Serves(N1));
        namedSince = ASKED;
        assertThat(verdict()).isInstanceOf(Verdict.Leaving.class);
    }

    @Test
    void while_its_lease_may_end_a_leader_whose_patroni_is_silent_needs_to_be_named_right_now() {
        restSilent("n1", PatroniAnswer.Kind.UNREACHABLE);
        namedSince = ASKED;
        assertThat(verdict()).isEqualTo(new Verdict.Serves(N1));
        namedSince = ASKED + 1;
        assertThat(verdict()).isInstanceOf(Verdict.Leaving.class);
    }

    @Test
    void who_was_deposed_does_not_come_back_because_nobody_speaks_any_more() {
        contradicted = true;
        notBefore = ASKED;
        restSilent("n1", PatroniAnswer.Kind.UNREACHABLE);
        documents.clear();
        assertThat(verdict()).isEqualTo(new Verdict.Undecided());
        document("n1");
        assertThat(verdict()).as("it is named again").isEqualTo(new Verdict.Serves(N1));
        notBefore = ASKED + 1;
        writableAt("n1", ASKED + 1);
        assertThat(verdict()).as("it was named before it went").isEqualTo(new Verdict.Undecided());
        leads("n2", 4);
        document("n2");
        assertThat(verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
    }

    @Test
    void who_was_deposed_comes_back_by_its_own_word_only_in_failsafe_mode_and_in_pause() {
        contradicted = true;
        documents.clear();
        rest("n1", 200, State.RUNNING, Role.PRIMARY);
        assertThat(verdict()).as("a zombie says the same").isEqualTo(new Verdict.Undecided());
        rest("n1", 200, State.RUNNING, Role.PRIMARY, Mark.CLUSTER_UNLOCKED, Mark.FAILSAFE_ACTIVE);
        assertThat(verdict()).isEqualTo(new Verdict.Serves(N1));
        rest("n1", 200, State.RUNNING, Role.PRIMARY, Mark.PAUSED);
        assertThat(verdict()).isEqualTo(new Verdict.Serves(N1));
    }

    // --- pause, failsafe, silence

    @Test
    void in_pause_mode_a_leader_without_a_key_goes_on() {
        rest("n1", 200, State.RUNNING, Role.PRIMARY, Mark.CLUSTER_UNLOCKED, Mark.PAUSED);
        document("-", true, Optional.empty());
        assertThat(verdict()).isEqualTo(new Verdict.Serves(N1));
    }

    @Test
    void in_failsafe_mode_the_leader_goes_on_without_its_dcs() {
        rest("n1", 200, State.RUNNING, Role.PRIMARY, Mark.CLUSTER_UNLOCKED, Mark.FAILSAFE_ACTIVE);
        documents.clear();   // /cluster closes the connection without an answer
        assertThat(verdict()).isEqualTo(new Verdict.Serves(N1));
    }

    @Test
    void silence_of_patroni_alone_is_no_contradiction() {
        for (String name : List.of("n1", "n2", "n3")) restSilent(name, PatroniAnswer.Kind.NONSENSE);
        documents.clear();
        assertThat(verdict()).isEqualTo(new Verdict.Serves(N1));
        assertThat(alarms()).containsExactly(Alarm.Kind.PATRONI_SILENT);
    }

    @Test
    void when_nobody_s_patroni_answers_at_the_start_nobody_is_served() {
        nobodyYet();
        for (String name : List.of("n1", "n2", "n3")) restSilent(name, PatroniAnswer.Kind.TIMEOUT);
        documents.clear();
        assertThat(verdict()).isNotInstanceOf(Verdict.Serves.class);
    }

    @Test
    void one_question_without_an_answer_is_not_worth_a_hold_and_two_are() {
        silent("n1", NodeReply.Kind.TIMEOUT, 1);
        assertThat(verdict()).isEqualTo(new Verdict.Undecided());
        silent("n1", NodeReply.Kind.TIMEOUT, 2);
        assertThat(verdict()).isInstanceOf(Verdict.Gone.class);
    }

    @ParameterizedTest
    @EnumSource(value = NodeReply.Kind.class, names = {"LOST", "REFUSED", "DENIED", "NONSENSE"})
    void a_server_that_answers_no_question_is_gone_at_once(NodeReply.Kind kind) {
        silent("n1", kind, 1);
        assertThat(verdict()).isInstanceOf(Verdict.Gone.class);
    }

    @Test
    void what_was_asked_before_the_doubt_says_nothing() {
        notBefore = ASKED + 1;
        assertThat(verdict()).isEqualTo(new Verdict.Undecided());
        silent("n1", NodeReply.Kind.LOST, 5);
        assertThat(verdict()).isEqualTo(new Verdict.Undecided());
        leads("n2", 4);
        document("n2");
        assertThat(verdict()).as("another one on a new timeline does").isEqualTo(new Verdict.Serves(primary("n2", 4)));
    }

    @Test
    void a_member_that_is_gone_takes_its_primary_with_it_and_one_that_appears_may_be_it() {
        members.remove("n1");
        assertThat(verdict()).isInstanceOf(Verdict.Gone.class);
        leads("n4", 4);
        assertThat(verdict()).isEqualTo(new Verdict.Serves(primary("n4", 4)));
    }

    @Test
    void without_patroni_postgresql_s_own_word_is_enough() {
        source = Evidence.Source.NODES;
        documents.clear();
        for (String name : List.of("n1", "n2", "n3")) members.put(name, member(name).with(new Rest.NotAsked()));
        assertThat(verdict()).isEqualTo(new Verdict.Serves(N1));
        writable("n2", 4);
        assertThat(verdict()).isEqualTo(new Verdict.Serves(primary("n2", 4)));
    }

    // --- laws over anything that members may say

    /// Nobody is served who did not say itself that it takes writes; never one of two on the same timeline; never below a timeline that was used, and
    /// never a server whose Patroni is stopping it.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whatever_is_said_a_verdict_keeps_the_laws(long seed) {
        var random = new SplittableRandom(seed);
        for (int round = 0; round < 5_000; round++) {
            for (String name : List.of("n1", "n2", "n3")) {
                switch (random.nextInt(4)) {
                    case 0 -> writable(name, 2 + random.nextInt(4));
                    case 1 -> standby(name, 2 + random.nextInt(4));
                    case 2 -> silent(name, NodeReply.Kind.values()[random.nextInt(5)], 1 + random.nextInt(3));
                    default -> members.put(name, member(name).with(new MemberEvidence.Sql.NotAsked()));
                }
                Mark[] marks = EnumSet.allOf(Mark.class).stream().filter(_ -> random.nextInt(4) == 0).toArray(Mark[]::new);
                if (random.nextInt(4) == 0) restSilent(name, PatroniAnswer.Kind.values()[random.nextInt(PatroniAnswer.Kind.values().length)]);
                else rest(name, random.nextBoolean() ? 200 : 503, State.values()[random.nextInt(5)], Role.values()[random.nextInt(5)], marks);
            }
            documents.clear();
            for (int i = random.nextInt(3); i > 0; i--) another(List.of("n1", "n2", "n3", "-").get(random.nextInt(4)), random.nextInt(5) == 0, Optional.empty());
            timelineUsed = random.nextInt(5);
            contradicted = random.nextBoolean();
            notBefore = random.nextBoolean() ? Evidence.NEVER : ASKED + random.nextInt(3) - 1;
            incumbent = random.nextBoolean() ? Optional.empty() : Optional.of(new PrimaryWatch.Known(N1, random.nextBoolean() ? 0 : ASKED));
            if (!(verdict() instanceof Verdict.Serves(var served))) continue;
            String what = "seed %d, round %d: %s of %s, %s".formatted(seed, round, served, members.values(), documents);
            MemberEvidence its = members.get(served.name());
            assertThat(its.sql()).as(what).isInstanceOfSatisfying(MemberEvidence.Sql.Said.class, said -> assertThat(said.reply()).isInstanceOf(NodeReply.Writable.class));
            assertThat(served.timeline()).as(what).isGreaterThanOrEqualTo(timelineUsed);
            if (its.rest() instanceof Rest.Said(_, var status, _, _)) {
                assertThat(status.state()).as(what).isNotEqualTo(State.STOPPING);
                if (incumbent.isPresent() && served.equals(N1) && contradicted && documents.isEmpty()) assertThat(status.marks()).as(what).containsAnyOf(Mark.FAILSAFE_ACTIVE, Mark.PAUSED);
                if (incumbent.isPresent() && served.equals(N1)) assertThat(status.role()).as(what).isNotEqualTo(Role.DEMOTED);
            }
        }
    }
}
