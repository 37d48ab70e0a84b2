package org.pgkeel.proxy.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.CommandComplete;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.FunctionCallResponse;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.backend.RowDescription;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// Texts of several commands in transaction blocks of the proxy's own, and with a COMMIT that it holds back, on few backends, while some of their clients are cancelled and others vanish: each text
/// is done as a whole or not at all, as its client hears, and nobody hears what is another's. `-Dpgkeel.wire.seed=` does as before.
class BlockStormTest {
    private static final long SEED = Long.getLong("pgkeel.wire.seed", System.nanoTime());
    private static final int CANCELS = Integer.getInteger("pgkeel.wire.cancels", 300);
    private static final int DEATHS = Integer.getInteger("pgkeel.wire.deaths", 60);
    private static final int FUNCTION_INT4PL = 177;

    private final PostgresFixture postgres = SharedPostgres.get();
    private final AtomicInteger ids = new AtomicInteger();
    private final AtomicBoolean over = new AtomicBoolean();

    @Test
    void a_text_is_done_as_a_whole_or_not_at_all_and_heard_by_its_client_alone() throws Exception {
        System.out.println("wire seed " + SEED);
        postgres.execute("drop table if exists block_rows", "create table block_rows (id int)", "grant all on block_rows to app");
        var committed = new HashMap<Integer, Boolean>();
        try (var proxy = proxy(); var threads = Executors.newCachedThreadPool()) {
            var cancelled = List.of(client(proxy), client(proxy));
            var players = new ArrayList<Future<Map<Integer, Boolean>>>();
            for (WireClient each : cancelled) players.add(threads.submit(() -> texts(each, true)));
            for (int i = 0; i < 3; i++) players.add(threads.submit(() -> steady(proxy)));
            var storms = new ArrayList<Future<?>>();
            storms.add(threads.submit(storm(() -> cancel(cancelled, new Random(SEED)))));
            storms.add(threads.submit(storm(() -> die(proxy, new Random(SEED + 1)))));
            try {
                for (Future<?> storm : storms) storm.get();
            } finally {
                over.set(true);
            }
            for (var player : players) committed.putAll(player.get());
            for (WireClient each : cancelled) each.close();
        }
        assertThat(committed).containsValue(true).containsValue(false);
        await().untilAsserted(() -> assertThat(postgres.query("select count(*) from pg_stat_activity where usename = 'app' and state <> 'idle' and query like '%block_rows%'")).isEqualTo("0"));
        assertThat(postgres.query("select count(*) from (select 1 from block_rows group by id having count(*) <> 2) torn")).as("seed " + SEED).isEqualTo("0");
        var kept = new HashMap<Integer, Boolean>();
        try (Connection direct = postgres.connect(); ResultSet rows = direct.createStatement().executeQuery("select distinct id from block_rows")) {
            while (rows.next()) kept.put(rows.getInt(1), true);
        }
        committed.forEach((id, done) -> assertThat(kept.containsKey(id)).as("text " + id + ", seed " + SEED).isEqualTo(done));
    }

    @Test
    void the_place_of_an_error_is_that_in_the_text() throws Exception {
        postgres.execute("drop table if exists block_places", "create table block_places (id int)", "grant all on block_places to app");
        try (var proxy = proxy(); var client = client(proxy)) {
            for (String text : List.of("insert into block_places values (1); select nosuch from block_places", "insert into block_places values (1); selec 1; select 2")) {
                client.send(Dialogue.query(text));
                String position = null;
                for (BackendMessage reply = client.read(); !(reply instanceof ReadyForQuery); reply = client.read()) {
                    if (reply instanceof ErrorResponse(var fields)) position = fields.byType().get('P');
                }
                assertThat(position).as(text).isEqualTo(String.valueOf(text.indexOf(text.contains("nosuch") ? "nosuch" : "selec 1") + 1));
            }
            assertThat(postgres.query("select count(*) from block_places")).isEqualTo("0");
        }
    }

    @Test
    void a_result_that_is_too_large_to_be_withheld_comes_whole() throws Exception {
        postgres.execute("drop table if exists block_large", "create table block_large (id int)", "grant all on block_large to app");
        try (var proxy = proxy(); var client = client(proxy)) {
            client.send(Dialogue.query("insert into block_large values (1); select repeat('x', 10000) from generate_series(1, 1000); insert into block_large values (2)"), Dialogue.query("select 'behind'"));
            List<String> replies = heard(client);
            assertThat(replies).hasSize(1004).startsWith("INSERT 0 1").endsWith("SELECT 1000", "INSERT 0 1", "IDLE");
            assertThat(replies.subList(1, 1001)).allSatisfy(row -> assertThat(row).hasSize(10_000));
            assertThat(heard(client)).isEqualTo(List.of("behind", "SELECT 1", "IDLE"));
            assertThat(postgres.query("select count(*) from block_large")).isEqualTo("2");
        }
    }

    private TestProxy proxy() {
        return TestProxy.start(postgres, 3, "runtime.event-loops = 2", "clusters.main.outcome = strict",
                "clusters.main.monitor { user = \"" + PostgresFixture.SUPERUSER + "\", password = \"" + PostgresFixture.SUPERUSER_PASSWORD + "\" }");
    }

    private Callable<Void> storm(Storm storm) {
        return () -> {
            storm.blow();
            return null;
        };
    }

    private interface Storm {
        void blow() throws IOException;
    }

    private void cancel(List<WireClient> clients, Random random) throws IOException {
        for (int i = 0; i < CANCELS; i++) clients.get(random.nextInt(clients.size())).cancel();
    }

    /// Clients that vanish somewhere in a text, or behind it.
    private void die(TestProxy proxy, Random random) throws IOException {
        for (int i = 0; i < DEATHS; i++) {
            var client = client(proxy);
            for (int texts = random.nextInt(3); texts > 0; texts--) new Dialogue(client, "none").ask(text(ids.incrementAndGet(), random.nextInt(4)));
            client.send(Dialogue.query(text(ids.incrementAndGet(), random.nextInt(4))));
            for (int replies = random.nextInt(4); replies > 0; replies--) client.read();
            if (random.nextBoolean()) client.vanish();
            else client.reset();
        }
    }

    /// Every other one has a transaction block of its own.
    private static boolean hasBlock(int id) {
        return id % 2 == 0;
    }

    private static String text(int id, int millis) {
        String text = "insert into block_rows values (" + id + "); select pg_sleep(0.00" + millis + "), 'text " + id + "'; insert into block_rows values (" + id + ") returning id";
        return hasBlock(id) ? "begin; " + text + "; commit" : text;
    }

    private static List<String> done(int id) {
        List<String> replies = List.of("INSERT 0 1", "|text " + id, "SELECT 1", "" + id, "INSERT 0 1");
        return Stream.of(hasBlock(id) ? List.of("BEGIN") : List.<String>of(), replies, hasBlock(id) ? List.of("COMMIT") : List.<String>of(), List.of("IDLE")).flatMap(List::stream).toList();
    }

    /// Asks until the storm is over.
    /// @return what was done
    private Map<Integer, Boolean> texts(WireClient client, boolean mayFail) throws IOException {
        var heard = new HashMap<Integer, Boolean>();
        for (int i = 0; !over.get(); i++) {
            int id = ids.incrementAndGet();
            client.send(Dialogue.query(text(id, i % 4)));
            List<String> replies = heard(client);
            boolean failed = replies.contains("57014");
            if (!failed) assertThat(replies).as("seed " + SEED).isEqualTo(done(id));
            else assertThat(replies).as("seed " + SEED).endsWith("57014", hasBlock(id) && replies.contains("BEGIN") ? "FAILED" : "IDLE").satisfies(all -> assertThat(mayFail).isTrue())
                    .isSubsetOf("BEGIN", "INSERT 0 1", "|text " + id, "SELECT 1", "" + id, "57014", "IDLE", "FAILED");
            heard.put(id, !failed);
            for (; !replies.getLast().equals("IDLE"); replies = heard(client)) client.send(Dialogue.query("rollback"));
        }
        return heard;
    }

    /// Clients that nobody cancels: texts, and between them reads and FunctionCalls whose answers are theirs alone.
    private Map<Integer, Boolean> steady(TestProxy proxy) throws IOException {
        var heard = new HashMap<Integer, Boolean>();
        try (WireClient client = client(proxy)) {
            while (!over.get()) {
                int id = ids.incrementAndGet();
                client.send(Dialogue.query(text(id, 0)), Dialogue.query("select 'own " + id + "'"), Dialogue.call(FUNCTION_INT4PL, String.valueOf(id), "1"));
                assertThat(heard(client)).as("seed " + SEED).isEqualTo(done(id));
                assertThat(heard(client)).as("seed " + SEED).isEqualTo(List.of("own " + id, "SELECT 1", "IDLE"));
                assertThat(heard(client)).as("seed " + SEED).isEqualTo(List.of("= " + (id + 1), "IDLE"));
                heard.put(id, true);
            }
        }
        return heard;
    }

    /// Rows, tags, SQLSTATEs, values of functions, and the status.
    private static List<String> heard(WireClient client) throws IOException {
        var lines = new ArrayList<String>();
        while (true) {
            switch (client.read()) {
                case DataRow(var values) -> lines.add(values.stream().map(value -> value instanceof Octets octets ? octets.text() : "NULL").collect(Collectors.joining("|")));
                case CommandComplete(var tag) -> lines.add(tag);
                case ErrorResponse(var fields) -> lines.add(fields.code());
                case FunctionCallResponse(var value) -> lines.add("= " + (value instanceof Octets octets ? octets.text() : "NULL"));
                case ReadyForQuery(var status) -> {
                    lines.add(String.valueOf(status));
                    return lines;
                }
                case RowDescription _ -> { }
                case BackendMessage other -> lines.add(other.toString());
            }
        }
    }

    private static WireClient client(TestProxy proxy) throws IOException {
        return new WireClient(proxy.address(), PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD,
                new LinkedHashMap<>(Map.of("database", PostgresFixture.DATABASE, "search_path", "public")), Splitting.whole());
    }
}
