package org.pgkeel.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.proxy.config.PoolConfig;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.observe.HoldSnapshot;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;

/// Two pools under common limits, and everything that can happen to them in any order. `-Dpgkeel.seed=N` replays one run.
class RandomPoolTest {
    private static final int STEPS = 4000;
    private static final int CLIENTS = 40;

    private final List<FakeClient> clients = IntStream.range(0, CLIENTS).mapToObj(i -> new FakeClient("client " + i)).toList();
    private final List<PoolSlice<FakeConnection>> at = new ArrayList<>();
    private final BackendBudget database = new BackendBudget(7);
    private final BackendBudget user = new BackendBudget(6);
    private List<PoolWorld> worlds = List.of();
    private Random random = new Random();
    private long reign = 1;

    static LongStream seeds() {
        Long replayed = Long.getLong("pgkeel.seed");
        return replayed != null ? LongStream.of(replayed) : new Random().longs(12);
    }

    @ParameterizedTest(name = "-Dpgkeel.seed={0}")
    @MethodSource("seeds")
    void limits_hold_and_every_client_is_answered_once_whatever_happens(long seed) {
        random = new Random(seed);
        int slices = 1 + random.nextInt(4);
        var shape = new PoolConfig(PoolMode.TRANSACTION, 5, random.nextInt(3), random.nextInt(3), Duration.ofMillis(300), Duration.ofSeconds(3));
        var timeouts = PoolWorld.timeouts(Duration.ofSeconds(4), Duration.ofSeconds(2));
        worlds = Stream.generate(() -> new PoolWorld(slices, shape, timeouts, List.of(database, user))).limit(2).toList();
        for (int i = 0; i < CLIENTS; i++) at.add(worlds.get(i % 2).slice(random.nextInt(slices)));
        for (int step = 0; step < STEPS; step++) {
            var world = worlds.get(random.nextInt(2));
            try {
                step(world);
                check();
            } catch (AssertionError | RuntimeException failed) {
                throw new AssertionError("seed " + seed + ", step " + step + ": " + failed.getMessage(), failed);
            }
        }
        rest();
    }

    private void step(PoolWorld world) {
        int client = random.nextInt(CLIENTS);
        switch (Integer.valueOf(random.nextInt(100))) {
            case Integer n when n < 30 -> ask(client);
            case Integer n when n < 55 -> giveBack(client, world);
            case Integer n when n < 58 -> leave(client);
            case Integer n when n < 68 -> attempt(world);
            case Integer n when n < 76 -> world.loops.get(random.nextInt(world.loops.size())).runPendingTasks();
            case Integer n when n < 82 -> answerCheck(world);
            case Integer n when n < 85 -> lose(world);
            case Integer n when n < 87 -> hold(world);
            case Integer n when n < 96 -> {
                long nanos = random.nextLong(Duration.ofMillis(200).toNanos());
                for (var each : worlds) each.nowNanos += nanos;
                for (int i = 0; i < world.loops.size(); i++) world.tick(i);
            }
            case 96 -> promotion(world);
            case 97 -> pause(world);
            case 98 -> world.pool.recycle();
            default -> {
                var shape = world.pool.settings().shape();
                int max = 3 + random.nextInt(3);
                world.pool.settings(new PoolSettings(new PoolConfig(shape.mode(), max, shape.min(), shape.reserve(), shape.reserveWait(), shape.maxWait()),
                        world.pool.settings().timeouts()));
            }
        }
    }

    private static void pause(PoolWorld world) {
        if (world.pool.paused()) world.resume();
        else world.pause();
    }

    private void hold(PoolWorld world) {
        Hold next = switch (random.nextInt(5)) {
            case 0 -> new Hold.Holding(world.nowNanos, HoldReason.PRIMARY_LOST);
            case 1 -> new Hold.Refusing(world.nowNanos, HoldReason.PRIMARY_LOST);
            case 2, 3 -> new Hold.Draining(reign++);
            default -> Hold.OPEN;
        };
        world.gate.become(next, world.nowNanos);
        world.pool.holdChanged();
        world.gate.openIfDrained();
    }

    /// A replica gets ready for it, or is promoted.
    private void promotion(PoolWorld world) {
        if (random.nextInt(3) == 0) world.pool.takeOver(world.replica());
        else world.replica().slice(random.nextInt(world.loops.size())).keepReady(random.nextInt(6), world.nowNanos);
    }

    private void ask(int client) {
        var one = clients.get(client);
        if (!one.isWaiting() && one.leased.isEmpty()) one.ask(at.get(client), worlds.get(client % 2).nowNanos);
    }

    private void giveBack(int client, PoolWorld world) {
        var one = clients.get(client);
        if (one.leased.isEmpty()) return;
        if (random.nextInt(10) == 0) {
            one.leased.get().slice.goesOn(one.leased.get());
            return;
        }
        if (random.nextInt(10) > 0) {
            one.giveBack(world.nowNanos);
        } else {
            var connection = one.handOver();
            if (random.nextBoolean()) connection.slice.releaseUnclean(connection, world.nowNanos);
            else connection.slice.close(connection, CloseReason.REPLIES_OWED, world.nowNanos);
        }
    }

    private void leave(int client) {
        if (clients.get(client).isWaiting()) clients.get(client).leave(at.get(client));
    }

    private void attempt(PoolWorld world) {
        if (world.attempts.isEmpty()) return;
        switch (random.nextInt(6)) {
            case 0 -> world.refuseAttempt(PoolWorld.TOO_MANY, false);
            case 1 -> world.refuseAttempt(Refusal.of(RefusalReason.UNKNOWN_DATABASE, "no"), random.nextInt(4) == 0);
            default -> {
                world.lifetimeNanos = random.nextLong(Duration.ofSeconds(20).toNanos());
                world.connect();
            }
        }
    }

    private void answerCheck(PoolWorld world) {
        for (var connection : world.made) {
            if (connection.state() != PooledConnection.State.RESETTING) continue;
            if (random.nextInt(5) > 0) connection.slice.cleaned(connection, world.nowNanos);
            else connection.slice.close(connection, CloseReason.CHECK_FAILED, world.nowNanos);
            return;
        }
    }

    /// A socket dies, wherever its connection is.
    private void lose(PoolWorld world) {
        var open = world.made.stream().filter(connection -> connection.state() != PooledConnection.State.CLOSED).toList();
        if (open.isEmpty()) return;
        var connection = open.get(random.nextInt(open.size()));
        connection.socketOpen = false;
        if (connection.state() == PooledConnection.State.MOVING) return;
        connection.holder.ifPresent(FakeClient::handOver);
        connection.slice.close(connection, CloseReason.LOST, world.nowNanos);
    }

    private void check() {
        long open = 0;
        for (var world : worlds) {
            for (var pool : List.of(world.pool, world.replica())) {
                long mine = world.open(pool);
                open += mine;
                assertThat((long) pool.open()).as("places taken are connections").isEqualTo(mine);
                assertThat(mine).isLessThanOrEqualTo(5L + pool.settings().shape().reserve());
            }
            for (var connection : world.made) {
                if (connection.state() == PooledConnection.State.LEASED) {
                    assertThat(connection.holder).as("%s is somebody's", connection).isPresent();
                    assertThat(connection.holder.orElseThrow().leased).contains(connection);
                } else {
                    assertThat(connection.holder).as("%s is nobody's", connection).isEmpty();
                }
            }
            int waiting = IntStream.range(0, world.loops.size()).map(i -> world.slice(i).waitingCount()).sum();
            long asking = IntStream.range(0, CLIENTS).filter(i -> worlds.get(i % 2) == world && clients.get(i).isWaiting()).count();
            int held = law(world.gate.snapshot(world.nowNanos)) + law(world.byHand.snapshot(world.nowNanos));
            assertThat(held).as("who is held waits").isBetween(0, waiting);
            assertThat((long) waiting).as("clients that have heard nothing are in a queue").isEqualTo(asking);
        }
        assertThat(open).isLessThanOrEqualTo(Math.min(database.max(), user.max()));
        assertThat((long) database.open()).isEqualTo(open);
        assertThat((long) user.open()).isEqualTo(open);
    }

    private static int law(HoldSnapshot books) {
        assertThat(books.held()).as("the law of the hold").isEqualTo(books.drained() + books.refused() + books.gone() + books.waiting());
        assertThat(books.waiting()).isNotNegative();
        assertThat(books.waitingBytes()).isEqualTo(10L * books.waiting());
        assertThat(books.waits().count()).as("waits of those that were drained").isEqualTo(books.drained());
        return books.waiting();
    }

    /// Everybody gives back, the server is well again: everybody is served.
    private void rest() {
        for (var world : worlds) {
            if (world.pool.paused()) pause(world);
            world.gate.become(Hold.OPEN, world.nowNanos);
            world.pool.holdChanged();
        }
        for (int round = 0; round < 400; round++) {
            for (int i = 0; i < CLIENTS; i++) if (clients.get(i).leased.isPresent()) clients.get(i).giveBack(worlds.get(0).nowNanos);
            for (var world : worlds) {
                world.pass(Duration.ofMillis(20));
                world.made.stream().filter(connection -> connection.state() == PooledConnection.State.RESETTING).toList()
                        .forEach(connection -> connection.slice.cleaned(connection, world.nowNanos));
                world.tick();
                world.settle();
            }
            check();
        }
        assertThat(clients).noneMatch(FakeClient::isWaiting);
        for (var world : worlds) {
            assertThat(world.pool.hunger().isNobodys()).isTrue();
            assertThat(law(world.gate.snapshot(world.nowNanos)) + law(world.byHand.snapshot(world.nowNanos))).isZero();
            assertThat(world.byHand.hold()).as("the drain after a pause has ended").isEqualTo(Hold.OPEN);
        }
    }
}
