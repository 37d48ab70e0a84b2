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
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// An order by key where nine of ten rows have one key: its rows leave in large batches, one behind the other, and rows of other keys wait for none of them.
class SkewedKeysTest {
    private static final int HOT = 1;
    private static final int HOT_CLIENTS = 126;
    private static final List<Integer> COLD = List.of(2, 3, 4, 5, 6, 7, 8, 9, 10, 11);

    private final EventLoop loop = new DefaultEventLoop();

    @AfterEach
    void end() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private <T> T on(Callable<T> what) throws Exception {
        return loop.submit(what).get(60, TimeUnit.SECONDS);
    }

    private static List<OrderWorld.Client> idle(OrderWorld world) {
        return world.clients.stream().filter(client -> !client.busy).toList();
    }

    private static boolean isHot(Batch batch) {
        return batch.all().stream().anyMatch(each -> ((OrderWorld.Client) each.client()).keys.contains(HOT));
    }

    private static Batch hot(OrderWorld world) {
        return world.batches().stream().filter(SkewedKeysTest::isHot).findFirst().orElseThrow();
    }

    /// All clients of the hot key and one of each cold key, in a random order; the first of them runs alone and is done.
    private OrderWorld allWait() throws Exception {
        // No row leaves because it has waited for long.
        var world = new OrderWorld(loop, new Random(1), OptionalInt.empty(), 1000, Duration.ofHours(1));
        on(() -> {
            var clients = idle(world);
            clients.getFirst().send(HOT);
            for (int i = 1; i < HOT_CLIENTS; i++) clients.get(i).send(HOT);
            for (int i = 0; i < COLD.size(); i++) clients.get(HOT_CLIENTS + i).send(COLD.get(i));
            return null;
        });
        on(() -> {
            world.endOfAlone();
            return null;
        });
        return world;
    }

    @Test
    void the_batch_of_the_key_that_most_rows_have_is_as_large_as_a_batch_may_be() throws Exception {
        OrderWorld world = allWait();
        for (int round = 0; round < 20; round++) {
            await().pollInterval(Duration.ofMillis(1)).until(() -> on(() -> world.batches().stream().anyMatch(SkewedKeysTest::isHot)));
            on(() -> {
                Batch batch = hot(world);
                assertThat(batch.rows()).isGreaterThanOrEqualTo(HOT_CLIENTS - 1);
                world.commit(batch);
                for (OrderWorld.Client client : idle(world).subList(0, HOT_CLIENTS)) client.send(HOT);
                return null;
            });
        }
    }

    @Test
    void rows_of_other_lanes_leave_while_the_batch_of_that_key_is_under_way() throws Exception {
        OrderWorld world = allWait();
        await().pollInterval(Duration.ofMillis(1)).until(() -> on(() -> world.batches().stream().anyMatch(SkewedKeysTest::isHot)));
        Batch hot = on(() -> hot(world));
        List<OrderWorld.Client> others = on(() -> world.clients.stream().filter(client -> client.busy && (client.contribution.lanes() & hot.lanes()) == 0).toList());
        assertThat(others).hasSizeGreaterThan(1);
        for (int round = 0; round < 20; round++) {
            await().pollInterval(Duration.ofMillis(1)).until(() -> on(() -> {
                List.copyOf(world.batches()).stream().filter(batch -> batch != hot).forEach(world::commit);
                world.endOfAlone();
                return others.stream().noneMatch(client -> client.busy);
            }));
            on(() -> {
                for (OrderWorld.Client client : others) client.send(client.keys.getFirst());
                return null;
            });
        }
        assertThat(on(world::batches)).contains(hot);
    }
}
