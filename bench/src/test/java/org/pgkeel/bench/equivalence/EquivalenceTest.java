package org.pgkeel.bench.equivalence;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
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
