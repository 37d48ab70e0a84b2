package org.pgkeel.bench.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.cluster.Cleanup;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.Target;
import org.pgkeel.bench.cluster.WorkFolder;

/// The load generator against a PostgreSQL of its own, directly.
class StormTest {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final int CLIENTS = 9;
    private static final List<Manner> MANNERS = List.of(Manner.PGJDBC, Manner.PGX, Manner.LIBPQ_SIMPLE, Manner.LIBPQ_PREPARED, Manner.PGJDBC_BATCH,
            Manner.pipeline(7), Manner.copy(50), Manner.multiRow(50));

    private static final Cleanup CLEANUP = new Cleanup();
    private static PostgresServer postgres;

    @BeforeAll
    static void start() throws Exception {
        WorkFolder work = CLEANUP.add(WorkFolder.temporary());
        postgres = CLEANUP.add(PostgresServer.start(work, new PostgresServer.Options(0, 50, PostgresServer.Durability.NONE)));
        for (String sql : EventMessages.SCHEMA) postgres.sql(PostgresServer.DATABASE, "set role " + PostgresServer.USER + "; " + sql);
    }

    @BeforeEach
    void empty() throws IOException {
        sql("truncate events");
    }

    @AfterAll
    static void stop() {
        CLEANUP.close();
    }

    @Test
    void every_manner_stores_the_same_rows() throws Exception {
        String expected = "";
        for (Manner manner : MANNERS) {
            sql("truncate events");
            try (Storm storm = storm(manner, 0)) {
                assertThat(rowsOf(storm, 500)).as(manner.name()).isEqualTo(Long.parseLong(sql("select count(*) from events")));
            }
            String first = sql("select string_agg(e::text, '|' order by e.user_id, e.payload->>'seq') from events e where (payload->>'seq')::int = 0");
            if (expected.isEmpty()) expected = first;
            assertThat(first).as(manner.name()).isEqualTo(expected).contains("page_view");
            assertThat(sql("select count(*) from (select user_id from events group by 1 having count(*) <> max((payload->>'seq')::int) + 1) gaps")).as(manner.name()).isEqualTo("0");
        }
    }

    @Test
    void paced_clients_keep_to_their_rate() throws Exception {
        try (Storm storm = storm(Manner.PGJDBC, 200)) {
            long began = System.nanoTime();
            long rows = rowsOf(storm, 100);
            double perSecond = rows * 1e9 / (System.nanoTime() - began);
            assertThat(perSecond).isLessThan(260);
        }
    }

    @Test
    void rows_that_the_server_refuses_are_failures_and_not_acknowledged() throws Exception {
        sql("alter table events add constraint few check ((payload->>'seq')::int < 10)");
        try (Storm storm = storm(Manner.PGJDBC, 0)) {
            storm.start();
            await().atMost(LIMIT).until(() -> storm.failures() > CLIENTS);
            storm.stop(LIMIT);
            assertThat(storm.rows()).isEqualTo(10L * CLIENTS);
            assertThat(storm.firstFailure()).contains("23514");
        } finally {
            sql("alter table events drop constraint few");
        }
    }

    @Test
    void a_run_whose_acknowledged_rows_are_not_in_the_table_fails() throws Exception {
        sql("create rule vanish as on insert to events do instead nothing");
        try (var run = new IngestRun(postgres)) {
            var workload = new Workload(Manner.LIBPQ_SIMPLE, CLIENTS, Optional.empty());
            assertThatThrownBy(() -> run.measure(workload, Contender.of(new Target.Direct(postgres)), 1, Duration.ofMillis(300), 0))
                    .isInstanceOf(IOException.class).hasMessageContaining("were acknowledged, and 0 are in the table");
        } finally {
            sql("drop rule vanish on events");
        }
    }

    @Test
    void a_run_tells_what_a_row_costs() throws Exception {
        try (var run = new IngestRun(postgres)) {
            Figures figures = run.measure(new Workload(Manner.PGJDBC, CLIENTS, Optional.empty()), Contender.of(new Target.Direct(postgres)), 1, Duration.ofSeconds(1), 0);
            assertThat(figures.sample().perSecond()).isPositive();
            assertThat(figures.sample().p99Micros()).isGreaterThanOrEqualTo(figures.sample().p50Micros()).isPositive();
            assertThat(figures.walBytesPerRow()).isBetween(200.0, 3_000.0);
            assertThat(figures.sample().postgresCpu().totalMicros()).isPositive();
        }
    }

    private static Storm storm(Manner manner, double rate) throws IOException {
        return Storm.open(postgres.port(), postgres.login(), manner, CLIENTS, rate);
    }

    private static long rowsOf(Storm storm, long atLeast) throws InterruptedException {
        storm.start();
        await().atMost(LIMIT).until(() -> storm.rows() >= atLeast || storm.failures() > 0);
        assertThat(storm.stop(LIMIT)).isTrue();
        assertThat(storm.firstFailure()).isEmpty();
        return storm.rows();
    }

    private static String sql(String statement) throws IOException {
        return postgres.sql(PostgresServer.DATABASE, statement);
    }
}
