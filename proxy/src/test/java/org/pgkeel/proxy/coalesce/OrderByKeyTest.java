package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A queue with an order by key under random schedules: requests of one key, of several and of keys that cannot be told come; batches are committed, fail,
/// are lost, or leave some of their requests out; clients go away.
class OrderByKeyTest {
    private final EventLoop loop = new DefaultEventLoop();

    @AfterEach
    void end() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private <T> T on(Callable<T> what) throws Exception {
        try {
            return loop.submit(what).get(60, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AssertionError failed) throw failed;
            throw e;
        }
    }

    /// @param inFlightMax 0: none
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void whatever_happens_rows_of_equal_key_are_committed_in_their_order_and_never_at_once(int inFlightMax) throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        var world = new OrderWorld(loop, random, inFlightMax == 0 ? OptionalInt.empty() : OptionalInt.of(inFlightMax));
        for (int turn = 0; turn < 4000; turn++) {
            int steps = 1 + random.nextInt(20);
            on(() -> {
                for (int step = 0; step < steps; step++) world.step();
                return null;
            });
        }
        await().pollInterval(Duration.ofMillis(1)).until(() -> on(world::isOver));
        assertThat(world.committed).isGreaterThan(1000);
        assertThat(world.failures).isPositive();
        assertThat(world.withdrawn).isPositive();
        assertThat(world.mostAtOnce).as("transactions at once").isBetween(2, OrderWorld.LANES);
        if (inFlightMax == 0) assertThat(world.heldRows()).isZero();
        else assertThat(world.heldRows()).isPositive();
    }

    @Test
    void what_came_before_a_reload_is_committed_first() throws Exception {
        var before = new OrderWorld(loop, new Random(1), OptionalInt.empty());
        var after = new OrderWorld(loop, new Random(2), OptionalInt.empty());
        on(() -> {
            while (before.queue.waiting().rows() < 20) before.step();
            after.queue.behind(List.of(before.queue));
            after.clients.getFirst().send();
            return null;
        });
        await().pollInterval(Duration.ofMillis(1)).until(() -> on(() -> {
            boolean over = before.isOver();
            assertThat(over || after.mostAtOnce == 0).as("nothing began in the queue behind").isTrue();
            return over;
        }));
        await().pollInterval(Duration.ofMillis(1)).until(() -> on(after::isOver));
        assertThat(after.committed).isEqualTo(1);
    }
}
