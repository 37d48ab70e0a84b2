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
        if (waiting.isEmpty()) shared.fed(index);
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

    /// To be called about ten times a second: deadlines, ages, the reserve, the minimum.
    public void tick(long nowNanos) {
        expireWaiters(nowNanos);
        expireIdle(nowNanos);
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

    void serve() {
        long now = System.nanoTime();
        while (!waiting.isEmpty() && !shared.paused()) {
            C connection = pollIdle(now);
            if (connection == null) break;
            lend(connection, now);
        }
        openMore(now);
    }

    void closeIdle() {
        long now = System.nanoTime();
        for (var connection : List.copyOf(idle)) close(connection, CloseReason.RECYCLED, now);
        for (var connection : open) connection.expire(now);
    }

    /// Another pool of the same database or user has clients that wait and no place: gives one up that nobody uses.
    void yieldIdle() {
        C unused = waiting.isEmpty() ? idle.peekLast() : null;
        if (unused != null) close(unused, CloseReason.YIELDED, System.nanoTime());
    }

    /// A sibling has clients that wait: gives it an idle connection, if there is one.
    void spareFor(int sibling) {
        if (shared.paused() || !waiting.isEmpty() || !shared.isHungry(sibling)) return;
        C connection = idle.pollLast();
        if (connection != null) move(connection, sibling, System.nanoTime());
    }

    private void move(C connection, int sibling, long nowNanos) {
        connection.become(PooledConnection.State.MOVING, nowNanos);
        open.remove(connection);
        var target = shared.slice(sibling);
        connection.moveTo(target, () -> target.adopt(connection));
    }

    private void adopt(C connection) {
        long now = System.nanoTime();
        if (connection.state() == PooledConnection.State.CLOSED) return;
        open.add(connection);
        connection.become(PooledConnection.State.IDLE, now);
        offer(connection, now);
    }

    private void offer(C connection, long nowNanos) {
        if (connection.tooOld(nowNanos) || shared.placesExceeded()) {
            close(connection, CloseReason.LIFETIME, nowNanos);
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
        if (waiting.isEmpty() || shared.paused()) idle.addFirst(connection);
        else lend(connection, nowNanos);
    }

    private void lend(C connection, long nowNanos) {
        var entry = waiting.removeFirst();
        connection.become(PooledConnection.State.LEASED, nowNanos);
        stats.waited(nowNanos - entry.sinceNanos);
        stats.serverAssigned();
        var next = waiting.peekFirst();
        if (next == null) shared.fed(index);
        entry.waiter.leased(connection);
    }

    /// The idle connection used last that needs no check; those that need one are sent into it on the way.
    private @Nullable C pollIdle(long nowNanos) {
        long checkAfter = shared.settings().timeouts().serverCheckAfter().toNanos();
        while (true) {
            C connection = idle.pollFirst();
            if (connection == null) return null;
            if (checkAfter == 0 || nowNanos - connection.sinceNanos() < checkAfter) return connection;
            connection.become(PooledConnection.State.RESETTING, nowNanos);
            connection.check();
        }
    }

    private void openMore(long nowNanos) {
        if (shared.paused() || opensPaused && nowNanos - openAgainNanos < 0) return;
        while (waiting.size() > opening) {
            if (!shared.takePlace(0)) {
                var oldest = waiting.peekFirst();
                if (shared.slices().size() > 1 && oldest != null) shared.hungry(index, oldest.sinceNanos);
                return;
            }
            opening++;
            opener.open(this);
            if (opensPaused) return;
        }
    }

    private void openReserve(long nowNanos) {
        var shape = shared.settings().shape();
        if (shape.reserve() == 0 || waiting.isEmpty() || shared.paused()) return;
        if (longestWaitNanos(nowNanos) < shape.reserveWait().toNanos()) return;
        if (waiting.size() > opening && shared.takePlace(shape.reserve())) {
            opening++;
            opener.open(this);
        }
    }

    private void keepMinimum(long nowNanos) {
        if (shared.paused() || opensPaused && nowNanos - openAgainNanos < 0) return;
        int missing = shared.settings().shape().min() - shared.open();
        for (int i = 0; i < missing && shared.takePlace(0); i++) {
            opening++;
            opener.open(this);
        }
    }

    private void expireWaiters(long nowNanos) {
        var maxWait = shared.settings().shape().maxWait();
        if (maxWait.isZero()) return;
        for (var first = waiting.peekFirst(); first != null && nowNanos - first.sinceNanos >= maxWait.toNanos(); first = waiting.peekFirst()) {
            waiting.removeFirst();
            if (waiting.isEmpty()) shared.fed(index);
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
