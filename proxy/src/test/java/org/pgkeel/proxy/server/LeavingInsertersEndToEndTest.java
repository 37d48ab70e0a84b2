package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.CommandComplete;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// Clients that go away while their rows wait, or are under way with those of others, in every way a client can go.
class LeavingInsertersEndToEndTest {
    private static final int STEADY = 8;
    private static final int LEAVING = 8;
    private static final int DEPARTURES = 40;
    private static final int ROWS_OF_CLIENT = 1_000_000;

    private final Set<Integer> acknowledged = ConcurrentHashMap.newKeySet();
    private final List<String> wrong = new CopyOnWriteArrayList<>();
    private final AtomicBoolean over = new AtomicBoolean();

    private static WireClient connect(TestProxy proxy) throws IOException {
        WireClient client = WireClient.ofApp(proxy.port(), Map.of());
        client.send(new Parse("insert", "insert into seen (id, note) values ($1, $2)", List.of()), Sync.INSTANCE);
        while (!(client.read() instanceof ReadyForQuery)) { }
        return client;
    }

    private static void send(WireClient client, int from, int rows) throws IOException {
        ByteBuf all = Unpooled.buffer();
        for (int id = from; id < from + rows; id++) {
            new Bind("", "insert", List.of(), List.of(Value.ofText(Integer.toString(id)), Value.ofText("note")), List.of()).encode(all);
            new Execute("", 0).encode(all);
            Sync.INSTANCE.encode(all);
        }
        client.sendRaw(all.array(), 0, all.writerIndex());
    }

    /// Reads the answers to rows, each of which has to be that it is there.
    private void read(WireClient client, int from, int rows) throws IOException {
        for (int id = from; id < from + rows; id++) {
            boolean inserted = false;
            for (BackendMessage message = client.read(); !(message instanceof ReadyForQuery); message = client.read()) inserted |= message instanceof CommandComplete(var tag) && tag.equals("INSERT 0 1");
            if (inserted) acknowledged.add(id);
            else wrong.add(id + " was answered without its tag");
        }
    }

    private void stay(TestProxy proxy, int client) {
        try (WireClient wire = connect(proxy)) {
            for (int id = client * ROWS_OF_CLIENT; !over.get(); id += 10) {
                send(wire, id, 10);
                read(wire, id, 10);
            }
        } catch (IOException | RuntimeException e) {
            wrong.add("a client that stayed: " + e);
        }
    }

    private void leave(TestProxy proxy, int client, Random random) {
        int next = client * ROWS_OF_CLIENT;
        for (int departure = 0; departure < DEPARTURES; departure++) {
            int rows = 1 + random.nextInt(12);
            int answers = random.nextInt(3) == 0 ? random.nextInt(rows + 1) : 0;
            try {
                WireClient wire = connect(proxy);
                send(wire, next, rows);
                read(wire, next, answers);
                switch (random.nextInt(3)) {
                    case 0 -> wire.close();
                    case 1 -> wire.vanish();
                    default -> wire.reset();
                }
            } catch (IOException | RuntimeException e) {
                wrong.add("a client that left: " + e);
            }
            next += rows;
        }
    }

    private static CoalesceSnapshot counted(TestProxy proxy) {
        // An event loop that has no time for a second is asked again.
        return await().ignoreExceptionsInstanceOf(CompletionException.class)
                .until(() -> proxy.server().survey().askAll(context -> context.coalescer().snapshots()).join(), _ -> true).stream().reduce(CoalesceSnapshot::plus)
                .orElseGet(() -> CoalesceSnapshot.empty(""));
    }

    @Test
    void they_take_nothing_with_them_and_leave_nothing_behind() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        try (PostgresFixture postgres = PostgresFixture.start(FixtureOptions.DEFAULT)) {
            postgres.execute("create table seen (id int, note text)", "grant all on seen to app");
            try (TestProxy proxy = TestProxy.start(postgres, "coalesce = [ { table = public.seen, copy-from-rows = 8 } ]\ndatabases.\"*\".pool.max = 3\n")) {
                var staying = new ArrayList<Thread>();
                var leaving = new ArrayList<Thread>();
                for (int i = 1; i <= STEADY; i++) {
                    int client = i;
                    staying.add(Thread.ofPlatform().daemon().start(() -> stay(proxy, client)));
                }
                for (int i = STEADY + 1; i <= STEADY + LEAVING; i++) {
                    int client = i;
                    leaving.add(Thread.ofPlatform().daemon().start(() -> leave(proxy, client, new Random(seed + client))));
                }
                for (Thread each : leaving) each.join();
                over.set(true);
                for (Thread each : staying) each.join();
                assertThat(wrong).isEmpty();
                CoalesceSnapshot counted = counted(proxy);
                assertThat(counted.copied()).as("%s", counted).isPositive();
                await().untilAsserted(() -> {
                    CoalesceSnapshot now = counted(proxy);
                    assertThat(now.bufferedBytes() + now.waitingRows() + now.underWay()).as("%s", now).isZero();
                });
                try (WireClient later = connect(proxy)) {
                    send(later, 0, 10);
                    read(later, 0, 10);
                }
            }
            assertThat(postgres.query("select count(*) - count(distinct id) from seen")).isEqualTo("0");
            var there = Set.of(postgres.query("select string_agg(id::text, ',') from seen").split(","));
            assertThat(acknowledged).allMatch(id -> there.contains(Integer.toString(id)));
        }
    }
}
