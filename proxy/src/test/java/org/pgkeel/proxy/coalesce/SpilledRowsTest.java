package org.pgkeel.proxy.coalesce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.observe.InsertWay;

/// A queue with a disk under random schedules: requests come, batches end or are held up, clients go away, the disk fails.
class SpilledRowsTest {
    private static final long FILE_BYTES_MAX = 1 << 20;

    private final EventLoop loop = new DefaultEventLoop();

    @TempDir
    Path folder = Path.of("");

    @AfterEach
    void end() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private long fileNames() throws IOException {
        try (var names = Files.list(folder)) {
            return names.count();
        }
    }

    /// @param fileBytesMax less than what waits, or more
    @ParameterizedTest
    @ValueSource(longs = {32 * 1024, FILE_BYTES_MAX})
    void whatever_happens_requests_run_once_in_their_order(long fileBytesMax) throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        var world = new SpillWorld(loop, () -> SpillFile.in(folder), fileBytesMax);
        world.on(world::busy);
        for (int round = 0; round < 60; round++) {
            boolean held = random.nextInt(3) == 0;
            // In one turn, so that batches fill the lanes: one at a time each would run by itself, which no hold holds up here.
            if (held) {
                world.on(() -> {
                    world.allSend(random);
                    return null;
                });
            }
            for (int step = 0; step < 300; step++) {
                world.on(() -> {
                    int what = random.nextInt(10);
                    SpillWorld.Client client = world.clients.get(random.nextInt(SpillWorld.CLIENTS));
                    if (what < 7 && client.isFree()) client.send(world.target, random);
                    else if (what < 8 && !client.isFree() && random.nextInt(4) == 0) client.goAway();
                    else if (!held) world.endOfBatch();
                    assertThat(world.spill.fileBytes()).isLessThanOrEqualTo(fileBytesMax);
                    return null;
                });
            }
            // The disk has had its time; how much memory it leaves is the next test's.
            if (held) untilItRests(world);
        }
        world.on(world::busyNoMore);
        world.drain();
        world.on(() -> {
            world.check();
            assertThat(world.spilled().rows()).isGreaterThan(100);
            assertThat(world.spilled().failures()).isEmpty();
            assertThat(world.journal.unreadable).isEmpty();
            return null;
        });
    }

    private void untilItRests(SpillWorld world) {
        var before = new AtomicLong(-1);
        await().pollInterval(Duration.ofMillis(10)).until(() -> {
            long now = world.on(() -> world.queue.bufferedBytes() << 32 | world.queue.waiting().awayBytes());
            return before.getAndSet(now) == now;
        });
    }

    @Test
    void in_a_hold_memory_stays_below_its_bound_and_the_file_has_no_name() throws Exception {
        var random = new Random(1);
        var world = new SpillWorld(loop, () -> SpillFile.in(folder), FILE_BYTES_MAX);
        world.on(() -> {
            world.queue.aloneBegins(InsertWay.QUIET, 1, 0, System.nanoTime());   // nothing is quiet any more
            world.allSend(random);
            return null;
        });
        await().untilAsserted(() -> world.on(() -> {
            assertThat(world.queue.bufferedBytes()).isLessThanOrEqualTo(SpillWorld.BUFFERED_BYTES_MAX);
            assertThat(world.queue.bufferedBytes() + world.queue.waiting().awayBytes()).isEqualTo(world.sentBytes());
            return null;
        }));
        assertThat(world.on(() -> world.spill.fileBytes())).isPositive();
        assertThat(fileNames()).isZero();
        world.on(() -> {
            world.queue.aloneEnded(0);
            return null;
        });
        world.drain();
        world.on(() -> {
            world.check();
            return null;
        });
    }

    @Test
    void several_tables_of_a_rule_stay_below_its_bound_together_but_for_what_they_have_under_way() throws Exception {
        var buffered = new BufferedBytes(SpillWorld.BUFFERED_BYTES_MAX);
        List<SpillWorld> tables = Stream.generate(() -> new SpillWorld(loop, () -> SpillFile.in(folder), FILE_BYTES_MAX, buffered)).limit(3).toList();
        var random = new Random(1);
        for (SpillWorld table : tables) {
            table.on(() -> {
                table.busy();
                table.allSend(random);
                return null;
            });
        }
        await().untilAsserted(() -> tables.getFirst().on(() -> {
            assertThat(buffered.bytes()).isLessThanOrEqualTo(SpillWorld.BUFFERED_BYTES_MAX + 2 * SpillWorld.UNDER_WAY_BYTES_MAX).isEqualTo(tables.stream().mapToLong(table -> table.queue.bufferedBytes()).sum());
            for (SpillWorld table : tables) assertThat(table.queue.bufferedBytes() + table.queue.waiting().awayBytes()).isEqualTo(table.sentBytes());
            return null;
        }));
        for (SpillWorld table : tables) {
            assertThat(table.on(() -> table.spilled().rows())).isPositive();
            table.on(table::busyNoMore);
        }
        for (SpillWorld table : tables) table.drain();
        tables.getFirst().on(() -> {
            tables.forEach(SpillWorld::check);
            assertThat(buffered.bytes()).isZero();
            return null;
        });
    }

    @Test
    void what_found_the_file_full_goes_to_disk_when_the_file_is_empty_again() throws Exception {
        long fileBytesMax = 32 * 1024;
        var world = new SpillWorld(loop, () -> SpillFile.in(folder), fileBytesMax);
        world.on(() -> {
            world.busy();
            world.allSend(new Random(1));
            return null;
        });
        untilItRests(world);
        long spilled = world.on(() -> {
            assertThat(world.spill.fileBytes()).isBetween(fileBytesMax - SpillWorld.REQUEST_BYTES_MAX, fileBytesMax);
            assertThat(world.queue.bufferedBytes()).isGreaterThan(SpillWorld.BUFFERED_BYTES_MAX);
            return world.spilled().rows();
        });
        // Nobody sends anything more.
        await().pollInterval(Duration.ofMillis(2)).until(() -> world.on(() -> {
            if (world.spilled().rows() == spilled) world.endOfBatch();
            return world.spilled().rows() > spilled;
        }));
        world.on(world::busyNoMore);
        world.drain();
        world.on(() -> {
            world.check();
            assertThat(world.journal.ran).hasSize(SpillWorld.CLIENTS);
            return null;
        });
    }

    @Test
    void a_file_that_a_killed_process_left_is_deleted_and_nothing_else_is() throws Exception {
        Path left = Files.writeString(folder.resolve("pgkeel-spill-" + new UUID(1, 2)), "left");
        Path other = Files.writeString(folder.resolve("pgkeel.txt"), "other");
        SpillFile first = SpillFile.in(folder);
        assertThat(left).doesNotExist();
        assertThat(other).exists();
        first.write(ByteBuffer.wrap(new byte[] {7}), 0);
        SpillFile second = SpillFile.in(folder);
        var back = ByteBuffer.allocate(1);
        first.read(back, 0);
        assertThat(back.array()).containsExactly(7);
        first.close();
        second.close();
    }

    @Test
    void what_is_of_somebody_else_or_cannot_be_deleted_is_in_nobodys_way() throws Exception {
        Path undeletable = Files.writeString(folder.resolve("pgkeel-spill-" + new UUID(1, 2)), "left");
        Path left = Files.writeString(folder.resolve("pgkeel-spill-" + new UUID(3, 4)), "left");
        Path foreign = Files.writeString(folder.resolve("pgkeel-spill-notes.txt"), "foreign");
        SpillFile file = SpillFile.in(folder, each -> {
            if (each.equals(undeletable)) throw new AccessDeniedException(each.toString());
            Files.delete(each);
        });
        file.write(ByteBuffer.wrap(new byte[] {7}), 0);
        file.close();
        assertThat(left).doesNotExist();
        assertThat(undeletable).exists();
        assertThat(foreign).exists();
    }

    /// Writes that fail leave requests in memory; bytes that came back changed, or not at all, are refused, and nothing else is.
    @Test
    void a_bad_disk_costs_the_requests_that_it_lost_and_no_other() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        var random = new Random(seed);
        var disk = new Random(seed);
        var world = new SpillWorld(loop, () -> new SpillWorld.BadFile(SpillFile.in(folder), disk), FILE_BYTES_MAX);
        for (int round = 0; round < 15; round++) {
            world.on(world::busy);
            world.on(() -> {
                world.allSend(random);
                return null;
            });
            world.on(world::busyNoMore);
            world.drain();
        }
        world.on(() -> {
            world.check();
            long lost = world.spilled().failures().entrySet().stream().filter(entry -> !entry.getKey().equals("write_failed")).mapToLong(entry -> entry.getValue()).sum();
            assertThat(world.spilled().failures()).containsKeys("wrong_checksum", "read_failed");
            assertThat(world.journal.unreadable).hasSize((int) lost);
            return null;
        });
    }

    @Test
    void a_disk_that_takes_nothing_leaves_everything_in_memory() throws Exception {
        var world = new SpillWorld(loop, () -> SpillFile.in(folder.resolve("nowhere")), FILE_BYTES_MAX);
        world.on(() -> {
            world.queue.aloneBegins(InsertWay.QUIET, 1, 0, System.nanoTime());
            world.allSend(new Random(1));
            return null;
        });
        await().untilAsserted(() -> world.on(() -> assertThat(world.spilled().failures()).containsOnlyKeys("write_failed")));
        world.on(() -> {
            world.queue.aloneEnded(0);
            return null;
        });
        world.drain();
        world.on(() -> {
            world.check();
            assertThat(world.journal.ran).hasSize(SpillWorld.CLIENTS);
            return null;
        });
    }

    @Test
    void the_file_is_its_owners_alone() throws Exception {
        SpillFile file = SpillFile.in(folder);
        byte[] bytes = {1, 2, 3};
        file.write(ByteBuffer.wrap(bytes), 5);
        var back = ByteBuffer.allocate(3);
        file.read(back, 5);
        assertThat(back.array()).isEqualTo(bytes);
        assertThat(fileNames()).isZero();
        file.close();
    }
}
