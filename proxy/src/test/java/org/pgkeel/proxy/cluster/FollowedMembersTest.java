package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.LongAdder;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Replica;
import org.pgkeel.failover.topology.Topology;
import org.pgkeel.proxy.config.TimelineRegression;
import org.pgkeel.proxy.postgres.PatroniStub;

/// Real servers that go on as they are, and a Patroni that has plans, loses its DCS, names other members than before, or is no Patroni at all. Only the
/// first member is configured.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FollowedMembersTest {
    private final TrialCluster servers = new TrialCluster("", Map.of());
    private final NodeAddress first = servers.nodes().getFirst();
    private final NodeAddress second = servers.nodes().getLast();
    private PatroniStub patroni;

    @BeforeEach
    void start() {
        var members = new LinkedHashMap<String, NodeAddress>();
        members.put("n1", first);
        members.put("n2", second);
        patroni = PatroniStub.start(members);
    }

    @AfterEach
    void end() {
        patroni.close();
    }

    @AfterAll
    void stop() {
        servers.close();
    }

    private WatchedCluster watch() {
        var watched = WatchedCluster.ofPatroni(List.of(patroni.url("n1")), TimelineRegression.HOLD);
        watched.awaitPrimary(first);
        return watched;
    }

    private static void await(Callable<Boolean> condition) {
        Awaitility.await().pollInterval(Duration.ofMillis(5)).until(condition);
    }

    private static List<NodeAddress> replicas(Cluster cluster) {
        return cluster.topology().replicas().stream().map(Replica::address).toList();
    }

    /// One seed fails at once, and the map of the other takes longer than the next round waits: it counts then.
    @Test
    void a_slow_map_is_heard_beside_a_member_that_is_gone() {
        List<URI> seeds = List.of(patroni.url("n1"), patroni.url("n2"));
        patroni.stop("n2");
        patroni.mapTakes(Duration.ofMillis(300));
        try (var watched = WatchedCluster.ofPatroni(seeds, TimelineRegression.HOLD)) {
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> first.equals(watched.cluster().primary()));
        }
    }

    @Test
    void a_scheduled_switchover_is_known_ahead_and_clients_are_held_as_soon_as_patroni_stops_the_leader_that_is_still_there() {
        try (var watched = watch()) {
            Cluster cluster = watched.cluster();
            Instant at = Instant.now().plusSeconds(1);
            patroni.scheduledSwitchover(Optional.of(at));
            await(() -> cluster.topology().scheduledSwitchover().isPresent());
            await(() -> Instant.now().isAfter(at.plusMillis(200)));
            watched.awaitPrimary(first);
            assertThat(watched.events).as("its time alone stops nobody").doesNotContain("lost switchover");

            patroni.stopping("n1", true);
            await(() -> watched.events.contains("lost switchover") && cluster.hold() instanceof Hold.Holding);
            await(() -> cluster.topology().flags().contains(Topology.Flag.SWITCHOVER_IN_PROGRESS));
            patroni.scheduledSwitchover(Optional.empty());
            patroni.stopping("n1", false);
            watched.awaitPrimary(first);
            await(() -> cluster.hold() instanceof Hold.Open && !cluster.topology().flags().contains(Topology.Flag.SWITCHOVER_IN_PROGRESS));
            assertThat(cluster.reign()).as("nobody took over").isEqualTo(1);
        }
    }

    @Test
    void a_leader_without_its_dcs_is_served_in_failsafe_mode() {
        try (var watched = watch()) {
            Cluster cluster = watched.cluster();
            for (String name : List.of("n1", "n2")) patroni.silentMap(name, true);
            patroni.failsafe("n1", true);
            await(() -> cluster.topology().flags().contains(Topology.Flag.FAILSAFE));
            watched.awaitPrimary(first);
            assertThat(cluster.reign()).isEqualTo(1);
        }
    }

    /// It takes longer than a member is kept that maps name no more: another Patroni of the same servers shows that beside it, since that takes 30 s.
    @Test
    void a_member_is_followed_until_maps_name_it_no_more_and_not_forgotten_while_there_is_none_nor_by_the_first_one_after() {
        try (var watched = watch()) {
            Cluster cluster = watched.cluster();
            await(() -> replicas(cluster).equals(List.of(second)));
            for (String name : List.of("n1", "n2")) patroni.silentMap(name, true);
            patroni.failsafe("n1", true);
            await(() -> cluster.topology().flags().contains(Topology.Flag.FAILSAFE));
            awaitOneFollowedAndForgottenElsewhere();

            servers.freeze();
            try {
                await(() -> cluster.primary() == null);
            } finally {
                servers.thaw();
            }
            watched.awaitPrimary(first);
            assertThat(replicas(cluster)).containsExactly(second);

            // Of those that had no DCS not all are back in it at once.
            patroni.named("n2", false);
            patroni.scheduledSwitchover(Optional.of(Instant.now().plus(Duration.ofDays(1))));
            for (String name : List.of("n1", "n2")) patroni.silentMap(name, false);
            await(() -> cluster.topology().scheduledSwitchover().isPresent());
            assertThat(replicas(cluster)).containsExactly(second);
        }
    }

    private void awaitOneFollowedAndForgottenElsewhere() {
        var members = new LinkedHashMap<String, NodeAddress>();
        members.put("n1", first);
        members.put("n2", second);
        try (var elsewhere = PatroniStub.start(members)) {
            elsewhere.named("n2", false);
            try (var watched = WatchedCluster.ofPatroni(List.of(elsewhere.url("n1")), TimelineRegression.HOLD)) {
                watched.awaitPrimary(first);
                Cluster cluster = watched.cluster();
                assertThat(replicas(cluster)).isEmpty();
                elsewhere.named("n2", true);
                await(() -> replicas(cluster).equals(List.of(second)));
                elsewhere.named("n2", false);
                await(() -> replicas(cluster).isEmpty());
                assertThat(cluster.topology().primary().orElseThrow().address()).isEqualTo(first);
            }
        }
    }

    @Test
    void a_leader_without_its_dcs_is_served_on_when_it_is_watched_anew() {
        try (var watched = watch()) {
            await(() -> replicas(watched.cluster()).equals(List.of(second)));
            for (String name : List.of("n1", "n2")) patroni.silentMap(name, true);
            patroni.failsafe("n1", true);
            await(() -> watched.cluster().topology().flags().contains(Topology.Flag.FAILSAFE));
            servers.primaryServer().execute("postgres", "select pg_stat_reset_shared('bgwriter')");
            watched.reload(TimelineRegression.FOLLOW);
            watched.awaitPrimary(first);
            Cluster anew = watched.cluster();
            assertThat(replicas(anew)).containsExactly(second);
            await(() -> anew.topology().flags().contains(Topology.Flag.FAILSAFE));
            assertThat(anew.reign()).as("it is the same run of the same server").isEqualTo(1);
            await(() -> anew.hold() instanceof Hold.Open);
        }
    }

    /// The word that counts comes from a member that is not heard any more.
    @Test
    void who_was_deposed_is_not_served_for_want_of_a_map_when_it_is_watched_anew() {
        try (var watched = watch()) {
            await(() -> replicas(watched.cluster()).equals(List.of(second)));
            patroni.leader(Optional.of("n2"));
            await(() -> watched.events.contains("lost deposed"));
            for (String name : List.of("n1", "n2")) patroni.silentMap(name, true);
            watched.reload(TimelineRegression.FOLLOW);
            long before = mapsMissed(watched.cluster());
            await(() -> mapsMissed(watched.cluster()) >= before + 4);   // What was said before counts no more.
            assertThat(watched.cluster().primary()).isNull();
            for (String name : List.of("n1", "n2")) patroni.silentMap(name, false);
            patroni.leader(Optional.of("n1"));
            watched.awaitPrimary(first);
            assertThat(watched.cluster().reign()).isEqualTo(1);
        }
    }

    private long mapsMissed(Cluster cluster) {
        LongAdder missed = cluster.errors().counts().get(new PollErrors.Key(patroni.url("n1").getAuthority(), "patroni", PatroniAnswer.Kind.TIMEOUT.word()));
        return missed == null ? 0 : missed.sum();
    }

    /// Answers that were on their way come when nobody watches any more.
    @Test
    void who_is_watched_anew_is_not_asked_by_two() {
        try (var watched = watch()) {
            for (int i = 0; i < 10; i++) {
                watched.reload(i % 2 == 0 ? TimelineRegression.FOLLOW : TimelineRegression.HOLD);
                watched.awaitPrimary(first);
                await(() -> replicas(watched.cluster()).equals(List.of(second)));
            }
            await(() -> servers.primaryServer().query("postgres", "select count(*) from pg_stat_activity where application_name = 'pgkeel monitor'").equals("1"));
        }
    }

    /// No restart, and no reason to end anybody's transaction.
    @Test
    void statistics_that_are_reset_by_hand_make_no_other_server_of_it() {
        try (var watched = watch()) {
            servers.primaryServer().execute("postgres", "select pg_stat_reset_shared('bgwriter')");
            servers.primaryServer().execute("postgres", "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pgkeel monitor'");
            await(() -> watched.events.contains("not lost 1") || watched.cluster().reign() > 1);
            watched.awaitPrimary(first);
            assertThat(watched.cluster().reign()).isEqualTo(1);
        }
    }

    /// In maintenance mode a Patroni can be started again under another name while its PostgreSQL goes on.
    @Test
    void a_leader_that_gets_another_name_stays_the_leader() {
        patroni.close();
        var members = new LinkedHashMap<String, NodeAddress>();
        members.put("n1", first);
        members.put("n2", second);
        members.put("renamed", first);
        patroni = PatroniStub.start(members);
        patroni.named("renamed", false);
        try (var watched = WatchedCluster.ofPatroni(List.of(patroni.url("n2")), TimelineRegression.HOLD)) {
            watched.awaitPrimary(first);
            Cluster cluster = watched.cluster();
            patroni.named("n1", false);
            patroni.named("renamed", true);
            patroni.leader(Optional.of("renamed"));
            await(() -> cluster.topology().primary().filter(primary -> primary.name().equals("renamed")).isPresent());
            watched.events.clear();
            for (boolean paused : List.of(true, false)) {   // It is asked again and again meanwhile.
                patroni.paused(paused);
                await(() -> cluster.topology().flags().contains(Topology.Flag.PAUSED) == paused);
            }
            assertThat(watched.events).doesNotContain("lost primary_lost", "lost deposed");
            assertThat(cluster.primary()).isEqualTo(first);
            assertThat(cluster.reign()).as("it is the same run of the same server").isEqualTo(1);
        }
    }

    @Test
    void members_whose_patroni_answers_something_else_or_is_gone_cost_nobody_the_primary() {
        try (var watched = watch()) {
            Cluster cluster = watched.cluster();
            await(() -> replicas(cluster).equals(List.of(second)));
            patroni.strange("n1", true);
            await(() -> hasFailed(cluster, "n1", PatroniAnswer.Kind.NONSENSE));
            watched.awaitPrimary(first);
            patroni.strange("n2", true);
            await(() -> hasFailed(cluster, "n2", PatroniAnswer.Kind.NONSENSE));
            watched.awaitPrimary(first);
            patroni.strange("n2", false);
            patroni.stop("n1");
            await(() -> hasFailed(cluster, "n1", PatroniAnswer.Kind.UNREACHABLE));
            watched.awaitPrimary(first);
            assertThat(cluster.reign()).isEqualTo(1);
        }
    }

    private static boolean hasFailed(Cluster cluster, String member, PatroniAnswer.Kind kind) {
        return cluster.errors().counts().containsKey(new PollErrors.Key(member, "patroni", kind.word()));
    }
}
