package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.topology.Alarm;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.proxy.config.TimelineRegression;
import org.pgkeel.proxy.postgres.PatroniStub;

/// Real servers, and a Patroni whose members are silent or do not agree.
class DoubtfulPatroniTest {
    private final TrialCluster servers = new TrialCluster("", Map.of());
    private final NodeAddress first = servers.nodes().getFirst();
    private final NodeAddress second = servers.nodes().getLast();

    @AfterEach
    void stop() {
        servers.close();
    }

    private PatroniStub patroni() {
        var members = new LinkedHashMap<String, NodeAddress>();
        members.put("n1", first);
        members.put("n2", second);
        return PatroniStub.start(members);
    }

    private static WatchedCluster watch(PatroniStub patroni) {
        return WatchedCluster.ofPatroni(List.of(patroni.url("n1"), patroni.url("n2")), TimelineRegression.HOLD);
    }

    private static void await(Duration atMost, Callable<Boolean> condition) {
        Awaitility.await().atMost(atMost).pollInterval(Duration.ofMillis(5)).until(condition);
    }

    /// Nobody can tell from there on whether the leader key is still its own.
    private void silenceOnceTheLeaseIsKnown(WatchedCluster watched, PatroniStub patroni) {
        watched.awaitPrimary(first);
        await(Duration.ofSeconds(90), patroni::hasToldLease);
        patroni.silentMap("n2", true);
        patroni.silent("n1", true);
    }

    /// With a ttl of 300 s and a loop_wait of 298 s another server may be leader from 1 s of silence on; by Patroni's defaults it would be 19 s.
    @Test
    void a_leader_whose_patroni_is_silent_is_served_while_another_member_confirms_it_and_no_longer_once_its_lease_may_have_ended() {
        try (PatroniStub patroni = patroni()) {
            patroni.lease(300, 298);
            try (var watched = watch(patroni)) {
                Cluster cluster = watched.cluster();
                silenceOnceTheLeaseIsKnown(watched, patroni);
                await(Duration.ofSeconds(90), () -> cluster.primary() == null);
                await(Duration.ofSeconds(90), () -> watched.events.contains("lost switchover"));
                patroni.silentMap("n2", false);
                watched.awaitPrimary(first);
                patroni.silent("n1", false);
                watched.awaitPrimary(first);
                assertThat(cluster.reign()).as("it is the same run of the same server").isEqualTo(1);
            }
        }
    }

    /// What was said before it was silent is forgotten when the lease may end, and there is nothing new.
    @Test
    void a_leader_whose_patroni_is_silent_while_no_member_has_a_map_is_served_until_its_lease_may_have_ended() {
        try (PatroniStub patroni = patroni()) {
            patroni.lease(300, 294);
            try (var watched = watch(patroni)) {
                silenceOnceTheLeaseIsKnown(watched, patroni);
                await(Duration.ofSeconds(90), () -> watched.cluster().primary() == null);
                patroni.silentMap("n2", false);
                watched.awaitPrimary(first);
            }
        }
    }

    /// By Patroni's defaults the lease would last for 19 s yet, and nobody says when it was heard.
    @Test
    void when_a_leader_was_heard_last_and_what_its_lease_is_stays_known_when_it_is_watched_anew() {
        try (PatroniStub patroni = patroni()) {
            patroni.lease(300, 294);
            try (var watched = watch(patroni)) {
                silenceOnceTheLeaseIsKnown(watched, patroni);
                await(Duration.ofSeconds(90), () -> watched.cluster().snapshot().nodes().stream().anyMatch(node -> node.name().equals("n1") && node.patroni().equals(PatroniAnswer.Kind.TIMEOUT.word())));
                watched.reload(TimelineRegression.FOLLOW);
                watched.awaitPrimary(first);
                await(Duration.ofSeconds(90), () -> watched.cluster().primary() == null);
                patroni.silentMap("n2", false);
                watched.awaitPrimary(first);
                assertThat(watched.cluster().reign()).isEqualTo(1);
            }
        }
    }

    @Test
    void of_members_that_do_not_agree_one_is_enough_for_a_leader_that_takes_writes_and_all_are_needed_against_it() {
        try (PatroniStub patroni = patroni(); var watched = watch(patroni)) {
            Cluster cluster = watched.cluster();
            watched.awaitPrimary(first);
            patroni.view("n2", Optional.of("n2"));
            // It is heard: the member calls itself a leader, and is believed in nothing.
            await(Duration.ofSeconds(90), () -> cluster.topology().replicas().stream().anyMatch(each -> each.name().equals("n2") && each.endpoints().isEmpty()));
            assertThat(cluster.primary()).isEqualTo(first);
            patroni.view("n1", Optional.of("n2"));
            await(Duration.ofSeconds(90), () -> cluster.primary() == null);
            patroni.view("n1", Optional.of("n1"));
            watched.awaitPrimary(first);
            assertThat(cluster.reign()).isEqualTo(1);
            assertThat(watched.events).noneMatch(event -> event.endsWith(second.toString()));
        }
    }

    @Test
    void a_server_that_was_promoted_by_hand_gets_nothing_beside_the_leader_until_it_is_the_leader() {
        try (PatroniStub patroni = patroni(); var watched = watch(patroni)) {
            Cluster cluster = watched.cluster();
            watched.awaitPrimary(first);
            patroni.promotedByHand("n2", true);
            servers.promote();
            await(Duration.ofSeconds(90), () -> cluster.topology().alarms().stream().anyMatch(alarm -> alarm.kind() == Alarm.Kind.TWO_PRIMARIES));
            cluster.doubt(first, DoubtReason.CONNECTION_LOST);
            await(Duration.ofSeconds(90), () -> watched.events.stream().anyMatch(event -> event.equals("not lost 1") || event.startsWith("found 2")));
            assertThat(watched.events).doesNotContain("found 2 " + second);
            assertThat(cluster.primary()).isEqualTo(first);
            assertThat(cluster.topology().alarms()).anyMatch(alarm -> alarm.kind() == Alarm.Kind.UNKNOWN_PRIMARY);
            patroni.leader(Optional.of("n2"));
            watched.awaitPrimary(second);
            assertThat(cluster.current().timeline()).isEqualTo(2);
        }
    }

    /// Whatever the members say, the primary that is published is a server that takes writes, its timeline never goes back, and where what they say decides, it is
    /// decided so.
    @Test
    void whoever_is_silent_or_lies_nobody_is_published_as_primary_who_takes_no_writes_and_no_timeline_goes_back() {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        System.out.println("DoubtfulPatroniTest seed " + seed);
        var random = new Random(seed);
        try (PatroniStub patroni = patroni(); var watched = watch(patroni); var seen = new Snapshots(watched.cluster())) {
            watched.awaitPrimary(first);
            seen.only(first);
            for (int step = 0; step < 20; step++) confuse(patroni, watched.cluster(), random, "n1", first, "seed " + seed + ", step " + step);
            agree(patroni, "n1");
            watched.awaitPrimary(first);
            assertThat(watched.cluster().reign()).isEqualTo(1);

            servers.awaitStreaming();
            servers.killAll();
            await(Duration.ofSeconds(90), () -> watched.cluster().primary() == null);
            seen.only(second);
            servers.promote();
            patroni.timeline(2);
            agree(patroni, "n2");
            watched.awaitPrimary(second);
            for (int step = 0; step < 20; step++) confuse(patroni, watched.cluster(), random, "n2", second, "seed " + seed + ", step " + step + " after the promotion");
            agree(patroni, "n2");
            watched.awaitPrimary(second);
            assertThat(watched.cluster().reign()).isEqualTo(2);
            assertThat(watched.cluster().current().timeline()).isEqualTo(2);
            assertThat(seen.wrong).as("seed %d", seed).isEmpty();
        }
    }

    private static void agree(PatroniStub patroni, String leader) {
        patroni.leader(Optional.of(leader));
        patroni.paused(false);
        for (String name : List.of("n1", "n2")) {
            patroni.view(name, Optional.of(leader));
            patroni.silent(name, false);
            patroni.silentMap(name, false);
        }
    }

    /// @param writable the one that takes writes
    private static void confuse(PatroniStub patroni, Cluster cluster, Random random, String writable, NodeAddress address, String what) {
        boolean paused = random.nextInt(6) == 0;
        patroni.paused(paused);
        int talking = 0;
        int naming = 0;
        for (String name : List.of("n1", "n2")) {
            Optional<String> view = List.of(Optional.of("n1"), Optional.of("n2"), Optional.<String>empty()).get(random.nextInt(3));
            boolean hangs = random.nextInt(5) == 0;
            boolean hidesMap = random.nextInt(5) == 0;
            patroni.view(name, view);
            patroni.silent(name, hangs);
            patroni.silentMap(name, hidesMap);
            if (hangs || hidesMap) continue;
            talking++;
            if (view.equals(Optional.of(writable))) naming++;
        }
        String said = what + ": " + naming + " of " + talking + " name it" + (paused ? ", paused" : "");
        if (naming > 0) Awaitility.await(said).atMost(Duration.ofSeconds(90)).pollInterval(Duration.ofMillis(5)).until(() -> address.equals(cluster.primary()));
        else if (talking == 2 && !paused) Awaitility.await(said).atMost(Duration.ofSeconds(90)).pollInterval(Duration.ofMillis(5)).until(() -> cluster.primary() == null);
    }

    /// Looks at what is published, again and again. Threading: its own, but for the tests' questions.
    private static final class Snapshots implements AutoCloseable {
        final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
        private final ScheduledExecutorService looking = Executors.newSingleThreadScheduledExecutor(task -> Thread.ofPlatform().daemon().unstarted(task));
        private final Cluster cluster;
        private volatile NodeAddress only;
        private int timeline;
        private long reign;

        Snapshots(Cluster cluster) {
            this.cluster = cluster;
            looking.scheduleWithFixedDelay(this::look, 0, 1, TimeUnit.MILLISECONDS);
        }

        /// Nobody else takes writes.
        void only(NodeAddress node) {
            only = node;
        }

        private void look() {
            NodeAddress allowed = only;
            Optional<Primary> primary = cluster.topology().primary();
            if (cluster.reign() < reign) wrong.add("reign " + cluster.reign() + " after " + reign);
            reign = Math.max(reign, cluster.reign());
            if (primary.isEmpty()) return;
            if (allowed != null && allowed.equals(only) && !primary.get().address().equals(allowed)) wrong.add(primary + ", who takes no writes");
            if (primary.get().timeline() < timeline) wrong.add(primary + " below timeline " + timeline);
            timeline = Math.max(timeline, primary.get().timeline());
        }

        @Override
        public void close() {
            looking.shutdownNow();
        }
    }
}
