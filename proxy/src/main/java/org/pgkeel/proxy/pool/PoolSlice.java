package org.pgkeel.proxy.pool;

import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.Collections;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.observe.PoolStats;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;

/// One event loop's share of a pool: who is idle, who waits. Clients are served first come, first served; the
/// connection used last is lent first, so that what is not needed grows old and is closed.
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
    private final ArrayDeque<C> idle = new ArrayDeque<>();
    private final ArrayDeque<Waiting<C>> waiting = new ArrayDeque<>();
    private final Set<C> open = Collections.newSetFromMap(new IdentityHashMap<>());
    /// Those that were idle for long and are asked whether they still answer.
    private final Set<C> checking = Collections.newSetFromMap(new IdentityHashMap<>());
    private int opening;
    private long openAgainNanos;
    private boolean opensPaused;
    private Optional<Refusal> lastFailure = Optional.empty();

    private record Waiting<C extends PooledConnection>(Waiter<C> waiter, long sinceNanos) {}

    PoolSlice(SharedPool<C> shared, int index, EventLoop loop, Opener<C> opener) {
        this.shared = shared;
        this.index = index;
        this.loop = loop;
        this.opener = opener;
        this.stats = new PoolStats(shared.key().database(), shared.key().user());
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
            C connection = pollIdle(nowNanos);
            if (connection != null) {
                connection.become(PooledConnection.State.LEASED, nowNanos);
                stats.serverAssigned();
                return connection;
            }
        }
        waiting.addLast(new Waiting<>(waiter, nowNanos));
        openMore(nowNanos);
        return null;
    }

    /// The waiter does not want a connection any more.
    public void leave(Waiter<C> waiter) {
        waiting.removeIf(entry -> entry.waiter == waiter);
        headChanged();
    }

    /// A leased connection comes back clean: outside of a transaction, nothing owed.
    public void release(C connection, long nowNanos) {
        assert loop.inEventLoop();
        connection.become(PooledConnection.State.IDLE, nowNanos);
        offer(connection, nowNanos);
    }

    /// A leased connection comes back and has to be cleaned first; [#cleaned] follows, or [#closed].
    public void releaseUnclean(C connection, long nowNanos) {
        connection.become(PooledConnection.State.RESETTING, nowNanos);
    }

    /// A reset or a check went well.
    public void cleaned(C connection, long nowNanos) {
        checking.remove(connection);
        connection.become(PooledConnection.State.IDLE, nowNanos);
        offer(connection, nowNanos);
    }

    /// A connection is of no use any more, whatever its state was. Calling it again does nothing.
    public void close(C connection, CloseReason reason, long nowNanos) {
        assert loop.inEventLoop();
        if (!open.remove(connection)) return;
        idle.remove(connection);
        checking.remove(connection);
        connection.become(PooledConnection.State.CLOSED, nowNanos);
        stats.serverClosed((nowNanos - connection.openedNanos()) / 1000);
        connection.disconnect(reason);
        opener.closed(this, reason);
        shared.givePlaceBack();
        openMore(nowNanos);
    }

    /// An attempt of the opener succeeded.
    public void opened(C connection, long nowNanos) {
        opening--;
        lastFailure = Optional.empty();
        opensPaused = false;
        open.add(connection);
        if (shared.paused()) {
            close(connection, CloseReason.RECYCLED, nowNanos);
            return;
        }
        offer(connection, nowNanos);
    }

    /// An attempt of the opener failed.
    /// @param forGood a new attempt would fail the same way: if there is no other connection, whoever waits is refused now.
    ///                Otherwise they go on waiting, and the next attempt comes after `timeouts.server-login-retry`
    public void openFailed(Refusal why, boolean forGood, long nowNanos) {
        opening--;
        shared.givePlaceBack();
        lastFailure = Optional.of(why);
        opensPaused = true;
        openAgainNanos = nowNanos + shared.settings().timeouts().serverLoginRetry().toNanos();
        if (forGood && open.isEmpty()) refuseAll(why);
    }

    /// Refuses everybody who waits.
    public void refuseAll(Refusal why) {
        var all = new ArrayList<>(waiting);
        waiting.clear();
        shared.fed(index);
        for (var entry : all) entry.waiter.refused(why);
    }

    /// Why the last attempt to open a connection failed, if none has succeeded since.
    public Optional<Refusal> lastFailure() {
        return lastFailure;
    }

    /// To be called about ten times a second: deadlines, ages, limits, the reserve, the minimum.
    public void tick(long nowNanos) {
        expireWaiters(nowNanos);
        expireChecks(nowNanos);
        expireIdle(nowNanos);
        closeExcess(nowNanos);
        openMore(nowNanos);
        openReserve(nowNanos);
        if (index == 0) keepMinimum(nowNanos);
    }

    /// Connections of this slice, in no order.
    public List<C> connections() {
        return List.copyOf(open);
    }

    public int opening() {
        return opening;
    }

    public int waitingCount() {
        return waiting.size();
    }

    public int idleCount() {
        return idle.size();
    }

    /// How long the client at the head of the queue has waited; 0 if nobody waits.
    public long longestWaitNanos(long nowNanos) {
        var first = waiting.peekFirst();
        return first == null ? 0 : nowNanos - first.sinceNanos;
    }

    /// Closes every connection, whoever has it. The pool is paused before, or it would open others.
    public void closeAll(CloseReason reason, long nowNanos) {
        for (var connection : connections()) close(connection, reason, nowNanos);
    }

    void serve() {
        long now = shared.nowNanos();
        while (!waiting.isEmpty() && !shared.paused()) {
            C connection = pollIdle(now);
            if (connection == null) break;
            lend(connection, now);
        }
        openMore(now);
    }

    void closeIdle() {
        long now = shared.nowNanos();
        for (var connection : List.copyOf(idle)) close(connection, CloseReason.RECYCLED, now);
        for (var connection : open) connection.expire(now);
    }

    /// Another pool of the same database or user has clients that wait and no place: gives one up that nobody uses.
    void yieldIdle() {
        C unused = waiting.isEmpty() ? idle.peekLast() : null;
        if (unused != null) close(unused, CloseReason.YIELDED, shared.nowNanos());
    }

    /// A sibling has clients that wait: gives it an idle connection, if there is one. It asks again while it is hungry.
    void spareFor(int sibling) {
        if (shared.paused() || !waiting.isEmpty() || !shared.isHungry(sibling)) return;
        long now = shared.nowNanos();
        C connection = pollIdle(now);
        if (connection != null) move(connection, sibling, now);
        else if (!idle.isEmpty()) check(idle.pollFirst(), now);
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
        if (connection.isOpen()) offer(connection, now);
        else close(connection, CloseReason.LOST, now);
        if (shared.isHungry(index)) donor.eventLoop().execute(() -> donor.spareFor(index));
    }

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
        if (!shared.nobodyHungry()) {
            var first = waiting.peekFirst();
            int sibling = shared.hungrierThan(index, first == null ? Long.MAX_VALUE : first.sinceNanos);
            if (sibling >= 0) {
                move(connection, sibling, nowNanos);
                return;
            }
        }
        if (waiting.isEmpty()) idle.addFirst(connection);
        else lend(connection, nowNanos);
    }

    private void lend(C connection, long nowNanos) {
        var entry = waiting.removeFirst();
        connection.become(PooledConnection.State.LEASED, nowNanos);
        stats.waited(nowNanos - entry.sinceNanos);
        stats.serverAssigned();
        headChanged();
        entry.waiter.leased(connection);
    }

    private void headChanged() {
        var first = waiting.peekFirst();
        if (first == null) shared.fed(index);
        else shared.nextWaits(index, first.sinceNanos);
    }

    /// The idle connection used last, if it needs no check: the others have been idle for longer.
    private @Nullable C pollIdle(long nowNanos) {
        C connection = idle.peekFirst();
        if (connection == null) return null;
        long checkAfter = shared.settings().timeouts().serverCheckAfter().toNanos();
        return checkAfter == 0 || nowNanos - connection.sinceNanos() < checkAfter ? idle.pollFirst() : null;
    }

    private void check(C connection, long nowNanos) {
        connection.become(PooledConnection.State.RESETTING, nowNanos);
        checking.add(connection);
        connection.check();
    }

    private void openMore(long nowNanos) {
        if (shared.paused()) return;
        while (waiting.size() > opening + checking.size()) {
            if (!idle.isEmpty()) {
                check(idle.pollFirst(), nowNanos);
                continue;
            }
            if (mayNotOpenYet(nowNanos) || !shared.takePlace(0)) {
                var oldest = waiting.peekFirst();
                if (shared.slices().size() > 1 && oldest != null) shared.hungry(index, oldest.sinceNanos);
                return;
            }
            opening++;
            opener.open(this);
            if (opensPaused) return;
        }
    }

    /// The last attempt failed a short while ago.
    private boolean mayNotOpenYet(long nowNanos) {
        return opensPaused && nowNanos - openAgainNanos < 0;
    }

    private void openReserve(long nowNanos) {
        var shape = shared.settings().shape();
        if (shape.reserve() == 0 || waiting.isEmpty() || shared.paused() || mayNotOpenYet(nowNanos)) return;
        if (longestWaitNanos(nowNanos) < shape.reserveWait().toNanos()) return;
        if (waiting.size() > opening + checking.size() && shared.takePlace(shape.reserve())) {
            opening++;
            opener.open(this);
        }
    }

    private void keepMinimum(long nowNanos) {
        if (shared.paused() || mayNotOpenYet(nowNanos)) return;
        int missing = shared.settings().shape().min() - shared.open();
        for (int i = 0; i < missing && shared.takePlace(0); i++) {
            opening++;
            opener.open(this);
            if (opensPaused) return;
        }
    }

    private void expireWaiters(long nowNanos) {
        var maxWait = shared.settings().shape().maxWait();
        if (maxWait.isZero()) return;
        for (var first = waiting.peekFirst(); first != null && nowNanos - first.sinceNanos >= maxWait.toNanos(); first = waiting.peekFirst()) {
            waiting.removeFirst();
            headChanged();
            first.waiter.refused(waitedTooLong(maxWait.toMillis()));
        }
    }

    private Refusal waitedTooLong(long maxWaitMillis) {
        var refusal = Refusal.of(RefusalReason.POOL_WAIT_TIMEOUT,
                "no backend connection for database \"" + shared.key().database() + "\", user \"" + shared.key().user()
                        + "\" within " + maxWaitMillis + " ms",
                "The wait is databases." + shared.key().database() + ".pool.max-wait, the number of connections pool.max.");
        return lastFailure.map(failure -> refusal.withDetail(failure.message())).orElse(refusal);
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

    /// A reload lowered a limit.
    private void closeExcess(long nowNanos) {
        while (!idle.isEmpty() && shared.placesExceeded()) close(idle.peekLast(), CloseReason.TOO_MANY, nowNanos);
    }

    private void expireIdle(long nowNanos) {
        long idleMax = shared.settings().timeouts().serverIdle().toNanos();
        int min = shared.settings().shape().min();
        for (var connection = idle.peekLast(); connection != null; connection = idle.peekLast()) {
            boolean unused = idleMax > 0 && nowNanos - connection.sinceNanos() >= idleMax && shared.open() > min;
            if (!unused) break;
            close(connection, CloseReason.IDLE, nowNanos);
        }
        for (var connection : List.copyOf(idle)) {
            if (connection.tooOld(nowNanos)) close(connection, CloseReason.LIFETIME, nowNanos);
        }
    }

    /// @param lifetimeNanos the configured age, 0 for ever
    /// @return it with up to 10 % taken off, so that connections opened together do not end together
    public static long withJitter(long lifetimeNanos) {
        return lifetimeNanos == 0 ? 0 : lifetimeNanos - ThreadLocalRandom.current().nextLong(lifetimeNanos / 10 + 1);
    }
}
