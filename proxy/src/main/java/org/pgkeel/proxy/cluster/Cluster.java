package org.pgkeel.proxy.cluster;

import java.net.URI;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Reign;
import org.pgkeel.failover.topology.Topology;
import org.pgkeel.failover.watch.MemberEvidence;
import org.pgkeel.proxy.cluster.ReachedServer.Match;
import org.pgkeel.proxy.config.ClusterConfig;
import org.pgkeel.proxy.config.PatroniConfig;
import org.pgkeel.proxy.observe.ClusterSnapshot;
import org.pgkeel.proxy.tls.PatroniTls;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One PostgreSQL cluster: who takes writes now, who replicates, and whether clients have to wait.
///
/// Threading: shared. What can be read is one immutable view behind a volatile field; changes happen on the one thread of the
/// cluster rooms.
public final class Cluster {
    private static final Logger log = LoggerFactory.getLogger(Cluster.class);
    /// [ReplicaState#freshAsOfNanos] of a replica of which nothing is known.
    public static final long NEVER = Long.MIN_VALUE;

    private record View(@Nullable NodeAddress primary, Reign reign, Hold hold, Topology topology, List<MemberEvidence> members,
                        List<NodeAddress> nodes) {}

    /// Positions are asked for so often while somebody wants them, and for so long after the last time.
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long DEMAND_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final ClusterConfig config;
    /// Common to those that a reload put in each other's place, as long as there are the same servers.
    private final Object lineage;
    private final boolean watched;
    private final Rooms rooms;
    /// What was in the files when it was made.
    private final Optional<PatroniTls> patroniTls;
    private final List<ClusterListener> listeners = new CopyOnWriteArrayList<>();
    private final Freshness freshness = new Freshness();
    private final ClusterCounters counters;
    private final PollErrors errors;
    /// The doubt that has not been looked at yet; one of many that came at once.
    private final AtomicReference<@Nullable Doubt> doubt = new AtomicReference<>();
    private final AtomicBoolean polling = new AtomicBoolean();
    private final AtomicBoolean asking = new AtomicBoolean();
    private final AtomicLong lastWriteNanos = new AtomicLong(NEVER);
    private final AsynchronousCommits asynchronous;
    private volatile long wantedNanos;
    private volatile long readNanos = System.nanoTime() - DEMAND_NANOS;
    private volatile View view;
    private @Nullable ClusterWatch watch;

    private record Doubt(NodeAddress node, DoubtReason why) {}

    Cluster(ClusterConfig config, Rooms rooms) {
        this(config, rooms, Reign.NONE, new ClusterCounters(), new PollErrors(), new AsynchronousCommits(config.name()), new Object());
    }

    private Cluster(ClusterConfig config, Rooms rooms, Reign reign, ClusterCounters counters, PollErrors errors, AsynchronousCommits asynchronous, Object lineage) {
        this.config = config;
        this.asynchronous = asynchronous;
        this.lineage = lineage;
        this.watched = config.monitor().isPresent();
        this.rooms = rooms;
        this.patroniTls = patroniTls(config, rooms);
        this.counters = counters;
        this.errors = errors;
        Hold hold = watched ? new Hold.Holding(System.nanoTime(), HoldReason.STARTING) : Hold.OPEN;
        this.view = new View(null, reign, hold, Topology.EMPTY, List.of(), config.nodes());
    }

    /// After a reload: the same servers in other words, or others under the same name. Numbers of reigns go on either way, since connections are
    /// told apart by them.
    static Cluster instead(Cluster before, ClusterConfig config, Rooms rooms) {
        Reign last = before.current();
        boolean among = isAmong(before, config);
        Reign known = among ? last : new Reign(last.number(), Reign.NONE.address(), 0, Reign.NONE.lifetime());
        return new Cluster(config, rooms, known, before.counters, before.errors, before.asynchronous, among ? before.lineage : new Object());
    }

    /// Whether a reload changes nothing for it: neither its section, nor what is in the files that only its beginning reads.
    boolean isAs(ClusterConfig now) {
        return config.equals(now) && patroniTls.equals(patroniTls(now, rooms));
    }

    private static Optional<PatroniTls> patroniTls(ClusterConfig config, Rooms rooms) {
        return config.patroni().map(_ -> rooms.patroniTlsOf().apply(config.name()));
    }

    /// Whether it is `before` in other words: the same servers after a reload.
    public boolean continues(Cluster before) {
        return lineage == before.lineage;
    }

    private static boolean isAmong(Cluster before, ClusterConfig config) {
        List<URI> urls = before.config.patroni().map(PatroniConfig::members).orElse(List.of());
        return !Collections.disjoint(before.nodes(), config.nodes()) || !Collections.disjoint(urls, config.patroni().map(PatroniConfig::members).orElse(List.of()));
    }

    void start() {
        onRooms(() -> begin(ClusterKnowledge.nothingBut(current(), System.nanoTime())));
    }

    /// Instead of the one before, which ends: with what that knows, as far as these are the same servers.
    void takeOver(Cluster before) {
        onRooms(() -> {
            long now = System.nanoTime();
            try {
                Optional<ClusterKnowledge> known = Optional.ofNullable(before.watch).filter(_ -> continues(before)).map(ClusterWatch::knowledge);
                before.endWatch();
                begin(known.map(each -> each.within(config, before.config, now)).orElseGet(() -> ClusterKnowledge.nothingBut(current(), now)));
            } catch (RuntimeException | Error bug) {
                log.error("cluster {}: what was known of it before the reload is lost", name(), bug);
                before.endWatch();
                endWatch();
                begin(ClusterKnowledge.nothingBut(current(), now));
            }
        });
    }

    private void begin(ClusterKnowledge known) {
        if (!isWatched()) return;
        watch = new ClusterWatch(this, config, rooms, known);
        watch.start();
        lookAtDoubt();
    }

    void end() {
        onRooms(this::endWatch);
    }

    private void endWatch() {
        ClusterWatch ended = watch;
        watch = null;
        if (ended != null) ended.end();
    }

    private void onRooms(Runnable work) {
        rooms.execute(work);
    }

    private void withWatch(Consumer<ClusterWatch> work) {
        onRooms(() -> {
            if (watch != null) work.accept(watch);
        });
    }

    void publish(@Nullable NodeAddress primary, Reign reign, Hold hold, Topology topology, List<MemberEvidence> members) {
        view = new View(primary, reign, hold, topology, members, members.stream().map(MemberEvidence::address).toList());
    }

    List<ClusterListener> listeners() {
        return listeners;
    }

    Freshness freshness() {
        return freshness;
    }

    ClusterCounters counters() {
        return counters;
    }

    PollErrors errors() {
        return errors;
    }

    Rooms rooms() {
        return rooms;
    }

    public String name() {
        return config.name();
    }

    public ClusterConfig config() {
        return config;
    }

    /// Whether the proxy itself watches who is primary. If not (`nodes` without `monitor`), [#primary] is who was found at the last
    /// login, and the hold is always open.
    public boolean isWatched() {
        return watched;
    }

    /// Who takes writes now; null if nobody does, or nobody is sure: then clients wait.
    public @Nullable NodeAddress primary() {
        return view.primary;
    }

    /// Grows whenever the primary is another server than before: another node, timeline, or lifetime. 0 before the first.
    public long reign() {
        return view.reign.number();
    }

    /// The reign that lasts, or the last one.
    public Reign current() {
        return view.reign;
    }

    public Hold hold() {
        return view.hold;
    }

    public Topology topology() {
        return view.topology;
    }

    /// All PostgreSQL servers that are known, primary and replicas, dead ones included.
    public List<NodeAddress> nodes() {
        return view.nodes;
    }

    /// For people and monitoring. Callable from any thread.
    public ClusterSnapshot snapshot() {
        return ClusterSurvey.of(this, view.members, System.nanoTime());
    }

    /// Of a cluster that is not watched: a login found out who is primary. Callable from any thread.
    public void foundAtLogin(NodeAddress primary) {
        View now = view;
        if (!isWatched() && !primary.equals(now.primary)) view = new View(primary, now.reign, now.hold, now.topology, now.members, now.nodes);
    }

    /// Something happened on a connection to `node` that may mean that it is not the primary any more. All members are asked at
    /// once, and until they have answered clients wait. Cheap; callable from any thread, as often as it happens.
    public void doubt(NodeAddress node, DoubtReason why) {
        if (!isWatched()) return;
        counters.doubted(why);
        // A doubt of the primary is never replaced by one of a replica.
        Doubt mine = new Doubt(node, why);
        Doubt before = doubt.getAndUpdate(other -> other == null || node.equals(view.primary) ? mine : other);
        if (before == null) withWatch(_ -> lookAtDoubt());
        else if (!before.node.equals(node)) withWatch(now -> now.doubt(node, why));
    }

    private void lookAtDoubt() {
        Doubt mine = doubt.getAndSet(null);
        ClusterWatch now = watch;
        if (mine != null && now != null) now.doubt(mine.node, mine.why);
    }

    /// Nobody waits any more who came before `reign` began. Callable from any thread.
    public void drained(long reign) {
        withWatch(now -> now.drained(reign));
    }

    /// An operator has the leader followed whose timeline went back. Callable from any thread; completes on the thread of the cluster rooms.
    /// @param node its name or its address
    /// @return why it is not followed; empty if it is
    public CompletionStage<Optional<String>> followByHand(String node) {
        var answer = new CompletableFuture<Optional<String>>();
        onRooms(() -> answer.complete(watch == null ? Optional.of("cluster \"" + name() + "\" is not watched") : watch.followByHand(node)));
        return answer;
    }

    /// Asks a server over the proxy's own connection to it; NULL comes as an empty text. Fails with a [SideFailure]. Callable from any
    /// thread; completes on the thread of the cluster rooms.
    public CompletionStage<List<List<String>>> ask(NodeAddress node, String sql) {
        var answer = new CompletableFuture<List<List<String>>>();
        onRooms(() -> {
            Optional<WatchedMember> member = watch == null ? Optional.empty() : watch.members().at(node);
            if (member.isEmpty()) answer.completeExceptionally(new SideFailure(NodeReply.Kind.LOST, "", node + " is not watched"));
            else member.get().side().query(sql).whenComplete((rows, failure) -> {
                if (failure == null) answer.complete(rows);
                else answer.completeExceptionally(failure);
            });
        });
        return answer;
    }

    /// What a connection has reached that is to be of a reign: its server, in the run that it is of. Callable from any thread; completes on the thread of the cluster rooms,
    /// and never fails.
    public CompletionStage<Match> match(Reign lasting, ReachedServer there) {
        return match(lasting.address(), probe -> probe.isSame(there) && there.timeline() == lasting.timeline() && probe.lifetime().equals(lasting.lifetime()));
    }

    /// What a connection has reached that is to be to a replica. As above.
    public CompletionStage<Match> match(NodeAddress replica, ReachedServer there) {
        return match(replica, probe -> probe.isSame(there) && there.isInRecovery());
    }

    /// The watch may be behind by a restart: it is asked before anybody is called another.
    private CompletionStage<Match> match(NodeAddress node, Predicate<SqlProbe> same) {
        var answer = new CompletableFuture<Match>();
        onRooms(() -> {
            Optional<SqlProbe> known = watch == null ? Optional.empty() : watch.members().at(node).map(WatchedMember::probe);
            if (known.isEmpty()) answer.complete(Match.UNTOLD);
            else if (same.test(known.get())) answer.complete(Match.SAME);
            else known.get().ask().whenComplete((reply, bug) -> answer.complete(reply == null || reply instanceof NodeReply.Silent ? Match.UNTOLD
                    : same.test(known.get()) ? Match.SAME : Match.ANOTHER));
        });
        return answer;
    }

    /// Asks the primary of a reign over a new connection whether it is still in it: a server that is being shut down lets nobody in, though connections of before may go on
    /// for a moment. Callable from any thread; completes on the thread of the cluster rooms, and never fails.
    public CompletionStage<Boolean> goesOn(Reign lasting) {
        var answer = new CompletableFuture<Boolean>();
        onRooms(() -> {
            Optional<WatchedMember> member = watch == null ? Optional.empty() : watch.members().at(lasting.address());
            member.ifPresent(each -> each.side().renew(SideConnection.Renewal.IF_THERE_IS_A_PLACE));
            if (member.isEmpty()) answer.complete(false);
            else member.get().probe().ask().whenComplete((reply, bug) -> answer.complete(reply instanceof NodeReply.Writable now
                    && now.timeline() == lasting.timeline() && now.lifetime().equals(lasting.lifetime())));
        });
        return answer;
    }

    /// Patroni's history of the timelines, as JSON; empty without Patroni, or if no member tells it. Callable from any thread.
    CompletionStage<String> history() {
        var answer = new CompletableFuture<String>();
        onRooms(() -> {
            if (watch == null) answer.complete("");
            else watch.members().history().whenComplete((json, failure) -> answer.complete(failure == null ? json : ""));
        });
        return answer;
    }

    public void addListener(ClusterListener listener) {
        listeners.add(listener);
    }

    /// How fresh a replica is. Callable from any thread.
    public ReplicaState replica(NodeAddress replica) {
        return freshness.seen(replica);
    }

    /// A client is told that something was committed. Callable from any thread.
    public void wrote(long nowNanos) {
        lastWriteNanos.accumulateAndGet(nowNanos, (before, now) -> before == NEVER || now - before > 0 ? now : before);
    }

    public AsynchronousCommits asynchronousCommits() {
        return asynchronous;
    }

    /// When any client was told so last, as far as [#wrote] was told; [#NEVER] before the first.
    public long lastWriteNanos() {
        return lastWriteNanos.get();
    }

    /// A read is about to go to a replica if one is fit. Cheap; callable from any thread.
    public void reads(long nowNanos) {
        if (nowNanos - readNanos > POLL_NANOS) readNanos = nowNanos;
    }

    /// Whether reads go to replicas these days, so that it pays to know soon which of them has what is written now. Where nobody reads there, no write
    /// is worth a question to every server.
    public boolean isReadLately(long nowNanos) {
        return nowNanos - readNanos < DEMAND_NANOS;
    }

    /// Somebody needs [ReplicaState#freshAsOfNanos] to be exact: for the next half second positions are asked for every 50 ms. Cheap; callable from
    /// any thread.
    public void wantFreshness() {
        long now = System.nanoTime();
        if (now - wantedNanos > POLL_NANOS) wantedNanos = now;
        if (!polling.get() && isWatched() && polling.compareAndSet(false, true)) onRooms(this::pollPositions);
    }

    /// Somebody waits for [ReplicaState#freshAsOfNanos] to grow: positions are asked for at once. Cheap; callable from any thread.
    public void askFreshness() {
        wantFreshness();
        if (asking.compareAndSet(false, true)) onRooms(() -> {
            asking.set(false);
            if (watch != null) for (WatchedMember member : watch.comparable()) watch.members().askPosition(member, watch);
        });
    }

    /// As long as somebody wants it.
    private void pollPositions() {
        ClusterWatch now = watch;
        if (now == null || System.nanoTime() - wantedNanos > DEMAND_NANOS) {
            polling.set(false);
            return;
        }
        for (WatchedMember member : now.comparable()) now.members().askPosition(member, now);
        rooms.loop().schedule(this::pollPositions, POLL_NANOS, TimeUnit.NANOSECONDS);
    }
}
