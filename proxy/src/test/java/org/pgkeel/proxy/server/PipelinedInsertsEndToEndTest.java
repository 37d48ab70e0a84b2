package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.BindComplete;
import org.pgkeel.protocol.backend.CommandComplete;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.NoData;
import org.pgkeel.protocol.backend.ParseComplete;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.backend.RowDescription;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Describe;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.frontend.Target;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.wire.WireClient;

/// Clients that send several transactions without waiting, each with a Sync of its own. What each of them is told is known beforehand: it has keys of
/// its own.
class PipelinedInsertsEndToEndTest {
    private static final int CLIENTS = 16;
    private static final int KEYS_OF_CLIENT = 1_000_000;
    private static final String RULE = "coalesce = [ { table = public.piped, copy-from-rows = 8 } ]\n";
    private static final String INSERT = "insert into piped (id, note) values ($1, $2)";
    private static final String RETURNING = INSERT + " returning id";

    private static PostgresFixture postgres;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table piped (id int primary key, note text check (note <> 'bad'), nr bigserial)", "grant all on piped to app", "grant all on sequence piped_nr_seq to app",
                "alter database app set synchronous_commit = on");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    @BeforeEach
    void empty() {
        postgres.execute("truncate piped");
    }

    private static CoalesceSnapshot counted(TestProxy proxy) {
        return proxy.coalesced();
    }

    /// One client, and what it knows to be stored.
    private static final class Client {
        private final int number;
        private final Random random;
        private final TreeSet<Integer> stored = new TreeSet<>();
        private final List<FrontendMessage> messages = new ArrayList<>();
        private final List<String> expected = new ArrayList<>();
        private int next;

        Client(int number, long seed) {
            this.number = number;
            this.random = new Random(seed + number);
        }

        /// Draws what is sent in one write, and what will be told.
        void draw() {
            messages.clear();
            expected.clear();
            boolean sameStatement = random.nextInt(3) > 0;
            String statement = statement();
            for (int units = 1 + random.nextInt(12); units > 0; units--) {
                if (random.nextInt(25) == 0) count();
                else unit(sameStatement ? statement : statement());
            }
        }

        private String statement() {
            return random.nextInt(5) == 0 ? "returning" : random.nextBoolean() ? "insert" : "";
        }

        private void count() {
            messages.add(new Query("select count(*) from piped where id / " + KEYS_OF_CLIENT + " = " + number));
            expected.addAll(List.of("columns", "row " + stored.size(), "SELECT 1", "ready"));
        }

        private void unit(String statement) {
            if (statement.isEmpty()) {
                messages.add(new Parse("", INSERT, List.of()));
                expected.add("parsed");
            }
            var inserted = new ArrayList<Integer>();
            boolean failed = false;
            for (int rows = random.nextInt(4) == 0 ? 1 + random.nextInt(3) : 1; rows > 0; rows--) {
                int kind = random.nextInt(40);
                boolean again = kind == 0 && !stored.isEmpty();
                int id = again ? stored.ceiling(stored.first() + random.nextInt(stored.last() - stored.first() + 1)) : number * KEYS_OF_CLIENT + next++;
                boolean describes = random.nextBoolean();
                messages.add(new Bind("", statement, List.of(), List.of(Value.ofText(Integer.toString(id)), Value.ofText(kind == 1 ? "bad" : "it's \\ a\tnote " + id)), List.of()));
                if (describes) messages.add(new Describe(Target.PORTAL, ""));
                messages.add(new Execute("", 0));
                if (failed) continue;
                expected.add("bound");
                if (describes) expected.add(statement.equals("returning") ? "columns" : "no data");
                failed = kind == 1 || again;
                if (failed) {
                    expected.add(kind == 1 ? "error 23514" : "error 23505");
                } else {
                    inserted.add(id);
                    if (statement.equals("returning")) expected.add("row " + id);
                    expected.add("INSERT 0 1");
                }
            }
            messages.add(Sync.INSTANCE);
            expected.add("ready");
            if (!failed) stored.addAll(inserted);
        }
    }

    private static WireClient connect(TestProxy proxy) throws IOException {
        WireClient client = WireClient.ofApp(proxy.port(), Map.of());
        client.send(new Parse("insert", INSERT, List.of()), new Parse("returning", RETURNING, List.of()), Sync.INSTANCE);
        assertThat(told(client, 1)).containsExactly("parsed", "parsed", "ready");
        return client;
    }

    /// All up to so many ReadyForQuery.
    private static List<String> told(WireClient client, int readies) throws IOException {
        var words = new ArrayList<String>();
        for (int left = readies; left > 0; ) {
            BackendMessage message = client.read();
            words.add(switch (message) {
                case ParseComplete _ -> "parsed";
                case BindComplete _ -> "bound";
                case NoData _ -> "no data";
                case RowDescription _ -> "columns";
                case DataRow(var values) -> "row " + (values.getFirst() instanceof Octets octets ? octets.text() : "null");
                case CommandComplete(var tag) -> tag;
                case ErrorResponse(var fields) -> "error " + fields.code();
                case ReadyForQuery _ -> "ready";
                default -> message.toString();
            });
            if (message instanceof ReadyForQuery) left--;
        }
        return words;
    }

    @Test
    void each_transaction_is_answered_as_if_it_had_been_sent_alone() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        var wrong = new CopyOnWriteArrayList<String>();
        var stored = new TreeSet<Integer>();
        try (TestProxy proxy = TestProxy.start(postgres, RULE)) {
            var clients = new ArrayList<Client>();
            var threads = new ArrayList<Thread>();
            for (int i = 0; i < CLIENTS; i++) {
                var client = new Client(i + 1, seed);
                clients.add(client);
                threads.add(Thread.ofPlatform().daemon().start(() -> {
                    try (WireClient wire = connect(proxy)) {
                        for (int turn = 0; turn < 40 && wrong.isEmpty(); turn++) {
                            client.draw();
                            wire.send(client.messages.toArray(FrontendMessage[]::new));
                            List<String> told = told(wire, (int) client.expected.stream().filter("ready"::equals).count());
                            if (!told.equals(client.expected)) wrong.add(client.messages + "\n" + told + "\nand not\n" + client.expected);
                        }
                    } catch (IOException | RuntimeException | AssertionError e) {
                        wrong.add(client.messages + ": " + e);
                    }
                }));
            }
            for (Thread thread : threads) thread.join();
            assertThat(wrong).isEmpty();
            for (Client client : clients) stored.addAll(client.stored);
            CoalesceSnapshot counted = counted(proxy);
            assertThat(counted.copied()).as("%s", counted).isPositive();
            assertThat(counted.shared()).as("%s", counted).isPositive();
            assertThat(counted.bufferedBytes()).isZero();
        }
        assertThat(postgres.query("select count(*) || ' ' || coalesce(sum(id), 0) from piped")).isEqualTo(stored.size() + " " + stored.stream().mapToLong(Integer::longValue).sum());
        assertThat(postgres.query("select count(*) from (select id, lag(id) over (partition by id / %d order by nr) before from piped) s where id < before".formatted(KEYS_OF_CLIENT))).isEqualTo("0");
    }

    @Test
    void what_one_client_sends_at_once_shares_a_commit_and_follows_what_it_sent_before() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, RULE); WireClient client = connect(proxy)) {
            var first = new int[1];
            await().until(() -> {   // until the table is known to the proxy
                first[0] += 10;
                send(client, first[0], 10);
                assertThat(told(client, 10)).containsOnly("bound", "INSERT 0 1", "ready").hasSize(30);
                return postgres.query("select count(distinct xmin::text) from piped where id >= " + first[0]).equals("1");
            });
            assertThat(postgres.query("select count(*) from piped")).isEqualTo(Integer.toString(first[0]));
        }
    }

    /// Its first row runs alone; if the rows behind it ran on the same connection as they come, none would ever share a commit.
    @Test
    void a_client_that_always_has_rows_under_way_shares_commits_too() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, RULE); WireClient client = connect(proxy)) {
            int window = 20;
            for (int id = 0; id < window; id++) send(client, id, 1);
            var next = new AtomicInteger(window);
            await().until(() -> {
                for (int row = 0; row < window; row++) {
                    assertThat(told(client, 1)).containsExactly("bound", "INSERT 0 1", "ready");
                    send(client, next.getAndIncrement(), 1);
                }
                return counted(proxy).batches() > 10;
            });
            for (int row = 0; row < window; row++) assertThat(told(client, 1)).containsExactly("bound", "INSERT 0 1", "ready");
            assertThat(postgres.query("select count(*) || ' ' || max(id) from piped")).isEqualTo(next.get() + " " + (next.get() - 1));
            assertThat(postgres.query("select count(*) from (select id, lag(id) over (order by nr) before from piped) s where id < before")).isEqualTo("0");
        }
    }

    private static void send(WireClient client, int from, int rows) throws IOException {
        var messages = new ArrayList<FrontendMessage>();
        for (int id = from; id < from + rows; id++) {
            messages.add(new Bind("", "insert", List.of(), List.of(Value.ofText(Integer.toString(id)), Value.ofText("note")), List.of()));
            messages.add(new Execute("", 0));
            messages.add(Sync.INSTANCE);
        }
        client.send(messages.toArray(FrontendMessage[]::new));
    }

    @Test
    void through_the_death_of_the_primary_each_transaction_is_answered_once_and_happens_once() throws Exception {
        var committed = ConcurrentHashMap.<Integer>newKeySet();
        var wrong = new CopyOnWriteArrayList<String>();
        var over = new AtomicBoolean();
        try (TestProxy proxy = TestProxy.start(postgres, RULE + """
                clusters.main.monitor { user = "%s", password = "%s" }
                clusters.main.outcome = strict
                databases."*".pool { max = 6, max-wait = 60s }
                """.formatted(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD))) {
            var threads = new ArrayList<Thread>();
            for (int i = 0; i < CLIENTS; i++) {
                int from = (i + 1) * KEYS_OF_CLIENT;
                threads.add(Thread.ofPlatform().daemon().start(() -> {
                    try (WireClient client = connect(proxy)) {
                        for (int id = from; !over.get() && wrong.isEmpty(); id += 10) {
                            send(client, id, 10);
                            for (int row = id; row < id + 10; row++) {
                                List<String> told = told(client, 1);
                                if (told.equals(List.of("bound", "INSERT 0 1", "ready"))) committed.add(row);
                                else wrong.add(row + ": " + told);
                            }
                        }
                    } catch (IOException | AssertionError e) {
                        wrong.add(e.toString());
                    }
                }));
            }
            for (int death = 0; death < 3; death++) {
                int enough = committed.size() + 500;
                await().until(() -> committed.size() > enough || !wrong.isEmpty());
                postgres.kill();
                await().ignoreExceptions().until(() -> {
                    postgres.startAgain();
                    return true;
                });
            }
            int enough = committed.size() + 500;
            await().until(() -> committed.size() > enough || !wrong.isEmpty());
            over.set(true);
            for (Thread thread : threads) thread.join();
            assertThat(wrong).isEmpty();
        }
        assertThat(postgres.query("select count(*) || ' ' || sum(id) from piped")).isEqualTo(committed.size() + " " + committed.stream().mapToLong(Integer::longValue).sum());
        assertThat(postgres.query("select count(*) from (select id, lag(id) over (partition by id / %d order by nr) before from piped) s where id < before".formatted(KEYS_OF_CLIENT))).isEqualTo("0");
    }
}
