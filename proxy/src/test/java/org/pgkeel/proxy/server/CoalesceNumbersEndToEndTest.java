package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// What the metrics page and SHOW COALESCE say after INSERTs of real clients.
class CoalesceNumbersEndToEndTest {
    private static final int CLIENTS = 24;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String INSERT = "insert into events (id, note) values (1000000000, 'of the same length')";

    private static PostgresFixture postgres;

    private RunningProxy proxy;

    @BeforeAll
    static void startPostgres() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table events (id bigint, note text)", "create function same() returns trigger language plpgsql as $$ begin return new; end $$",
                "create table before_row (id bigint)", "create trigger t before insert on before_row for each row execute function same()",
                "create table after_row (id bigint)", "create trigger t after insert on after_row for each row execute function same()",
                "grant all on events, before_row, after_row to app");
    }

    @AfterAll
    static void stopPostgres() {
        postgres.close();
    }

    @BeforeEach
    void start() {
        proxy = RunningProxy.start(postgres, RunningProxy.config(postgres, 6, "coalesce = [ { table = \"public.*\", copy-from-rows = 5, lanes = 2 } ]"));
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    private Connection connect(String queryMode) throws SQLException {
        return proxy.connect(PostgresFixture.DATABASE + "?preferQueryMode=" + queryMode, PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD);
    }

    /// A page without the series of the event loops, which were too slow for it, is asked for again.
    private Map<String, Double> page() {
        return await().atMost(PATIENCE).until(() -> Scrape.of(proxy.get("/metrics").body()), page -> page.getOrDefault("pgkeel_snapshot_available", 0.0) == 1);
    }

    private double rows(String table, String way, String reason) {
        return page().getOrDefault("pgkeel_coalesce_rows_total{reason=\"%s\",table=\"public.%s\",way=\"%s\"}".formatted(reason, table, way), 0.0);
    }

    /// Clients that send one row after the other until they are told to stop.
    private final class Storm {
        private final List<Thread> threads = new ArrayList<>();
        private final List<String> failures = new CopyOnWriteArrayList<>();
        private final AtomicLong told = new AtomicLong();
        private volatile boolean over;

        Storm(String sql, String queryMode) throws SQLException {
            for (int i = 0; i < CLIENTS; i++) {
                Connection connection = connect(queryMode);
                threads.add(Thread.ofPlatform().daemon().start(() -> send(connection, sql)));
            }
        }

        private void send(Connection connection, String sql) {
            try (var statement = connection.createStatement()) {
                while (!over) {
                    statement.execute(sql);
                    told.incrementAndGet();
                }
            } catch (SQLException e) {
                failures.add(String.valueOf(e.getMessage()));
            }
        }

        void join() throws InterruptedException {
            over = true;
            for (Thread thread : threads) thread.join(PATIENCE);
            assertThat(threads).noneMatch(Thread::isAlive);
            assertThat(failures).isEmpty();
        }
    }

    /// Runs a storm until rows have gone that way.
    private void untilSeen(String sql, String table, String way, String reason) throws Exception {
        var storm = new Storm(sql, "extended");
        try {
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(rows(table, way, reason)).as("%s %s %s", table, way, reason).isPositive());
        } finally {
            storm.join();
        }
    }

    @Test
    void a_row_that_nobody_shares_with_is_counted_as_quiet() throws Exception {
        Connection client = connect("simple");
        await().atMost(PATIENCE).until(() -> {
            RunningProxy.run(client, INSERT);
            return rows("events", "alone", "quiet") > 0;
        });
        double before = rows("events", "alone", "quiet");
        for (int i = 0; i < 10; i++) RunningProxy.run(client, INSERT);
        assertThat(rows("events", "alone", "quiet")).isEqualTo(before + 10);
        assertThat(page().get("pgkeel_coalesce_batch_rows_count{table=\"public.events\"}")).isZero();
    }

    @Test
    void histograms_and_ways_agree_with_each_other_and_with_the_clients() throws Exception {
        postgres.execute("truncate events");
        var storm = new Storm(INSERT, "simple");   // so that all requests have the length of their text
        try {
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(rows("events", "copy", "many_rows")).isGreaterThan(1_000));
        } finally {
            storm.join();
        }
        var page = page();
        double copied = Scrape.sum(page, "pgkeel_coalesce_rows_total", "way=\"copy\"");
        double shared = Scrape.sum(page, "pgkeel_coalesce_rows_total", "way=\"shared\"");
        double alone = Scrape.sum(page, "pgkeel_coalesce_rows_total", "way=\"alone\"");
        String table = "{table=\"public.events\"}";
        double batches = page.get("pgkeel_coalesce_batches_total" + table);
        assertThat(page.get("pgkeel_coalesce_batch_rows_sum" + table)).isEqualTo(copied + shared);
        assertThat(page.get("pgkeel_coalesce_batch_bytes_sum" + table)).isEqualTo((copied + shared) * (INSERT.length() + 6));
        assertThat(page.get("pgkeel_coalesce_batch_rows_count" + table)).isEqualTo(batches);
        assertThat(page.get("pgkeel_coalesce_batch_bytes_count" + table)).isEqualTo(batches);
        assertThat(page.get("pgkeel_coalesce_flush_seconds_count" + table)).isEqualTo(batches);
        assertThat(page.get("pgkeel_coalesce_flush_seconds_sum" + table)).isPositive();
        // One that found no company waited as well.
        assertThat(page.get("pgkeel_coalesce_wait_seconds_count" + table)).isEqualTo(copied + shared + rows("events", "alone", "no_company"));
        assertThat(page.get("pgkeel_coalesce_batch_rows_bucket{table=\"public.events\",le=\"1.0\"}")).isZero();
        assertThat(page.get("pgkeel_coalesce_batch_rows_bucket{table=\"public.events\",le=\"32.0\"}")).as("no more rows than clients").isEqualTo(batches);
        assertThat(page.get("pgkeel_coalesce_batch_rows_bucket{table=\"public.events\",le=\"4.0\"}")).as("batches of fewer than 5 rows").isLessThan(batches);
        assertThat(page.get("pgkeel_coalesce_waiting_rows" + table)).isZero();
        assertThat(page.get("pgkeel_coalesce_buffered_bytes" + table)).isZero();
        // The first rows came before anything was known of the table.
        assertThat(copied + shared + alone).isBetween(storm.told.get() / 2.0, (double) storm.told.get());
        assertThat(postgres.query("select count(*) from events")).isEqualTo(Long.toString(storm.told.get()));

        Map<String, String> shown = RunningProxy.show(proxy.console(), "COALESCE").getFirst();
        assertThat(shown).containsEntry("table", "public.events").containsEntry("rows_copied", Long.toString((long) copied)).containsEntry("rows_shared", Long.toString((long) shared))
                .containsEntry("rows_alone", Long.toString((long) alone)).containsEntry("batches", Long.toString((long) batches))
                .containsEntry("batch_rows", Long.toString((long) (copied + shared)));
        assertThat(shown.get("ways")).contains("copy many_rows=" + (long) rows("events", "copy", "many_rows"));
    }

    @Test
    void it_is_counted_why_rows_are_not_copied() throws Exception {
        untilSeen("insert into events (id) values (1) returning id", "events", "shared", "statement");
        untilSeen("insert into events (note) values (7)", "events", "shared", "values");
        untilSeen("insert into before_row values (1)", "before_row", "shared", "table");
        untilSeen("insert into after_row values (1)", "after_row", "shared", "after_row_triggers");
        assertThat(Scrape.sum(page(), "pgkeel_coalesce_rows_total", "way=\"copy\"")).isZero();
    }

    @Test
    void rows_that_cannot_share_a_commit_are_counted_with_the_reason() throws Exception {
        try (Connection client = connect("extended")) {
            client.setAutoCommit(false);
            for (int row = 0; row < 2; row++) RunningProxy.run(client, INSERT);
            client.commit();
            client.setAutoCommit(true);
            RunningProxy.run(client, "insert into events select 1, 'of a query'");
        }
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(page()).containsEntry("pgkeel_inserted_rows_total{reason=\"in-transaction\"}", 2.0).containsEntry("pgkeel_inserted_rows_total{reason=\"query\"}", 1.0));
    }
}
