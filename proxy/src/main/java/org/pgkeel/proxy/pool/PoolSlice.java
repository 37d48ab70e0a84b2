package org.pgkeel.proxy.pool;

import io.netty.channel.EventLoop;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.Collections;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.observe.PoolStats;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;

/// One event loop's share of a pool: lends who is idle ([IdleConnections]) to who waits ([WaitingLine]), and has others opened ([OpenAttempts]).
/// Clients are served first come, first served.
///
/// Threading: confined to its event loop.
///
/// @param <C> the connections of the pool
public final class PoolSlice<C extends PooledConnection> {
    private final SharedPool<C> shared;
    private final int index;
    private final EventLoop loop;
    private final Opener<C> opener;
    private final PoolStats stats;
    private final IdleConnections<C> idle;
    private final WaitingLine<C> waiting;
    private final OpenAttempts<C> attempts;
    private final Supply<C> supply;
    /// Nothing is opened instead of what is closed before all of it is: connections may be about to come over.
    private boolean fencing;
    private final Set<C> open = Collections.newSetFromMap(new IdentityHashMap<>());

    PoolSlice(SharedPool<C> shared, int index, EventLoop loop, Opener<C> opener) {
        this.shared = shared;
        this.index = index;
        this.loop = loop;
        this.opener = opener;
        this.stats = new PoolStats(shared.key().database(), shared.key().user());
        this.idle = new IdleConnections<>(this);
        this.waiting = new WaitingLine<>(this);
        this.attempts = new OpenAttempts<>(this, opener);
        this.supply = new Supply<>(this, waiting, idle, attempts);
    }

    public EventLoop eventLoop() {
        return loop;
    }

    public SharedPool<C> shared() {
        return shared;
    }

    public PoolStats stats() {
        return stats;
    }

    int index() {
        return index;
    }

    /// Lends a connection now, or lets the waiter wait.
    /// @return the connection; null if the waiter will hear later
    public @Nullable C lease(Waiter<C> waiter, long nowNanos) {
        assert loop.inEventLoop();
        if (waiting.isEmpty() && !shared.paused()) {
            C connection = idle.poll(nowNanos);
            if (connection != null && enter(connection, nowNanos)) return connection;
            if (connection != null) idle.add(connection);
        }
        waits(waiting.addLast(waiter, nowNanos), nowNanos);
        return null;
    }

    /// As [#lease], ahead of all others: the waiter had a lease already, and lost it with its server. It always waits.
    public void leaseAgain(Waiter<C> waiter, long nowNanos) {
        assert loop.inEventLoop();
        waits(waiting.addFirst(waiter, nowNanos), nowNanos);
        loop.execute(this::serve);
    }

    private void waits(WaitingLine.Entry<C> entry, long nowNanos) {
        if (isHopeless(nowNanos)) loop.execute(() -> waiting.refuse(entry, lastFailure().orElseGet(this::gone)));
        else openMore(nowNanos);
    }

    /// A client of a replica has somewhere else to go: it does not wait for one that could not be reached a moment ago.
    private boolean isHopeless(long nowNanos) {
        return shared.isRetired() || shared.key().isToReplica() && shared.open() == 0 && attempts.isTooSoon(nowNanos);
    }

    private Refusal gone() {
        return Refusal.of(RefusalReason.BACKEND_UNAVAILABLE, "server " + shared.key().replica().map(NodeAddress::toString).orElse("") + " does not serve any more");
    }

    void retire() {
        refuseAll(gone());
        closeIdle();
    }

    /// The hold of the cluster has changed: whoever waits is held from now on, or may be served.
    void holdChanged() {
        waiting.holdChanged();
        attempts.holdChanged();
        serve();
    }

    /// Closes every connection that was opened before, whoever has it: what it says does not count any more.
    void fence() {
        fencing = true;
        for (var connection : connections()) if (connection.isStale()) connection.fence();
        fencing = false;
        loop.execute(this::serve);
    }

    /// The waiter has sent more while it waits, which counts where it is held.
    public void hasSentMore(Waiter<C> waiter) {
        if (!shared.gate().isOpen()) waiting.hasSentMore(waiter);
    }

    /// The waiter does not want a connection any more.
    public void leave(Waiter<C> waiter) {
        waiting.leave(waiter);
    }

    /// A leased connection comes back clean: outside of a transaction, nothing owed.
    public void release(C connection, long nowNanos) {
        assert loop.inEventLoop();
        connection.become(PooledConnection.State.IDLE, nowNanos);
        LeaseGate permitOf = connection.takePermit();   // the next lease may have one of its own
        offer(connection, nowNanos);
        if (permitOf != null) permitOf.release();
    }

    /// The lease has had an answer and goes on: it is none of those that begin any more.
    public void goesOn(C connection) {
        connection.givePermitBack();
    }

    /// A leased connection comes back and has to be cleaned first; [#cleaned] follows, or [#closed].
    public void releaseUnclean(C connection, long nowNanos) {
        connection.become(PooledConnection.State.RESETTING, nowNanos);
        connection.givePermitBack();
    }

    /// A reset or a check went well.
    public void cleaned(C connection, long nowNanos) {
        idle.checked(connection);
        connection.become(PooledConnection.State.IDLE, nowNanos);
        offer(connection, nowNanos);
    }

    /// A connection is of no use any more, whatever its state was. Calling it again does nothing.
    public void close(C connection, CloseReason reason, long nowNanos) {
        assert loop.inEventLoop();
        if (!open.remove(connection)) return;
        idle.remove(connection);
        connection.become(PooledConnection.State.CLOSED, nowNanos);
        stats.serverClosed((nowNanos - connection.openedNanos()) / 1000);
        connection.disconnect(reason);
        opener.closed(this, reason);
        shared.givePlaceBack();
        connection.givePermitBack();
        openMore(nowNanos);
    }

    /// An attempt of the opener succeeded.
    public void opened(C connection, long nowNanos) {
        attempts.succeeded();
        open.add(connection);
        if (shared.paused() || shared.isRetired() || connection.isStale()) {
            close(connection, CloseReason.RECYCLED, nowNanos);
            return;
        }
        offer(connection, nowNanos);
    }

    /// An attempt of the opener failed.
    /// @param forGood a new attempt would fail the same way: if there is no other connection, whoever waits is refused now.
    ///                Otherwise they go on waiting, and the next attempt comes after `timeouts.server-login-retry`
    public void openFailed(Refusal why, boolean forGood, long nowNanos) {
        if (shared.key().isToReplica() && waiting.isEmpty()) {
            supply.spareFailed(nowNanos);
            return;
        }
        attempts.failed(why, nowNanos);
        if (forGood && open.isEmpty()) refuseAll(why);
    }

    /// Refuses everybody who waits.
    public void refuseAll(Refusal why) {
        waiting.refuseAll(why);
    }

    /// An attempt of the opener ended without a verdict: the cluster has no primary now, or another one than when it began.
    /// The next attempt is made when that changes.
    /// @param why for those whose wait runs out meanwhile
    public void openPutOff(Refusal why, long nowNanos) {
        attempts.putOff(why, nowNanos);
    }

    /// Why the last attempt to open a connection failed, if none has succeeded since.
    public Optional<Refusal> lastFailure() {
        return attempts.lastFailure();
    }

    /// To be called about ten times a second: deadlines, ages, limits, the reserve, the minimum.
    public void tick(long nowNanos) {
        waiting.expire(nowNanos, lastFailure());
        if (!shared.gate().isOpen() && !shared.key().isToReplica()) waiting.lookElsewhere();   // who waits for a replica would find the same one
        expireChecks(nowNanos);
        for (var connection : open) connection.expirePermit(nowNanos);
        idle.expire(nowNanos);
        idle.closeExcess(nowNanos);
        openMore(nowNanos);
        supply.openReserve(nowNanos);
        if (index == 0) supply.keepMinimum(nowNanos);
    }

    /// Connections of this slice, in no order.
    public List<C> connections() {
        return List.copyOf(open);
    }

    public int opening() {
        return attempts.underWay();
    }

    public int waitingCount() {
        return waiting.size();
    }

    public int idleCount() {
        return idle.size();
    }

    /// How long the client at the head of the queue has waited; 0 if nobody waits.
    public long longestWaitNanos(long nowNanos) {
        return waiting.isEmpty() ? 0 : nowNanos - waiting.headSinceNanos();
    }

    /// Closes every connection, whoever has it. The pool is paused before, or it would open others.
    public void closeAll(CloseReason reason, long nowNanos) {
        for (var connection : connections()) close(connection, reason, nowNanos);
    }

    void serve() {
        long now = shared.nowNanos();
        while (!waiting.isEmpty() && !shared.paused()) {
            C connection = idle.poll(now);
            if (connection == null) break;
            if (!lend(connection, now)) {
                idle.add(connection);
                break;
            }
        }
        openMore(now);
    }

    void closeIdle() {
        long now = shared.nowNanos();
        idle.closeAll(CloseReason.RECYCLED, now);
        for (var connection : open) connection.expire(now);
    }

    /// Another pool of the same database or user has clients that wait and no place: gives one up that nobody uses.
    void yieldIdle() {
        long now = shared.nowNanos();
        supply.yielded(now);
        if (waiting.isEmpty()) idle.closeOldest(CloseReason.YIELDED, now);
    }

    /// A sibling has clients that wait: gives it an idle connection, if there is one. It asks again while it is hungry.
    void spareFor(int sibling) {
        if (shared.paused() || !waiting.isEmpty() || !shared.hunger().isOf(sibling)) return;
        long now = shared.nowNanos();
        C connection = idle.poll(now);
        if (connection != null) move(connection, sibling, now);
        else idle.checkOne(now);
    }

    private void move(C connection, int sibling, long nowNanos) {
        connection.become(PooledConnection.State.MOVING, nowNanos);
        open.remove(connection);
        var target = shared.slice(sibling);
        connection.moveTo(target, () -> target.adopt(connection, this));
    }

    private void adopt(C connection, PoolSlice<C> donor) {
        long now = shared.nowNanos();
        open.add(connection);
        connection.become(PooledConnection.State.IDLE, now);
        if (connection.isOpen() && !connection.isStale()) offer(connection, now);
        else close(connection, CloseReason.LOST, now);
        if (shared.hunger().isOf(index)) donor.eventLoop().execute(() -> donor.spareFor(index));
    }

    // --- what a replica has that may be promoted

    /// Has connections opened that nobody has asked for yet, few at a time, until there are so many. Not where that failed, or others wanted the places, a short while ago.
    public void keepReady(int wanted, long nowNanos) {
        supply.keepReady(wanted - open.size(), nowNanos);
    }

    /// The server of a replica's slice is the primary now: what nobody uses there serves who waits here, as soon as its server has said over it that it is the primary.
    void takeOver(PoolSlice<C> replica) {
        long now = shared.nowNanos();
        while (!shared.paused() && !shared.isRetired() && waiting.size() > idle.checking()) {
            C connection = replica.idle.leave(now);
            if (connection == null) return;
            if (!shared.takePlaceFrom(replica.shared)) {
                replica.idle.add(connection);
                return;
            }
            replica.open.remove(connection);
            open.add(connection);
            connection.joins(this);
            idle.asked(connection, now);
            opener.confirm(this, connection);
        }
    }

    // --- what becomes of an idle one

    private void offer(C connection, long nowNanos) {
        if (connection.tooOld(nowNanos)) {
            close(connection, CloseReason.LIFETIME, nowNanos);
            return;
        }
        if (shared.placesExceeded()) {
            close(connection, CloseReason.TOO_MANY, nowNanos);
            return;
        }
        if (shared.paused()) {
            close(connection, CloseReason.RECYCLED, nowNanos);
            return;
        }
        if (!shared.hunger().isNobodys()) {
            int sibling = shared.hunger().greaterThanOf(index, waiting.headSinceNanos());
            if (sibling >= 0) {
                move(connection, sibling, nowNanos);
                return;
            }
        }
        if (waiting.isEmpty() || !lend(connection, nowNanos)) idle.add(connection);
    }

    /// @return false if the gate is closed
    private boolean lend(C connection, long nowNanos) {
        if (!enter(connection, nowNanos)) return false;
        waiting.takeFirst(nowNanos).leased(connection);
        return true;
    }

    /// Takes an idle connection through the gate. There has to be one: a permit that comes back counts as a lease that is done.
    /// @return false if the gate is closed
    private boolean enter(C connection, long nowNanos) {
        LeaseGate gate = shared.gate();
        LeaseGate.Entry permission = gate.enter();
        if (permission == LeaseGate.Entry.CLOSED) return false;
        connection.become(PooledConnection.State.LEASED, nowNanos);
        if (permission == LeaseGate.Entry.PERMITTED) connection.permit(gate, shared.nowNanos());
        stats.serverAssigned();
        return true;
    }

    private void openMore(long nowNanos) {
        if (!fencing) supply.openMore(nowNanos);
    }

    /// A check or a reset that a server does not answer ends as a connect does.
    private void expireChecks(long nowNanos) {
        long maxNanos = shared.settings().timeouts().serverConnect().toNanos();
        if (maxNanos == 0) return;
        for (var connection : List.copyOf(open)) {
            boolean silent = connection.state() == PooledConnection.State.RESETTING && nowNanos - connection.sinceNanos() >= maxNanos;
            if (silent) close(connection, CloseReason.CHECK_FAILED, nowNanos);
        }
    }
}
