package org.pgkeel.proxy.pool;

import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.config.PoolConfig;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.config.TimeoutsConfig;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;

/// A pool on event loops that run when they are told to, a clock that stands still, and a server that answers when asked.
final class PoolWorld {
    static final Refusal TOO_MANY = Refusal.of(RefusalReason.BACKEND_UNAVAILABLE, "server db1:5432: 53300 sorry, too many clients already");

    long nowNanos = 1_000_000_000_000L;
    final List<EmbeddedChannel> loops;
    final SharedPool<FakeConnection> pool;
    private Optional<SharedPool<FakeConnection>> replica = Optional.empty();
    final ArrayDeque<PoolSlice<FakeConnection>> attempts = new ArrayDeque<>();
    private final Opener<FakeConnection> opener = new Opener<>() {
        @Override
        public void open(PoolSlice<FakeConnection> slice) {
            attempts.add(slice);
        }

        @Override
        public void confirm(PoolSlice<FakeConnection> slice, FakeConnection connection) {
            connection.epoch = slice.shared().epoch();
            connection.check();
        }
    };
    final List<FakeConnection> made = new ArrayList<>();
    final LeaseGate gate = new LeaseGate("main", new LeaseGate.Bounds(Duration.ofSeconds(60), 5, 100, 2), _ -> { });
    final LeaseGate byHand = LeaseGate.byHand("main", "app", new LeaseGate.Bounds(Duration.ofSeconds(60), 5, 100, 2), _ -> resumed());
    private long resumes;
    long lifetimeNanos;

    PoolWorld(int slices, PoolConfig shape) {
        this(slices, shape, timeouts(), List.of());
    }

    PoolWorld(int slices, PoolConfig shape, TimeoutsConfig timeouts, List<BackendBudget> others) {
        loops = Stream.generate(EmbeddedChannel::new).limit(slices).toList();
        pool = new SharedPool<>(new PoolKey("app", "alice"), new PoolSettings(shape, timeouts), new BackendBudget(shape.max()), others, gate,
                loops.stream().map(EmbeddedChannel::eventLoop).toList(), opener, () -> nowNanos);
    }

    static PoolConfig max(int max) {
        return new PoolConfig(PoolMode.TRANSACTION, max, 0, 0, Duration.ofSeconds(5), Duration.ofSeconds(30));
    }

    static TimeoutsConfig timeouts() {
        return timeouts(Duration.ofMinutes(10), Duration.ofSeconds(30));
    }

    static TimeoutsConfig timeouts(Duration serverIdle, Duration serverCheckAfter) {
        return new TimeoutsConfig(Duration.ofSeconds(15), Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ofSeconds(5),
                Duration.ofSeconds(1), Duration.ofHours(1), serverIdle, serverCheckAfter);
    }

    /// To a replica of its server; made when it is asked for first.
    SharedPool<FakeConnection> replica() {
        if (replica.isEmpty()) replica = Optional.of(pool.toReplica(new NodeAddress("db2", 5432)));
        return replica.get();
    }

    PoolSlice<FakeConnection> slice(int index) {
        return pool.slice(index);
    }

    /// As PAUSE does.
    void pause() {
        byHand.become(new Hold.Holding(nowNanos, HoldReason.BY_HAND), nowNanos);
        pool.pause(byHand);
    }

    /// As RESUME does.
    void resume() {
        byHand.become(new Hold.Draining(++resumes), nowNanos);
        pool.resume();
        byHand.openIfDrained();
    }

    private void resumed() {
        pool.resumed();
    }

    FakeClient asks(String name, int slice) {
        var client = new FakeClient(name);
        client.ask(slice(slice), nowNanos);
        return client;
    }

    /// Every attempt under way succeeds, those included that come of it, and the loops run until they have nothing to do.
    void settle() {
        do {
            runLoops();
            while (!attempts.isEmpty()) connect();
        } while (runLoops());
    }

    FakeConnection connect() {
        var slice = attempts.removeFirst();
        var connection = new FakeConnection(made.size() + 1, slice, nowNanos, lifetimeNanos);
        made.add(connection);
        slice.opened(connection, nowNanos);
        return connection;
    }

    void refuseAttempt(Refusal why, boolean forGood) {
        attempts.removeFirst().openFailed(why, forGood, nowNanos);
    }

    /// @return whether there was anything to run
    boolean runLoops() {
        boolean ran = false;
        for (int round = 0; round < 1000; round++) {
            boolean any = false;
            for (var loop : loops) {
                any |= loop.hasPendingTasks();
                loop.runPendingTasks();
            }
            if (!any) return ran;
            ran = true;
        }
        throw new AssertionError("the loops do not come to rest");
    }

    void pass(Duration time) {
        nowNanos += time.toNanos();
    }

    void tick() {
        for (int i = 0; i < loops.size(); i++) tick(i);
        runLoops();
    }

    void tick(int loop) {
        slice(loop).tick(nowNanos);
        replica.ifPresent(made -> made.slice(loop).tick(nowNanos));
    }

    long open() {
        return made.stream().filter(connection -> connection.state() != PooledConnection.State.CLOSED).count();
    }

    /// Of one pool, those being opened included.
    long open(SharedPool<FakeConnection> to) {
        return made.stream().filter(connection -> connection.state() != PooledConnection.State.CLOSED && connection.slice.shared() == to).count()
                + attempts.stream().filter(slice -> slice.shared() == to).count();
    }
}
