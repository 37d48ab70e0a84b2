package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// A row that its server dies of: it is given up, and neither those that share its commit nor those beside it are.
class DeadlyRowsEndToEndTest {
    /// Its own process is killed, without a word.
    private static final int DEADLY = 13;
    private static final String WATCHED = """
            runtime.event-loops = 1
            clusters.main { monitor { user = "%s", password = "%s" }, outcome = strict, hold.max-wait = 5m }
            databases."*".pool { max = 8, max-wait = 5m }
            """.formatted(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD);

    private static PostgresFixture postgres;
    private final List<Connection> clients = new ArrayList<>();

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("alter database app set synchronous_commit = on",
                "create table rows (id int primary key)", "grant all on rows to app",
                "create function kill() returns void language plpgsql security definer as $$ begin copy (select 1) to program 'printf x >> deaths; kill -9 $PPID'; end $$",
                """
                create function crash() returns void language plpgsql security definer as $$
                declare helper int;
                begin
                  loop
                    begin
                      perform pg_stat_clear_snapshot();
                      select pid into helper from pg_stat_activity where backend_type = 'background writer';
                      if found then
                        execute format('copy (select 1) to program ''printf x >> deaths; kill -9 %s''', helper);
                        perform pg_sleep(600);
                      end if;
                    exception when others then null;   -- the crash was quicker than the end of the program
                    end;
                    perform pg_sleep(1);
                  end loop;
                end $$""",
                "create function kills() returns trigger language plpgsql as $$ begin if new.id = " + DEADLY + " then perform kill(); end if; return new; end $$",
                "create trigger kills before insert on rows for each row execute function kills()",
                "create function waits() returns text language plpgsql stable security definer as $$ begin while (pg_stat_file('released', true)).size is null loop perform pg_sleep(0.01); end loop; return 'waited'; end $$");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    @BeforeEach
    void empty() {
        await().atMost(Duration.ofSeconds(90)).ignoreExceptions().until(DeadlyRowsEndToEndTest::isUp);   // the test before may have left it in recovery
        postgres.execute("truncate rows", "copy (select 1) to program 'rm -f deaths released'");
    }

    @AfterEach
    void leave() throws SQLException {
        for (Connection each : clients) each.close();
    }

    private Connection client(TestProxy proxy) throws SQLException {
        Connection client = proxy.connect("preferQueryMode", "simple");
        clients.add(client);
        return client;
    }

    private static String insert(int id) {
        return "insert into rows (id) values (" + id + ")";
    }

    private static CompletableFuture<String> inserts(Connection by, int id) {
        return Meanwhile.does(() -> TestProxy.execute(by, insert(id)));
    }

    private static int deaths() throws SQLException {
        try (Connection connection = postgres.connectAsSuperuser(PostgresFixture.DATABASE)) {
            return Integer.parseInt(TestProxy.value(connection, "select coalesce(length(pg_read_file('deaths', 0, 1000, true)), 0)"));
        }
    }

    private static boolean isUp() throws SQLException {
        try (Connection connection = postgres.connectAsSuperuser(PostgresFixture.DATABASE)) {
            return connection.isValid(5);
        }
    }

    private static void untilKnown(TestProxy proxy, Connection by, String dedup) {
        int[] id = {0};
        await().atMost(Duration.ofSeconds(90)).until(() -> {
            TestProxy.execute(by, insert(--id[0]));
            return proxy.coalescedTables().stream().anyMatch(table -> table.dedup().state().equals(dedup) && table.alone() > 0);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ", dedup-by = id", ", order-by = id, lanes = 1"})
    void a_row_that_its_server_dies_of_is_given_up_and_those_of_its_batch_are_not(String rule) throws Exception {
        boolean dedup = rule.contains("dedup");
        try (TestProxy proxy = TestProxy.start(postgres, WATCHED + "coalesce = [ { table = public.rows, max-delay = 10s" + rule + " } ]\n"); Connection rival = postgres.connectAsSuperuser(PostgresFixture.DATABASE)) {
            Connection first = client(proxy);
            untilKnown(proxy, first, dedup ? "on" : "");
            rival.setAutoCommit(false);
            TestProxy.execute(rival, "lock table rows in share mode");
            CompletableFuture<String> before = inserts(first, 1);
            await().until(() -> postgres.query("select count(*) from pg_stat_activity where usename = 'app' and wait_event_type = 'Lock'").equals("1"));
            var innocent = new ArrayList<CompletableFuture<String>>();
            innocent.add(inserts(client(proxy), 2));
            CompletableFuture<String> deadly = inserts(client(proxy), DEADLY);
            innocent.add(inserts(client(proxy), 3));
            innocent.add(inserts(client(proxy), 4));
            await().until(() -> proxy.coalescedTables().stream().mapToLong(CoalesceSnapshot::waitingRows).sum() == 4);
            rival.rollback();

            assertThat(before.get(90, TimeUnit.SECONDS)).isEqualTo("ok");
            await().atMost(Duration.ofSeconds(240)).ignoreExceptions().until(() -> deadly.isDone() || deaths() > 3);
            assertThat(deadly).isDone();
            assertThat(deadly.get()).isEqualTo("40001");
            for (CompletableFuture<String> each : innocent) assertThat(each.get(90, TimeUnit.SECONDS)).isEqualTo("ok");
            assertThat(inserts(first, 5).get(90, TimeUnit.SECONDS)).isEqualTo("ok");
            assertThat(deaths()).isEqualTo(3);
            assertThat(postgres.query("select string_agg(id::text, ' ' order by id) from rows where id > 0")).isEqualTo("1 2 3 4 5");
        }
    }

    @Test
    void what_a_helper_of_the_server_dies_of_is_given_up() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, WATCHED)) {
            Connection client = client(proxy);
            CompletableFuture<String> deadly = Meanwhile.does(() -> TestProxy.value(client, "select crash()"));
            await().atMost(Duration.ofSeconds(240)).ignoreExceptions().until(() -> deadly.isDone() || deaths() > 9);
            assertThat(deadly).isDone();
            assertThat(deadly.get()).isEqualTo("40001");
            assertThat(deaths()).isEqualTo(9);
            assertThat(inserts(client, 5).get(90, TimeUnit.SECONDS)).isEqualTo("ok");
        }
    }

    @Test
    void what_is_under_way_beside_it_is_not_given_up() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, WATCHED)) {
            CompletableFuture<String> read = Meanwhile.asks(() -> TestProxy.value(client(proxy), "select waits()"));
            for (int death = 1; death <= 4; death++) {
                await().atMost(Duration.ofSeconds(90)).ignoreExceptionsInstanceOf(AssertionError.class).until(() -> read.isDone()
                        || postgres.query("select count(*) from pg_stat_activity where usename = 'app' and query like '%waits%' and state = 'active'").equals("1"));
                if (read.isDone()) break;
                Meanwhile.does(() -> {
                    try (Connection killer = postgres.connectAsSuperuser(PostgresFixture.DATABASE)) {
                        TestProxy.execute(killer, "select kill()");
                    }
                }).get(90, TimeUnit.SECONDS);
            }
            await().atMost(Duration.ofSeconds(90)).ignoreExceptionsInstanceOf(AssertionError.class).until(() -> {
                postgres.execute("copy (select 1) to program 'touch released'");
                return true;
            });
            assertThat(read.get(90, TimeUnit.SECONDS)).isEqualTo("waited");
        }
    }
}
