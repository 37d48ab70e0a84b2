package org.pgkeel.proxy.cluster;

import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.Alarm;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.failover.topology.Reign;
import org.pgkeel.failover.topology.Replica;
import org.pgkeel.failover.topology.Topology;
import org.pgkeel.failover.watch.Evidence;
import org.pgkeel.failover.watch.Judge;
import org.pgkeel.failover.watch.LeaderLease;
import org.pgkeel.failover.watch.PrimaryWatch;
import org.pgkeel.failover.watch.Strays;
import org.pgkeel.failover.watch.Verdict;
import org.pgkeel.proxy.config.ClusterConfig;
import org.pgkeel.proxy.config.TimelineRegression;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Watches one cluster: asks its members, has the evidence judged, drives [PrimaryWatch] and [Hold], and publishes what came of it.
///
/// Threading: confined to the cluster rooms.
final class ClusterWatch implements Members.SqlListener {
    private static final Logger log = LoggerFactory.getLogger(ClusterWatch.class);
    private final Cluster cluster;
    private final Rooms rooms;
    private final Members members;
    private final boolean patroni;
    private final long calmMillis;
    private final Duration maxWait;
    private Judge.Regression regression;
    private PrimaryWatch watch;
    private Hold hold;
    private Reign reign;
    private long drainedReign;
    private long changedNanos;
    private List<Alarm> alarms = List.of();
    private List<Replica> replicas = List.of();
    private @Nullable Future<?> timer;
    private boolean restless = true;
    /// Who did not answer when it was asked last.
    private final Set<NodeAddress> silent = new HashSet<>();
    /// Whose next reply is another server's.
    private final Set<NodeAddress> another = new HashSet<>();
    private final Strays strays;
    private final Positions positions;
    private final AlarmLog alarmLog;
    private long roundNanos;
    private long askedAllNanos;
    private long lookedAnewNanos;
    /// Somebody has said of who was primary last that it is not any more.
    private boolean contradicted;
    private boolean ended;

    /// @param known from before a reload. Who is primary by that is asked before anybody is served: what changed may be how it is reached.
    ClusterWatch(Cluster cluster, ClusterConfig config, Rooms rooms, ClusterKnowledge known) {
        this.cluster = cluster;
        this.rooms = rooms;
        this.alarmLog = new AlarmLog(cluster.name());
        this.patroni = config.patroni().isPresent();
        this.calmMillis = config.patroni().map(each -> each.poll().toMillis()).orElse(1000L);
        this.maxWait = config.hold().maxWait();
        this.regression = config.timelineRegression() == TimelineRegression.FOLLOW ? Judge.Regression.FOLLOW : Judge.Regression.HOLD;
        long now = System.nanoTime();
        this.changedNanos = now;
        this.watch = PrimaryWatch.next(known.watch(), new PrimaryWatch.Event.Doubt(PrimaryWatch.Matter.LIFE, "the configuration has changed"), now);
        this.contradicted = known.contradicted();
        this.strays = new Strays(known.strays());
        this.positions = new Positions(cluster, strays);
        this.hold = new Hold.Holding(now, HoldReason.STARTING);
        this.reign = known.reign();
        this.drainedReign = Math.max(1, reign.number());
        this.members = new Members(config, known, rooms, cluster.errors(), this::judge, this);
    }

    void start() {
        round();
    }

    void end() {
        ended = true;
        if (timer != null) timer.cancel(false);
        members.end();
    }

    Members members() {
        return members;
    }

    ClusterKnowledge knowledge() {
        return members.knowledge(reign, watch, contradicted, strays.known());
    }

    // --- what happens

    private void round() {
        if (ended) return;
        roundNanos = System.nanoTime();
        try {
            ask();
            tickHold();
            judge();
        } catch (RuntimeException | Error bug) {
            log.error("cluster {}: a round failed", cluster.name(), bug);
        } finally {
            timer = rooms.loop().schedule(this::round, delayMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void ask() {
        lookAnew();
        Set<PollPace.Urgent> urgent = urgent(roundNanos);
        if (urgent.isEmpty() || roundNanos - askedAllNanos >= PollPace.RESTLESS.toNanos()) {
            askedAllNanos = roundNanos;
            members.ask(primaryName(), restless);
        } else {
            members.ask(primaryName(), urgent);
        }
    }

    /// Who was primary last answers and is it no more: perhaps its address has led elsewhere, and the open connection holds on to whom it led to.
    private void lookAnew() {
        if (!(watch instanceof PrimaryWatch.Absent(var last, _, _, _)) || roundNanos - lookedAnewNanos < PollPace.LOOK_ANEW.toNanos()) return;
        lookedAnewNanos = roundNanos;
        last.flatMap(known -> members.at(known.primary().address())).filter(member -> !members.isSqlSilent(member.name())).ifPresent(member -> member.side().renew(SideConnection.Renewal.IF_THERE_IS_A_PLACE));
    }

    private Set<PollPace.Urgent> urgent(long nowNanos) {
        return PollPace.urgent(watch, members.leaseMayEnd(primaryName(), nowNanos), members.scheduledSwitchover(), nowNanos, Instant.now());
    }

    /// Does not wait for the next round, but keeps the pace of the restless.
    private void hurry() {
        if (timer != null) timer.cancel(false);
        long next = roundNanos + PollPace.RESTLESS.toNanos() - System.nanoTime();
        if (next <= 0) round();
        else timer = rooms.loop().schedule(this::round, next, TimeUnit.NANOSECONDS);
    }

    private long delayMillis() {
        long now = System.nanoTime();
        if (!urgent(now).isEmpty()) {
            restless = true;
            return PollPace.URGENT.toMillis();
        }
        boolean suspicious = alarms.stream().anyMatch(alarm -> alarm.kind() != Alarm.Kind.PATRONI_SILENT) || members.isSilentAmongOthers(primaryName())
                || members.isSqlSilent(primaryName());
        restless = PollPace.isRestless(watch, suspicious, members.scheduledSwitchover(), changedNanos, now, Instant.now());
        return restless ? Math.min(PollPace.RESTLESS.toMillis(), calmMillis) : calmMillis;
    }

    private @Nullable String primaryName() {
        return watch.incumbent().map(known -> known.primary().name()).orElse(null);
    }

    void doubt(NodeAddress node, DoubtReason why) {
        if (ended) return;
        boolean isPrimary = watch.incumbent().map(known -> known.primary().address().equals(node)).orElse(false);
        if (isPrimary) {
            Members.Way way = switch (why) {
                // The connection that is open says nothing about whether another can be opened, and a server that is being shut down answers on
                // it for a moment yet.
                case CONNECT_FAILED, CANNOT_CONNECT_NOW, ADMIN_SHUTDOWN, CRASH_SHUTDOWN -> Members.Way.NEW_CONNECTION;
                // And where its address has come to lead elsewhere it holds on to whom it led to.
                case READ_ONLY, OTHER_SERVER -> Members.Way.NOTHING_BUT_NEW;
                case CONNECTION_LOST, MONITOR_LOST, MONITOR_TIMEOUT -> Members.Way.ANY_CONNECTION;
            };
            step(new PrimaryWatch.Event.Doubt(way == Members.Way.NOTHING_BUT_NEW ? PrimaryWatch.Matter.IDENTITY : PrimaryWatch.Matter.LIFE, why.word()));
            members.askAnew(node, way);
            if (!restless) {
                restless = true;
                hurry();
            }
        } else {
            members.askAnew(node, why == DoubtReason.OTHER_SERVER ? Members.Way.NOTHING_BUT_NEW : Members.Way.ANY_CONNECTION);
        }
    }

    /// Somebody answers again.
    private void wakeUp() {
        changedNanos = System.nanoTime();
        if (restless) return;
        restless = true;
        hurry();
    }

    @Override
    public void isAnother(NodeAddress node) {
        another.add(node);
        cluster.freshness().forget(node);
        cluster.listeners().forEach(listener -> listener.replicaIsAnother(node));
    }

    /// Where the server is another than before, connections to the one before may not be ended yet, so that only its next position says how fresh that is which they show.
    @Override
    public void replied(WatchedMember member, long askedNanos, NodeReply reply) {
        if (reply instanceof NodeReply.Silent) silent.add(member.address());
        else if (silent.remove(member.address())) wakeUp();
        boolean needsPatronisWord = reply instanceof NodeReply.Writable && watch instanceof PrimaryWatch.Absent && !member.name().equals(primaryName());
        if (needsPatronisWord) members.askWhetherItLeads(member);
        if (!another.remove(member.address()) && watch instanceof PrimaryWatch.Known(var primary, _)) positions.replied(primary, member, askedNanos, reply);
    }

    /// @param row as [Positions#asked]
    void position(WatchedMember member, long askedNanos, List<String> row) {
        if (watch instanceof PrimaryWatch.Known(var primary, _)) positions.asked(primary, member, askedNanos, row);
    }

    /// At once, before any client says so.
    @Override
    public void connectionLost(NodeAddress node) {
        cluster.freshness().forget(node);
        boolean isPrimary = watch instanceof PrimaryWatch.Known(var primary, _) && primary.address().equals(node);
        if (isPrimary) cluster.doubt(node, DoubtReason.MONITOR_LOST);
        else members.askAnew(node, Members.Way.ANY_CONNECTION);
    }

    void drained(long drained) {
        if (drained == reign.number()) drainedReign = drained;
        change(new Hold.Event.Drained(drained));
        publish();
    }

    /// An operator follows a leader whose timeline went back: this once.
    /// @param node its name or its address
    /// @return why not
    Optional<String> followByHand(String node) {
        if (verdict(regression).alarms().stream().noneMatch(alarm -> alarm.kind() == Alarm.Kind.TIMELINE_WENT_BACK)) {
            return Optional.of("no leader of cluster \"" + cluster.name() + "\" is on a lower timeline than one that was followed before: there is nothing to decide by hand");
        }
        if (!(verdict(Judge.Regression.FOLLOW).verdict() instanceof Verdict.Serves(var leader))) return Optional.of("nobody leads cluster \"" + cluster.name() + "\" that could be followed");
        if (!node.equals(leader.name()) && !node.equals(leader.address().toString())) {
            return Optional.of("the leader whose timeline went back is " + leader.name() + " (" + leader.address() + "), not " + node);
        }
        log.warn("cluster {}: {} ({}) is followed to timeline {} by hand, down from {}", cluster.name(), leader.name(), leader.address(), leader.timeline(), reign.timeline());
        Judge.Regression before = regression;
        regression = Judge.Regression.FOLLOW;
        judge();
        regression = before;
        return Optional.empty();
    }

    /// Who is silent when its lease may end is the leader only as long as that is confirmed again and again.
    private long namedSinceNanos() {
        long now = System.nanoTime();
        return members.leaseMayEnd(primaryName(), now) ? now - LeaderLease.FRESH.toNanos() : Evidence.NEVER;
    }

    private Judge.Judgement verdict(Judge.Regression rule) {
        return Judge.judge(new Judge.Case(members.evidence(), watch.incumbent(), reign.timeline(), watch.notBeforeNanos(), namedSinceNanos(), contradicted, rule));
    }

    private void tickHold() {
        Hold before = hold;
        change(new Hold.Event.Tick());
        if (!before.equals(hold)) log.warn("cluster {}: no primary for {} s: clients are refused from now on", cluster.name(), maxWait.toSeconds());
    }

    // --- what follows

    private void judge() {
        if (ended) return;
        Judge.Judgement judgement = verdict(regression);
        alarms = judgement.alarms();
        alarmLog.stand(alarms, System.nanoTime());
        if (members.wantsDocuments()) members.askDocuments(true);
        step(new PrimaryWatch.Event.Judged(judgement.verdict()));
        contradicted |= judgement.deposed() && watch instanceof PrimaryWatch.Absent;
        publish();
    }

    private void step(PrimaryWatch.Event event) {
        long now = System.nanoTime();
        PrimaryWatch before = watch;
        watch = PrimaryWatch.next(before, event, now);
        if (watch.equals(before)) return;
        switch (watch) {
            case PrimaryWatch.Known(var primary, _) -> known(before, primary, now);
            case PrimaryWatch.Doubted(_, _, _, _, var why) -> {
                if (before instanceof PrimaryWatch.Known) lost(HoldReason.DOUBTED, why);
            }
            case PrimaryWatch.Absent(_, _, var reason, var why) -> {
                contradicted |= reason == HoldReason.DEPOSED || reason == HoldReason.SWITCHOVER;
                if (!(before instanceof PrimaryWatch.Absent(_, _, var was, _)) || was != reason) {
                    changedNanos = now;
                    lost(reason, why);
                }
            }
        }
    }

    private void lost(HoldReason reason, String why) {
        if (reason == HoldReason.DOUBTED) log.debug("cluster {}: primary {} is doubted: {}", cluster.name(), reign.address(), why);
        else log.warn("cluster {}: no primary ({}): {}", cluster.name(), reason.word(), why);
        cluster.counters().lost(reason);
        change(new Hold.Event.PrimaryLost(reason));
        publish();
        cluster.listeners().forEach(listener -> listener.primaryLost(reason));
    }

    private void known(PrimaryWatch before, Primary primary, long now) {
        contradicted = false;
        if (reign.isOf(primary)) {
            boolean drained = drainedReign == reign.number();
            if (!(before instanceof PrimaryWatch.Doubted)) log.info("cluster {}: primary is {} again, the same as before", cluster.name(), primary.address());
            change(drained ? new Hold.Event.NotLost() : new Hold.Event.PrimaryFound(reign.number()));
            publish();
            cluster.listeners().forEach(listener -> listener.primaryNotLost(reign));
            return;
        }
        // Clients never go from one to the next without a hold in between, so that those in flight are told apart.
        if (before instanceof PrimaryWatch.Known) lost(HoldReason.PRIMARY_LOST, "another took over");
        changedNanos = now;
        reign = new Reign(reign.number() + 1, primary.address(), primary.timeline(), primary.lifetime());
        Optional<Primary> last = before.incumbent().map(PrimaryWatch.Known::primary);
        if (last.isPresent() && strays.begins(last.get(), primary)) {
            log.warn("cluster {}: two servers have made timeline {}: who was on it before is not read from until it has come to a checkpoint of {}", cluster.name(), primary.timeline(), primary.address());
        }
        cluster.freshness().forgetAll();
        cluster.counters().reignChanged();
        log.info("cluster {}: primary is {} ({}), {}", cluster.name(), primary.name(), primary.address(), reign);
        change(drainedReign == reign.number() ? new Hold.Event.NotLost() : new Hold.Event.PrimaryFound(reign.number()));
        publish();
        cluster.listeners().forEach(listener -> listener.primaryFound(reign));
    }

    private void change(Hold.Event event) {
        hold = Hold.next(hold, event, System.nanoTime(), maxWait);
    }

    private void publish() {
        Optional<Primary> primary = watch instanceof PrimaryWatch.Known(var known, _) ? Optional.of(known) : Optional.empty();
        List<Replica> now = members.all().stream().filter(member -> !strays.has(member.address())).flatMap(member -> member.replica().stream()).sorted(Comparator.comparing(Replica::name)).toList();
        var topology = new Topology(primary, now, flags(), members.scheduledSwitchover(), alarms);
        cluster.publish(primary.map(Primary::address).orElse(null), reign, hold, topology, members.evidence().members());
        List<Replica> shape = now.stream().map(each -> new Replica(each.name(), each.address(), each.timeline(), each.endpoints(), each.tags(), Optional.empty())).toList();
        if (!shape.equals(replicas)) {
            replicas = shape;
            log.info("cluster {}: replicas are {}", cluster.name(), String.join(", ", shape.stream()
                    .map(each -> each.name() + " (" + each.address() + ", timeline " + each.timeline() + ")").toList()));
            cluster.listeners().forEach(ClusterListener::replicasChanged);
        }
    }

    private Set<Topology.Flag> flags() {
        Set<Topology.Flag> flags = members.flags();
        if (patroni && watch instanceof PrimaryWatch.Absent(_, _, var reason, _) && reason != HoldReason.ALARM && reason != HoldReason.STARTING) {
            flags.add(Topology.Flag.SWITCHOVER_IN_PROGRESS);
        }
        return flags;
    }

    /// Where and when positions are asked for, see [Positions#comparable].
    List<WatchedMember> comparable() {
        return watch instanceof PrimaryWatch.Known(var primary, _) ? positions.comparable(primary, members.all()) : List.of();
    }
}
