package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.config.RouteRule;
import org.pgkeel.proxy.pool.PoolSlice;
import org.pgkeel.proxy.pool.SharedPool;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.ErrorBody;
import org.pgkeel.proxy.route.Candidate;
import org.pgkeel.proxy.route.ReplicaChoice;
import org.pgkeel.proxy.route.Route;
import org.pgkeel.proxy.route.SessionView;
import org.pgkeel.proxy.statement.StatementClass;

/// Where one client's units run: asks the rules, chooses the server, remembers what the client was told of the data, and takes a unit to
/// another server if the one that was chosen fails it before the client has seen a row.
///
/// A unit is what [UnitReader] reads, and [UnitRules] says of it where it may go. While a unit is under way on a replica, what the client sends next
/// waits: it may belong elsewhere.
///
/// Threading: confined to the session's event loop.
final class SessionRoutes {
    /// A unit whose rule says `wait` looks so often for a replica.
    private static final long WAIT_MILLIS = 20;
    /// Of a client that a replica's pool does not serve: they would be the same with another replica.
    private static final Set<RefusalReason> ELSEWHERE_TOO = EnumSet.of(RefusalReason.POOL_WAIT_TIMEOUT, RefusalReason.CANCELLED_WHILE_WAITING, RefusalReason.HOLD_TIMEOUT, RefusalReason.HOLD_QUEUE_FULL);

    private final ClientSession session;
    private final SessionContext context;
    private final SessionView view = new SessionView();
    private final UnitRules unit;
    private final UnitMoves moves = new UnitMoves();

    // The unit.
    /// Replies to it that the client has already.
    private int suppressed;
    /// While it waits for a replica: what the rules said.
    private Route.@Nullable ToReplica kept;
    private final ReplicaComeback comeback = new ReplicaComeback();
    private boolean waits;
    private long waitsSinceNanos;
    private Optional<Refusal> refusal = Optional.empty();

    // Its lease.
    private Route.@Nullable ToReplica by;
    private long incarnation;
    private @Nullable NodeAddress node;
    /// Of the replica that the last one was with.
    private Nodes.@Nullable Use use;
    private @Nullable NodeAddress usedNode;
    private boolean underWay;
    private boolean turnedAway;

    /// @param used the client has been served before, without rules: nothing is known of what it has written
    SessionRoutes(ClientSession session, SessionContext context, boolean used) {
        this.session = session;
        this.context = context;
        this.unit = new UnitRules(session);
        if (used) view.wrote(System.nanoTime());
    }

    // --- which pool

    /// @return the pool that the unit's connection is to come from; null if there is none now, see [#refusal]
    @Nullable SharedPool<BackendConnection> choose(RouteRules inForce, ByteBuf in, int at, long now) {
        DatabasePool pool = session.pool();
        Cluster cluster = pool.cluster();
        // A client that listens gets its backend back before it goes anywhere else.
        Route.ToReplica to = moves.primaryOnly() || session.pins().owesListen() ? null : kept != null ? kept : unit.decide(inForce, in, at);
        by = to;
        kept = null;
        // Somebody has to ask the primary what the names in its database stand for.
        if (to == null || pool.isCatalogueDue(now) && cluster.primary() != null) return pool.shared();
        RouteRule rule = to.by();
        cluster.reads(now);
        List<Candidate> candidates = context.nodes().candidates(cluster, moves.avoided(), to.orPrimary(), now);
        if (ReplicaChoice.wantsFreshness(candidates, rule, view, now)) cluster.wantFreshness();
        int chosen = choice(cluster, candidates, rule, now);
        if (chosen != ReplicaChoice.NONE) {
            Candidate one = candidates.get(chosen);
            if (one.primary()) return pool.shared();
            incarnation = one.incarnation();
            comeback.found();
            return pool.toReplica(one.address());
        }
        return switch (rule.orElse()) {
            case PRIMARY -> {
                boolean looksAgain = moves.isNone() && isOnlyBehind(candidates, rule, now) && comeback.mayWait(now);
                if (looksAgain) cluster.askFreshness();
                kept = looksAgain ? to : null;
                yield looksAgain ? null : pool.shared();
            }
            case WAIT -> {
                kept = to;
                yield waitOn(rule, now);
            }
            case REFUSE -> refuse("no replica is fit for rule \"" + rule.name() + "\"", "The rule's or-else is refuse.");
        };
    }

    /// There are no rules any more: the unit goes to the primary, whatever they said of one before.
    void goesByNoRule() {
        by = null;
        kept = null;
    }

    private int choice(Cluster cluster, List<Candidate> candidates, RouteRule rule, long now) {
        int chosen = candidates.isEmpty() ? ReplicaChoice.NONE : ReplicaChoice.choose(candidates, rule, view, cluster.lastWriteNanos(), now, context.nodes().turn());
        boolean primaryIsBetter = rule.orElse() == RouteRule.OrElse.PRIMARY && cluster.primary() != null;
        return chosen != ReplicaChoice.NONE && candidates.get(chosen).recentlyFailed() && primaryIsBetter ? ReplicaChoice.NONE : chosen;
    }

    /// The unit waits for a primary that is not there, only because no replica was fit: whether one is by now, that has not just failed it.
    boolean findsReplica(long now) {
        Route.ToReplica to = by;
        Cluster cluster = session.pool().cluster();
        if (to == null || moves.primaryOnly() || cluster.primary() != null) return false;
        List<Candidate> candidates = context.nodes().candidates(cluster, Set.of(), false, now);
        int chosen = choice(cluster, candidates, to.by(), now);
        if (chosen == ReplicaChoice.NONE || candidates.get(chosen).recentlyFailed()) return false;
        moves.avoidNone();
        kept = to;
        return true;
    }

    /// There is a replica that lacks nothing but what the session was told last.
    private boolean isOnlyBehind(List<Candidate> candidates, RouteRule rule, long now) {
        if (rule.consistency() != RouteRule.Consistency.SESSION) return false;
        for (Candidate candidate : candidates) {
            ReplicaChoice.Unfit why = ReplicaChoice.reason(candidate, rule, view, Candidate.UNKNOWN, now).orElse(null);
            if (why == ReplicaChoice.Unfit.BEHIND_OWN_READ || why == ReplicaChoice.Unfit.BEHIND_OWN_WRITE) return true;
        }
        return false;
    }

    /// When it is to be looked again whether there is a pool for the unit.
    long waitMillis() {
        return comeback.isWaiting() ? ReplicaComeback.LOOK_MILLIS : WAIT_MILLIS;
    }

    private @Nullable SharedPool<BackendConnection> waitOn(RouteRule rule, long now) {
        if (!waits) {
            waits = true;
            waitsSinceNanos = now;
        }
        moves.avoidNone();
        long maxWaitMillis = session.pool().shared().settings().shape().maxWait().toMillis();
        if (now - waitsSinceNanos < maxWaitMillis * 1_000_000) return null;
        return refuse("no replica was fit for rule \"" + rule.name() + "\" within " + maxWaitMillis + " ms", "The wait is databases.*.pool.max-wait.");
    }

    private @Nullable SharedPool<BackendConnection> refuse(String message, String hint) {
        refusal = Optional.of(Refusal.of(RefusalReason.NO_REPLICA, message, hint));
        return null;
    }

    /// Why there is no pool for the unit; empty if one is to be waited for.
    Optional<Refusal> refusal() {
        return refusal;
    }

    // --- the lease

    /// The client has a connection now.
    void begin(BackendConnection leased) {
        node = leased.slice().shared().key().replica().orElse(null);
        if (node != null) use(node).begins();
        underWay = false;
        waits = false;
        if (suppressed > 0) leased.suppressReplies(suppressed);
        suppressed = 0;
    }

    /// The client has none any more.
    void end() {
        if (node != null) use(node).ends();
        node = null;
        underWay = false;
    }

    private Nodes.Use use(NodeAddress of) {
        Nodes.Use known = use;
        if (known == null || usedNode != of) {
            usedNode = of;
            use = known = context.nodes().use(of);
        }
        return known;
    }

    boolean onReplica() {
        return node != null;
    }

    /// What the Query is that the unit consists of, until it is sent; [StatementClass#UNREAD] of all else.
    StatementClass classOfQuery() {
        return unit.classOfQuery();
    }

    /// The end of a batch was given to the backend.
    /// @return whether what the client sends next has to wait
    boolean batchSent() {
        unit.sent();
        underWay = node != null;
        return underWay;
    }

    /// What the client sends has to wait until a replica has answered.
    boolean holds() {
        return underWay;
    }

    /// What a batch asked is asked once more on this lease.
    void asksHereAgain() {
        underWay = false;
    }

    /// All is answered, and the backend is not asked anything more before it goes back, or the client goes on with it.
    void settled() {
        underWay = false;
    }

    /// A batch is answered; the client is about to hear of its end.
    /// @param wrote whether the primary may have written something for it
    void answered(BackendConnection leased, byte status, boolean wrote, long now) {
        NodeAddress there = node;
        if (there != null) view.read(there, incarnation, now);
        else if (wrote && !unit.reads()) wrote(now);
        else view.read(leased.greeting().address(), leased.reign().number(), now);
        if (status == 'I') over();
    }

    /// The client is told of something that it wrote, or may have written.
    void wrote(long now) {
        session.path().wrote(now);
    }

    /// What the client reads from here on must not be older.
    void remembersWrite(long now) {
        view.wrote(now);
    }

    /// The unit is over.
    void over() {
        moves.over();
        unit.over();
        turnedAway = false;
        waits = false;
        kept = null;
        suppressed = 0;
        refusal = Optional.empty();
    }

    // --- when a replica fails the unit

    /// The pool of a replica has no connection for the unit.
    /// @return whether it goes elsewhere
    boolean isRefusedHere(@Nullable PoolSlice<BackendConnection> asked, Refusal why) {
        if (asked == null || !asked.shared().key().isToReplica() || ELSEWHERE_TOO.contains(why.reason())) return false;
        NodeAddress there = asked.shared().key().replica().orElseThrow();
        context.nodes().use(there).failed(System.nanoTime());
        moves.failedAt(there, by);
        return true;
    }

    /// The connection is lost, and with it the unit, unless it is asked once more.
    void unitLost() {
        unit.over();
        turnedAway = false;
        suppressed = 0;
    }

    /// The connection to the replica is lost.
    void lost(BackendConnection backend) {
        NodeAddress there = backend.slice().shared().key().replica().orElseThrow();
        context.nodes().use(there).lost(System.nanoTime());
        moves.failedAt(there, by);
    }

    /// A replica answers the unit with an error. If that says more about the replica than about the unit, the client does not get it, and the
    /// unit runs elsewhere.
    /// @param visible replies that the client has
    boolean turnsAway(BackendConnection leased, byte[] errorBody, int visible) {
        NodeAddress there = node;
        Route.ToReplica route = by;
        if (there == null || route == null || leased.exchange().status() != 'I' || leased.requests().isIncomplete() || unit.actsElsewhere() || moves.areTooMany()) return false;
        String code = ErrorBody.field(errorBody, 'C');
        boolean elsewhere = switch (code) {
            // A conflict with recovery, or a deadlock with it.
            case "40001", "40P01" -> true;
            case "25006" -> route.readsOnly() && !unit.begins();
            default -> route.readsOnly() && route.by().orElse() == RouteRule.OrElse.PRIMARY && mayBeOutOfDate(code);
        };
        if (!elsewhere) return false;
        moves.failedAt(there, by);
        boolean conflict = code.startsWith("40");
        if (!conflict) moves.toPrimary();
        if (code.equals("25006")) learn(leased);
        context.stats().backendLost(conflict ? "replica_conflict" : "replica_unfit");
        suppressed = visible;
        turnedAway = true;
        return true;
    }

    /// What it names may be there on the primary already; or what it asks for only a primary has.
    private static boolean mayBeOutOfDate(String code) {
        return code.startsWith("42") && !code.equals("42501") || code.equals("3F000") || code.equals("0A000") || code.equals("55000");
    }

    private void learn(BackendConnection leased) {
        byte[] requests = leased.requests().copy();
        UnitReader.read(session, Unpooled.wrappedBuffer(requests), 0, requests.length, new UnitReader.Listener() {
            @Override
            public void text(StatementClass kind, ByteBuf in, int from, int to) {
                session.statements().learnWrite(in, from, to);
            }

            @Override
            public void prepared(StatementClass kind, SharedStatement statement) {
                session.statements().learnWrite(statement);
            }
        });
    }

    /// The error of the batch was kept from the client, which will be asked elsewhere.
    boolean isTurnedAway() {
        return turnedAway;
    }

    /// It is asked elsewhere from here on.
    void asksElsewhere() {
        turnedAway = false;
    }

    /// It is asked elsewhere; the client has this many of its replies.
    void asksElsewhere(int replies) {
        turnedAway = false;
        suppressed = replies;
    }
}
