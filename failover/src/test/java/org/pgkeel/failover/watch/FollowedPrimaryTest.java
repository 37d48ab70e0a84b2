package org.pgkeel.failover.watch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.patroni.ClusterDocument;
import org.pgkeel.failover.patroni.MemberStatus;
import org.pgkeel.failover.patroni.MemberStatus.Role;
import org.pgkeel.failover.patroni.MemberStatus.State;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.failover.watch.MemberEvidence.Rest;
import org.pgkeel.failover.watch.MemberEvidence.Sql;

/// Three servers live through promotions, by Patroni and by hand, deaths, restarts, zombies and a leader key that is taken back, while their Patronis are silent, lie and do not
/// agree. Whatever the schedule:
///
/// - whoever is found to be primary takes writes, on that timeline, in that life;
/// - no timeline is followed that is lower than one that was followed before, unless the rule says so;
/// - nobody is served beside another writable server, on the same timeline or a higher one, that a member names as the leader;
/// - nobody becomes primary that no member, not itself either, calls the leader, beside a leader that is named, takes writes and whose Patroni runs;
/// - where all speak the truth again, the leader is followed, and one whose timeline went back is not.
class FollowedPrimaryTest {
    private static final long STEP_NANOS = Duration.ofMillis(100).toNanos();

    /// A server as it is, whatever is said of it.
    private static final class Server {
        final String name;
        final NodeAddress address;
        boolean up = true;
        boolean writable;
        /// Its Patroni has no hand in it, and lives.
        boolean byHand;
        int timeline = 1;
        int life = 1;

        Server(String name) {
            this.name = name;
            this.address = new NodeAddress("db-" + name, 5432);
        }

        Lifetime lifetime() {
            return new Lifetime("start " + life + " of " + name, "");
        }

        boolean is(Primary primary) {
            return up && writable && primary.equals(new Primary(name, address, timeline, lifetime()));
        }

        NodeReply reply() {
            if (!up) return new NodeReply.Silent(NodeReply.Kind.LOST, "gone");
            return writable ? new NodeReply.Writable(timeline, lifetime(), new Lsn(1000)) : new NodeReply.Standby(timeline, lifetime(), Optional.of(new Lsn(1000)));
        }

        @Override
        public String toString() {
            return name + (up ? writable ? " writable" : " standby" : " down") + " on " + timeline + " in life " + life;
        }
    }

    private final List<Server> servers = List.of(new Server("n1"), new Server("n2"), new Server("n3"));
    /// Who holds the leader key.
    private Server leader = servers.getFirst();
    private long now;
    private PrimaryWatch watch = PrimaryWatch.start(0);
    private int timelineUsed;
    private boolean contradicted;
    private List<MemberEvidence> members = servers.stream().map(each -> MemberEvidence.of(each.name, each.address)).toList();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void whatever_three_members_say_of_each_other_nobody_wrong_is_followed(long seed) {
        live(new SplittableRandom(seed), seed, Judge.Regression.HOLD);
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24})
    void where_the_rule_says_so_a_lower_timeline_is_followed_and_nothing_else_changes(long seed) {
        live(new SplittableRandom(seed), seed, Judge.Regression.FOLLOW);
    }

    private void live(SplittableRandom random, long seed, Judge.Regression regression) {
        leader.writable = true;
        int found = 0;
        int wentBack = 0;
        int refused = 0;
        for (int step = 0; step < 3_000; step++) {
            String what = "seed %d, step %d: %s".formatted(seed, step, servers);
            if (random.nextInt(4) == 0) happens(random);
            int before = timelineUsed;
            judge(confused(random), regression, what);
            if (timelineUsed < before) wentBack++;
            if (step % 10 != 9) continue;
            now += Duration.ofSeconds(3).toNanos();
            judge(truth(), regression, what);
            judge(truth(), regression, what);
            if (!leader.up || !leader.writable) continue;
            if (regression == Judge.Regression.HOLD && leader.timeline < timelineUsed) {
                refused++;
                assertThat(watch).as(what).isInstanceOfSatisfying(PrimaryWatch.Absent.class, absent -> assertThat(absent.reason()).isEqualTo(HoldReason.ALARM));
            } else {
                found++;
                assertThat(watch).as(what).isInstanceOfSatisfying(PrimaryWatch.Known.class, known -> assertThat(leader.is(known.primary())).as(what).isTrue());
            }
        }
        assertThat(found).as("leaders that were followed, seed %d", seed).isPositive();
        if (regression == Judge.Regression.FOLLOW) assertThat(wentBack).as("timelines that went back, seed %d", seed).isPositive();
        else assertThat(refused).as("leaders that were not followed, seed %d", seed).isPositive();
    }

    /// As the cluster's watch does it.
    private void judge(Evidence evidence, Judge.Regression regression, String what) {
        Verdict verdict = Judge.judge(new Judge.Case(evidence, watch.incumbent(), timelineUsed, watch.notBeforeNanos(), Evidence.NEVER, contradicted, regression)).verdict();
        if (verdict instanceof Verdict.Serves(var served)) check(served, evidence, regression, what);
        watch = PrimaryWatch.next(watch, new PrimaryWatch.Event.Judged(verdict), now);
        switch (watch) {
            case PrimaryWatch.Known(var primary, _) -> {
                contradicted = false;
                timelineUsed = primary.timeline();
            }
            case PrimaryWatch.Absent(_, _, var reason, _) -> contradicted |= reason == HoldReason.DEPOSED || reason == HoldReason.SWITCHOVER;
            case PrimaryWatch.Doubted _ -> throw new AssertionError("nobody doubts");
        }
    }

    private void check(Primary served, Evidence evidence, Judge.Regression regression, String what) {
        assertThat(servers).as("%s: %s takes no writes", what, served).anyMatch(each -> each.is(served));
        if (regression == Judge.Regression.HOLD) assertThat(served.timeline()).as(what).isGreaterThanOrEqualTo(timelineUsed);
        for (MemberEvidence other : evidence.members()) {
            if (other.name().equals(served.name())) continue;
            boolean rivals = other.sql() instanceof Sql.Said(_, NodeReply.Writable reply, _) && reply.timeline() >= served.timeline() && evidence.isNamedLeader(other.name(), Evidence.NEVER);
            assertThat(rivals).as("%s: %s is served beside %s", what, served, other.name()).isFalse();
            boolean leads = evidence.member(served.name()).orElseThrow().rest() instanceof Rest.Said(_, _, var says, _) && says;
            boolean becomes = !leads && watch.incumbent().filter(known -> known.primary().equals(served)).isEmpty() && !evidence.isNamedLeader(served.name(), Evidence.NEVER);
            boolean well = other.sql() instanceof Sql.Said(_, NodeReply.Writable _, _) && other.rest() instanceof Rest.Said && evidence.isNamedLeader(other.name(), Evidence.NEVER);
            assertThat(becomes && well).as("%s: %s becomes primary beside the leader %s", what, served, other.name()).isFalse();
        }
    }

    // --- what happens

    private void happens(SplittableRandom random) {
        Server one = servers.get(random.nextInt(3));
        switch (random.nextInt(7)) {
            case 0 -> one.up = false;
            case 1 -> {
                one.up = true;
                one.life++;
                // Its Patroni sets it behind the leader, or it comes back as it was.
                if (one != leader && random.nextBoolean()) follow(one);
            }
            case 2, 3 -> promote(one, random);
            case 4 -> {
                // The key is taken back by one that was never told to stop.
                if (one.up && one.writable) lead(one);
            }
            case 5 -> {
                if (one != leader && one.up) follow(one);
            }
            case 6 -> {
                if (one == leader || !one.up || one.writable) return;
                open(one, random);
                one.byHand = true;
            }
            default -> throw new AssertionError();
        }
    }

    private void promote(Server one, SplittableRandom random) {
        if (!one.up || one.writable) return;
        open(one, random);
        if (random.nextBoolean()) leader.up = leader == one;
        lead(one);
    }

    private void lead(Server one) {
        one.byHand = false;
        leader = one;
    }

    private void open(Server one, SplittableRandom random) {
        // One that has not heard of the newest timeline makes the same once more.
        boolean heard = random.nextInt(4) > 0;
        one.timeline = 1 + (heard ? servers.stream().mapToInt(each -> each.timeline).max().orElseThrow() : one.timeline);
        one.writable = true;
    }

    private void follow(Server one) {
        one.writable = false;
        one.byHand = false;
        one.timeline = leader.timeline;
    }

    // --- what is said

    private Evidence confused(SplittableRandom random) {
        now += STEP_NANOS;
        var said = new ArrayList<MemberEvidence>();
        var documents = new ArrayList<Evidence.Document>();
        for (int i = 0; i < 3; i++) {
            Server server = servers.get(i);
            NodeReply reply = random.nextInt(6) == 0 ? new NodeReply.Silent(NodeReply.Kind.values()[random.nextInt(NodeReply.Kind.values().length)], "silent") : server.reply();
            MemberEvidence member = members.get(i).replied(now, reply);
            boolean lies = random.nextInt(3) == 0;
            boolean leads = lies ? random.nextBoolean() : server == leader;
            if (random.nextInt(5) == 0) {
                said.add(member.with(new Rest.Silent(now, PatroniAnswer.Kind.UNREACHABLE, now)));
                continue;
            }
            said.add(member.with(status(server, leads)));
            String named = lies ? List.of("n1", "n2", "n3", "-").get(random.nextInt(4)) : leader.name;
            if (random.nextInt(4) > 0) documents.add(document(named));
        }
        members = said;
        return new Evidence(Evidence.Source.PATRONI, said, documents);
    }

    /// All speak, and say what is; the Patroni of who takes writes and is not the leader is dead, but for one that was promoted by hand.
    private Evidence truth() {
        now += STEP_NANOS;
        var said = new ArrayList<MemberEvidence>();
        for (int i = 0; i < 3; i++) {
            Server server = servers.get(i);
            boolean dead = !server.up || server.writable && server != leader && !server.byHand;
            Rest rest = dead ? new Rest.Silent(now, PatroniAnswer.Kind.UNREACHABLE, now) : status(server, server == leader);
            said.add(members.get(i).replied(now, server.reply()).with(rest));
        }
        members = said;
        return new Evidence(Evidence.Source.PATRONI, said, List.of(document(leader.name)));
    }

    private Rest status(Server server, boolean leads) {
        return new Rest.Said(now, new MemberStatus(server.name, "demo", State.RUNNING, leads || server.byHand ? Role.PRIMARY : Role.REPLICA, server.timeline, Lsn.ZERO, Set.of(), Map.of()), leads, Set.of());
    }

    private Evidence.Document document(String named) {
        List<ClusterDocument.Member> all = servers.stream().map(each -> new ClusterDocument.Member(each.name,
                each.name.equals(named) ? ClusterDocument.Role.LEADER : ClusterDocument.Role.REPLICA, Optional.of(each.address), Optional.empty(), each.timeline, Map.of())).toList();
        return new Evidence.Document(now, new ClusterDocument("demo", all, false, Optional.empty()));
    }
}
