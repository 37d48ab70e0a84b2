package org.pgkeel.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.config.RouteRule;
import org.pgkeel.proxy.config.RouteRule.Consistency;
import org.pgkeel.proxy.config.RouteRule.OrElse;
import org.pgkeel.proxy.config.RouteRule.Role;
import org.pgkeel.proxy.config.RouteRule.To;
import org.pgkeel.proxy.config.RouteRule.When;
import org.pgkeel.proxy.route.ReplicaChoice.Unfit;

class ReplicaChoiceTest {
    private record Node(NodeAddress address, long incarnation, boolean primary, Set<String> endpoints, Map<String, String> tags, long lagBytes,
                        long freshAsOf, int outstanding, boolean recentlyFailed) implements Candidate {}

    private static final When ALWAYS = new When(Set.of(), Set.of(), Set.of(), List.of(), Set.of(), Set.of(), Set.of(), Set.of(), List.of());
    private static final NodeAddress A = new NodeAddress("a", 5432);
    private static final NodeAddress B = new NodeAddress("b", 5432);
    private static final NodeAddress P = new NodeAddress("p", 5432);
    private static final long NEVER = Candidate.UNKNOWN;

    private static RouteRule rule(To to, Role role, Map<String, String> tags, Consistency consistency) {
        return new RouteRule("r", "", ALWAYS, to, role, tags, Optional.of(Duration.ofNanos(1_000)), OptionalLong.of(100), consistency, OrElse.PRIMARY);
    }

    private static RouteRule rule(Consistency consistency) {
        return new RouteRule("r", "", ALWAYS, To.REPLICA, Role.REPLICA, Map.of(), Optional.empty(), OptionalLong.empty(), consistency, OrElse.PRIMARY);
    }

    private static Candidate replica(NodeAddress address, long freshAsOf, int outstanding, boolean failed) {
        return new Node(address, 1, false, Set.of("replica", "read-only"), Map.of("zone", "west"), 0, freshAsOf, outstanding, failed);
    }

    private static final Candidate PRIMARY = new Node(P, 1, true, Set.of(), Map.of(), 0, NEVER, 0, false);

    private static int choose(RouteRule rule, SessionView session, long clusterWrite, long now, Candidate... candidates) {
        return ReplicaChoice.choose(List.of(candidates), rule, session, clusterWrite, now, 0);
    }

    @Test
    void the_one_with_the_least_work_answers_and_one_that_failed_only_if_no_other_can() {
        var session = new SessionView();
        assertThat(choose(rule(Consistency.EVENTUAL), session, NEVER, 0, replica(A, 0, 3, false), replica(B, 0, 2, false))).isEqualTo(1);
        assertThat(choose(rule(Consistency.EVENTUAL), session, NEVER, 0, replica(A, 0, 3, false), replica(B, 0, 2, true))).isEqualTo(0);
        assertThat(choose(rule(Consistency.EVENTUAL), session, NEVER, 0, replica(B, 0, 2, true))).isEqualTo(0);
        assertThat(choose(rule(Consistency.EVENTUAL), session, NEVER, 0)).isEqualTo(ReplicaChoice.NONE);
    }

    @Test
    void equals_take_turns() {
        List<Candidate> both = List.of(replica(A, 0, 1, false), replica(B, 0, 1, false));
        List<Integer> chosen = new ArrayList<>();
        for (int turn = Integer.MAX_VALUE; chosen.size() < 4; turn++) chosen.add(ReplicaChoice.choose(both, rule(Consistency.EVENTUAL), new SessionView(), NEVER, 0, turn));
        assertThat(chosen).containsExactlyInAnyOrder(0, 1, 0, 1);
    }

    @Test
    void a_role_and_tags_have_to_be_there() {
        Candidate a = replica(A, 0, 0, false);
        assertThat(reason(a, rule(To.REPLICA, Role.REPLICA, Map.of("zone", "west"), Consistency.EVENTUAL), 0)).isEmpty();
        assertThat(reason(a, rule(To.REPLICA, Role.READ_ONLY, Map.of(), Consistency.EVENTUAL), 0)).isEmpty();
        assertThat(reason(a, rule(To.REPLICA, Role.SYNCHRONOUS, Map.of(), Consistency.EVENTUAL), 0)).contains(Unfit.ROLE);
        assertThat(reason(a, rule(To.REPLICA, Role.REPLICA, Map.of("zone", "east"), Consistency.EVENTUAL), 0)).contains(Unfit.TAGS);
        assertThat(reason(PRIMARY, rule(To.REPLICA, Role.REPLICA, Map.of(), Consistency.EVENTUAL), 0)).contains(Unfit.ROLE);
        assertThat(reason(PRIMARY, rule(To.ANY, Role.REPLICA, Map.of(), Consistency.CLUSTER), 0)).isEmpty();
    }

    private static Optional<Unfit> reason(Candidate candidate, RouteRule rule, long now) {
        return ReplicaChoice.reason(candidate, rule, new SessionView(), NEVER, now);
    }

    private static boolean wantsFreshness(RouteRule rule, SessionView session, long now, Candidate... candidates) {
        return ReplicaChoice.wantsFreshness(List.of(candidates), rule, session, now);
    }

    @Test
    void positions_are_wanted_by_whom_they_would_let_read_elsewhere() {
        var hasSeenAll = new SessionView();
        var hasWritten = new SessionView();
        hasWritten.wrote(100);
        var hasRead = new SessionView();
        hasRead.read(A, 1, 100);
        var session = rule(Consistency.SESSION);
        assertThat(wantsFreshness(session, hasSeenAll, 9_000, replica(A, NEVER, 0, false))).isFalse();
        assertThat(wantsFreshness(session, hasWritten, 9_000, replica(A, 100, 0, false))).isTrue();
        assertThat(wantsFreshness(session, hasWritten, 9_000, replica(A, 101, 0, false))).isFalse();
        assertThat(wantsFreshness(session, hasRead, 9_000, replica(A, NEVER, 0, false))).isFalse();
        assertThat(wantsFreshness(session, hasRead, 9_000, replica(A, 101, 0, false), replica(B, 100, 0, false))).isTrue();
        assertThat(wantsFreshness(session, hasRead, 9_000, replica(A, 101, 0, false), replica(B, 101, 0, false), PRIMARY)).isFalse();
        for (Consistency consistency : List.of(Consistency.EVENTUAL, Consistency.BOUNDED)) {
            assertThat(wantsFreshness(rule(consistency), hasWritten, 9_000, replica(A, NEVER, 0, false))).isFalse();
        }
        assertThat(wantsFreshness(rule(Consistency.CLUSTER), hasSeenAll, 100, replica(A, 100, 0, false))).isTrue();
    }

    @Test
    void positions_are_wanted_before_a_bound_of_lag_is_reached() {
        var bounded = new RouteRule("r", "", ALWAYS, To.REPLICA, Role.REPLICA, Map.of(), Optional.of(Duration.ofNanos(1_000)), OptionalLong.empty(), Consistency.EVENTUAL, OrElse.PRIMARY);
        assertThat(wantsFreshness(bounded, new SessionView(), 600, replica(A, 100, 0, false))).isFalse();
        assertThat(wantsFreshness(bounded, new SessionView(), 601, replica(A, 100, 0, false))).isTrue();
        assertThat(wantsFreshness(bounded, new SessionView(), 0, replica(A, NEVER, 0, false))).isTrue();
        assertThat(wantsFreshness(rule(To.REPLICA, Role.REPLICA, Map.of(), Consistency.EVENTUAL), new SessionView(), 100, replica(A, 100, 0, false))).isTrue();
    }

    @Test
    void whoever_is_held_back_by_freshness_alone_wants_to_know_more() {
        var random = new Random(4711);
        for (int round = 0; round < 20_000; round++) {
            var session = new SessionView();
            if (random.nextBoolean()) session.wrote(random.nextLong(3_000));
            if (random.nextBoolean()) session.read(random.nextBoolean() ? A : B, random.nextInt(2), random.nextLong(3_000));
            Consistency consistency = Consistency.values()[random.nextInt(Consistency.values().length)];
            RouteRule rule = random.nextBoolean() ? rule(consistency) : rule(To.ANY, Role.REPLICA, Map.of(), consistency);
            Candidate candidate = replica(A, random.nextInt(5) == 0 ? NEVER : random.nextLong(3_000), 0, false);
            Unfit why = ReplicaChoice.reason(candidate, rule, session, NEVER, 3_000).orElse(null);
            boolean heldBack = why != null && why != Unfit.ROLE && why != Unfit.TAGS;
            if (heldBack) assertThat(wantsFreshness(rule, session, 3_000, candidate)).as("round %d: %s", round, why).isTrue();
        }
    }

    @Test
    void bounds_of_lag_are_kept_and_what_is_not_known_is_too_much() {
        var bounded = rule(To.REPLICA, Role.REPLICA, Map.of(), Consistency.BOUNDED);
        assertThat(reason(replica(A, 0, 0, false), bounded, 1_000)).isEmpty();
        assertThat(reason(replica(A, 0, 0, false), bounded, 1_001)).contains(Unfit.LAG);
        assertThat(reason(replica(A, NEVER, 0, false), bounded, 0)).contains(Unfit.FRESHNESS_UNKNOWN);
        assertThat(reason(new Node(A, 1, false, Set.of("replica"), Map.of(), 101, 0, 0, false), bounded, 0)).contains(Unfit.LAG_BYTES);
        assertThat(reason(new Node(A, 1, false, Set.of("replica"), Map.of(), NEVER, 0, 0, false), bounded, 0)).contains(Unfit.LAG_BYTES);
    }

    @Test
    void a_restarted_replica_is_another_one() {
        var session = new SessionView();
        session.read(A, 1, 50);
        var rule = rule(Consistency.SESSION);
        assertThat(ReplicaChoice.reason(replica(A, 10, 0, false), rule, session, NEVER, 60)).isEmpty();
        var restarted = new Node(A, 2, false, Set.of("replica"), Map.of(), 0, 10, 0, false);
        assertThat(ReplicaChoice.reason(restarted, rule, session, NEVER, 60)).contains(Unfit.BEHIND_OWN_READ);
    }

    /// A model of a primary whose commits replicas replay later and by themselves; positions are asked for now and then, as the
    /// side connection does. Sessions write and read by the rules' choice, and no read may break what its rule promises.
    @Test
    void no_session_ever_sees_less_than_its_rule_promises() {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        int byReplicas = 0;
        for (int round = 0; round < 200; round++) byReplicas += model(new Random(seed + round), "seed " + seed + " round " + round);
        assertThat(byReplicas).as("seed %s: reads that replicas answered", seed).isGreaterThan(500);
    }

    private static int model(Random random, String label) {
        int replicas = 3;
        int sessions = 4;
        long flushed = 0;
        long[] replayed = new long[replicas];
        long[] freshAsOf = new long[replicas];
        Arrays.fill(freshAsOf, NEVER);
        List<long[]> asked = new ArrayList<>();
        var views = new ArrayList<SessionView>();
        long[] seen = new long[sessions];
        long[] written = new long[sessions];
        for (int i = 0; i < sessions; i++) views.add(new SessionView());
        long clusterWrite = NEVER;
        long clusterWritten = 0;
        int byReplicas = 0;
        for (long now = random.nextLong(); ; ) {
            now += 1 + random.nextInt(3);
            switch (random.nextInt(5)) {
                case 0 -> {
                    int session = random.nextInt(sessions);
                    written[session] = ++flushed;
                    clusterWritten = flushed;
                    views.get(session).wrote(now);
                    clusterWrite = now;
                }
                case 1 -> {
                    int at = random.nextInt(replicas);
                    replayed[at] = Math.min(flushed, replayed[at] + random.nextInt(3));
                }
                case 2 -> asked.add(new long[] {now, flushed});
                default -> {
                    for (long[] question : asked) {
                        for (int i = 0; i < replicas; i++) {
                            if (replayed[i] >= question[1] && (freshAsOf[i] == NEVER || question[0] - freshAsOf[i] > 0)) freshAsOf[i] = question[0];
                        }
                    }
                    int session = random.nextInt(sessions);
                    var rule = rule(random.nextBoolean() ? Consistency.SESSION : Consistency.CLUSTER);
                    List<Candidate> candidates = new ArrayList<>();
                    for (int i = 0; i < replicas; i++) candidates.add(replica(new NodeAddress("r" + i, 5432), freshAsOf[i], random.nextInt(3), false));
                    int chosen = ReplicaChoice.choose(candidates, rule, views.get(session), clusterWrite, now, random.nextInt());
                    long state = chosen < 0 ? flushed : replayed[chosen];
                    if (chosen >= 0) byReplicas++;
                    assertThat(state).as("%s: its own writes", label).isGreaterThanOrEqualTo(written[session]);
                    assertThat(state).as("%s: what it has read", label).isGreaterThanOrEqualTo(seen[session]);
                    if (rule.consistency() == Consistency.CLUSTER) assertThat(state).as("%s: every write", label).isGreaterThanOrEqualTo(clusterWritten);
                    seen[session] = state;
                    views.get(session).read(chosen < 0 ? P : candidates.get(chosen).address(), 1, now);
                }
            }
            if (asked.size() > 30) return byReplicas;
        }
    }
}
