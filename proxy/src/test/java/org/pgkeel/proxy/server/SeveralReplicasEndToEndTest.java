package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/// Two replicas, each behind by another time, and a failover to one of them.
class SeveralReplicasEndToEndTest {
    private static final String READS = "routing = [ { name = reads, when { statement = read }, to = replica, or-else = primary } ]\n";

    @Test
    void reads_never_go_back_in_time_from_server_to_server_and_outlive_a_promotion() throws Exception {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        System.out.println("SeveralReplicasEndToEndTest seed " + seed);
        try (var postgres = new ReplicatedPostgres(2)) {
            postgres.execute("create table log (k int primary key, v int)", "insert into log values (1, 0)");
            postgres.awaitReplayed(postgres.replica(0));
            postgres.awaitReplayed(postgres.replica(1));
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, postgres.cluster() + READS + "runtime.event-loops = 2\n"); Connection writer = proxy.connect()) {
                var ended = new AtomicBoolean();
                Set<String> ports = ConcurrentHashMap.newKeySet();
                List<CompletableFuture<Integer>> readers = new ArrayList<>();
                for (int i = 0; i < 6; i++) readers.add(read(proxy, ports, ended));
                var random = new Random(seed);
                int written = 0;
                for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(8); System.nanoTime() < end; ) {
                    TestProxy.execute(writer, "update log set v = v + 1 where k = 1");
                    written++;
                    int which = random.nextInt(12);
                    if (which < 2) postgres.replica(which).execute("postgres", "select pg_wal_replay_pause()");
                    else if (which < 4) postgres.replica(which - 2).execute("postgres", "select pg_wal_replay_resume()");
                }
                for (int i = 0; i < 2; i++) {
                    postgres.replica(i).execute("postgres", "select pg_wal_replay_resume()");
                    postgres.awaitReplayed(postgres.replica(i));
                }
                await("both replicas answer reads").until(() -> ports.containsAll(List.of(port(postgres, 0), port(postgres, 1))));
                assertThat(readers).noneMatch(CompletableFuture::isDone);

                postgres.primary().kill();
                postgres.replica(0).execute("postgres", "select pg_promote()");
                assertThat(TestProxy.value(writer, "update log set v = v + 1 where k = 1 returning v")).isEqualTo(String.valueOf(written + 1));
                assertThat(TestProxy.value(writer, "select v from log where k = 1")).isEqualTo(String.valueOf(written + 1));
                // The pool to the server that is the primary now is given up when nothing runs on it any more.
                await().until(() -> proxy.server().pools().all().iterator().next().all().stream()
                        .noneMatch(pool -> pool.key().replica().map(node -> node.port() == postgres.replica(0).settings().port()).orElse(false)));
                ended.set(true);
                for (var reader : readers) assertThat(reader.get(90, TimeUnit.SECONDS)).isPositive();
            }
        }
    }

    private static String port(ReplicatedPostgres postgres, int replica) {
        return String.valueOf(postgres.replica(replica).settings().port());
    }

    private static CompletableFuture<Integer> read(TestProxy proxy, Set<String> ports, AtomicBoolean ended) {
        var done = new CompletableFuture<Integer>();
        Thread.ofPlatform().daemon().start(() -> {
            int reads = 0;
            int least = 0;
            try (Connection client = proxy.connect("prepareThreshold", "1"); PreparedStatement read = client.prepareStatement("select v, current_setting('port') from log where k = 1")) {
                for (; !ended.get(); reads++) {
                    ResultSet rows = read.executeQuery();
                    rows.next();
                    assertThat(rows.getInt(1)).as("read %d, from port %s", reads, rows.getString(2)).isGreaterThanOrEqualTo(least);
                    least = rows.getInt(1);
                    ports.add(rows.getString(2));
                    if (reads % 20 == 0) TestProxy.value(client, "select pg_sleep(0.1)");
                }
                done.complete(reads);
            } catch (SQLException | AssertionError | RuntimeException e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }
}
