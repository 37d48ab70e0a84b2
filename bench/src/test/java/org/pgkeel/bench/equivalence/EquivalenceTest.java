package org.pgkeel.bench.equivalence;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.bench.cluster.Cleanup;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.WorkFolder;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.server.ProxyServer;

/// Random INSERTs directly and through a proxy in this JVM. `-Dpgkeel.equivalence.seed=` asks the same again, `-Dpgkeel.equivalence.cases=` more.
class EquivalenceTest {
    private static final long SEED = Long.getLong("pgkeel.equivalence.seed", System.nanoTime());
    private static final long CASES = Long.getLong("pgkeel.equivalence.cases", 3_000);
    private static final int CLIENTS = 40;
    private static final CaseMaker.Case FORGET = new CaseMaker.Case("settings", "deallocate all", new Messages().query("deallocate all").bytes(), 1, 0);

    private static final Cleanup CLEANUP = new Cleanup();
    private static PostgresServer postgres;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() throws IOException {
        WorkFolder work = CLEANUP.add(WorkFolder.temporary());   // PostgreSQL runs as another user
        postgres = CLEANUP.add(PostgresServer.start(work, new PostgresServer.Options(0, 2 * CLIENTS + 50, PostgresServer.Durability.NONE)));
        Equivalence.prepare(postgres);
    }

    @AfterAll
    static void stop() {
        CLEANUP.close();
    }

    @Test
    void through_the_proxy_replies_and_rows_are_the_same() throws Exception {
        System.out.println("equivalence seed " + SEED);
        try (ProxyServer proxy = proxy()) {
            EquivalenceRun.Outcome replies = run(SEED, CASES, new EquivalenceRun.Side(proxy.port(), Equivalence.login(Equivalence.THROUGH_DATABASE)));
            StoredRows.Outcome rows = Equivalence.rows(postgres);
            assertThat(replies.differences()).as("seed %d", SEED).isEmpty();
            assertThat(rows.differences()).as("seed %d", SEED).isEmpty();
            assertThat(replies.cases()).isEqualTo(CASES);
            assertThat(rows.rows()).as("cases that stored rows").isGreaterThan(CASES / 20);
            assertThat(replies.sqlStates()).as("errors that were compared, too").hasSizeGreaterThan(3);
        } finally {
            again();
        }
    }

    @Test
    void a_server_that_behaves_otherwise_is_noticed() throws Exception {
        postgres.sql(Equivalence.THROUGH_DATABASE, """
                alter table checked rename constraint b_small to b_tiny;
                create function odd() returns trigger language plpgsql as $$ begin new.type := 'odd'; return new; end $$;
                create trigger odd before insert on events for each row execute function odd()""");
        try {
            EquivalenceRun.Outcome replies = run(1, 4_000, new EquivalenceRun.Side(postgres.port(), Equivalence.login(Equivalence.THROUGH_DATABASE)));
            assertThat(replies.differences()).anySatisfy(difference -> assertThat(difference).contains("b_small").contains("b_tiny"));
            assertThat(Equivalence.rows(postgres).differences()).anySatisfy(difference -> assertThat(difference).contains("events: only stored directly"));
        } finally {
            again();
        }
    }

    /// Where a session may not write, a value that does not fit would be refused before that with a plan of the values' own, and after it with a generic one.
    @Test
    void in_a_session_that_may_not_write_no_reply_depends_on_the_plan() throws Exception {
        postgres.sql("postgres", "alter database " + Equivalence.DIRECT_DATABASE + " set plan_cache_mode = force_generic_plan");
        postgres.sql("postgres", "alter database " + Equivalence.THROUGH_DATABASE + " set plan_cache_mode = force_custom_plan");
        try (Peer generic = peer(Equivalence.DIRECT_DATABASE); Peer custom = peer(Equivalence.THROUGH_DATABASE)) {
            Dictionary dictionary = Dictionary.ask(generic);
            int refused = 0;
            // Few cases of each seed, because what follows is in the same style.
            for (long seed = SEED; seed < SEED + 300; seed++) {
                var maker = new CaseMaker(seed, 1, dictionary, _ -> Profiles.READ_ONLY);
                List<CaseMaker.Case> cases = Stream.concat(Stream.of(FORGET), Stream.generate(maker::next).limit(8)).toList();
                for (CaseMaker.Case asked : cases) {
                    generic.send(asked.messages());
                    custom.send(asked.messages());
                    String expected = EquivalenceRun.masked(generic.receive(asked.readies()), asked.unstable());
                    assertThat(EquivalenceRun.masked(custom.receive(asked.readies()), asked.unstable())).as("seed %d, %s", seed, asked.what()).isEqualTo(expected);
                    if (expected.contains("C25006")) refused++;
                }
            }
            assertThat(refused).isGreaterThan(1_000);
        } finally {
            again();
        }
    }

    @Test
    void what_should_be_stored_is_taken_by_a_column_of_its_type_in_binary_too() throws Exception {
        try (Peer peer = peer(Equivalence.DIRECT_DATABASE)) {
            Dictionary dictionary = Dictionary.ask(peer);
            for (String type : Pools.types()) {
                postgres.sql(Equivalence.DIRECT_DATABASE, "create table fitting (it " + type + "); grant insert on fitting to public");
                for (String value : Pools.of(type).good()) {
                    Optional<byte[]> binary = dictionary.binary(type, value);
                    if (binary.isEmpty()) continue;
                    var parameter = new Messages.Parameter(false, binary.get(), true);
                    peer.send(new Messages().parse("", "insert into fitting values ($1)", new int[0]).bind("", List.of(parameter), 0).execute(0).sync().bytes());
                    assertThat(peer.receive(1)).as("%s %s", type, value).noneMatch(line -> line.startsWith("E "));
                }
                postgres.sql(Equivalence.DIRECT_DATABASE, "drop table fitting");
            }
        }
    }

    private static Peer peer(String database) throws IOException {
        return new Peer(postgres.port(), Equivalence.login(database), Duration.ofSeconds(60));
    }

    private static EquivalenceRun.Outcome run(long seed, long cases, EquivalenceRun.Side through) throws IOException, InterruptedException {
        var direct = new EquivalenceRun.Side(postgres.port(), Equivalence.login(Equivalence.DIRECT_DATABASE));
        return new EquivalenceRun(new EquivalenceRun.Plan(seed, cases, CLIENTS), direct, through, System.out::println).run();
    }

    /// Both databases as they were.
    private static void again() throws IOException {
        postgres.sql("postgres", "drop database " + Equivalence.DIRECT_DATABASE + " with (force)");
        postgres.sql("postgres", "drop database " + Equivalence.THROUGH_DATABASE + " with (force)");
        Equivalence.prepare(postgres);
    }

    private ProxyServer proxy() throws IOException {
        Files.writeString(folder.resolve("users.txt"), "\"%s\" \"%s\"\n".formatted(PostgresServer.USER, PostgresServer.PASSWORD));
        Path file = Files.writeString(folder.resolve("proxy.conf"), """
                listen { address = "127.0.0.1", port = 0 }
                admin.port = -1
                clusters { main { nodes = ["127.0.0.1:%d"] } }
                databases { "*" { pool { mode = transaction, max = 10 } } }
                auth { users-file = "users.txt" }
                shutdown.max-wait = 0
                coalesce = [ { table = "*", copy-from-rows = 5 } ]
                """.formatted(postgres.port()));
        var loader = new ConfigLoader(Map.of());
        return switch (loader.load(file)) {
            case ConfigResult.Loaded loaded -> ProxyServer.start(loaded, loader, file);
            case ConfigResult.Rejected rejected -> throw new AssertionError(rejected.problems().toString());
        };
    }
}
