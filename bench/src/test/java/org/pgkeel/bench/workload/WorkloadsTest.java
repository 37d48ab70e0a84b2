package org.pgkeel.bench.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.check.Defect;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.cluster.Cleanup;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.WorkFolder;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;

/// Every workload on one PostgreSQL: undisturbed it finds nothing, and what is spoilt behind its back it finds.
class WorkloadsTest {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final int CLIENTS = 9;

    private static final Cleanup CLEANUP = new Cleanup();
    private static PostgresServer postgres;
    private static WorkFolder logs;
    private static Endpoint endpoint;

    @BeforeAll
    static void start() throws Exception {
        WorkFolder work = CLEANUP.add(WorkFolder.temporary());
        logs = CLEANUP.add(WorkFolder.temporary());
        postgres = CLEANUP.add(PostgresServer.start(work, PostgresServer.Options.forPgbench(1)));
        postgres.sql(PostgresServer.DATABASE, "drop table pgbench_accounts, pgbench_branches, pgbench_tellers, pgbench_history; grant all on schema public to " + PostgresServer.USER);
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), postgres.port());
        endpoint = new Endpoint(List.of(address), Endpoint.Doors.SERVERS, postgres.login(), LIMIT);
    }

    @AfterAll
    static void stop() {
        CLEANUP.close();
    }

    @Test
    void undisturbed_clients_leave_nothing_to_find() throws Exception {
        try (Connection primary = connect()) {
            for (Load load : loads()) {
                try (load) {
                    prepare(primary, load);
                    for (int round = 0; round < 2; round++) {
                        List<Operation> operations = round(load, primary);
                        assertThat(load.check(operations, primary)).as(load.name()).isEmpty();
                        // Without a proxy a key that is sent again is refused.
                        assertThat(operations).as(load.name()).allMatch(o -> o.acknowledged() || load.name().equals("insert-storm") && o.outcome().equals(new Outcome.Failed(Outcome.UNIQUE_VIOLATION)));
                        assertThat(operations.stream().filter(o -> o.kind().writes() && o.kind() != Kind.PGBENCH && o.kind() != Kind.COPY && !load.name().equals("insert-storm")).map(o -> (Outcome.Acknowledged) o.outcome()))
                                .as(load.name()).allMatch(a -> a.xid() > 0 && a.timeline() == 1);
                    }
                }
                drop(primary);
            }
        }
    }

    @Test
    void what_is_spoilt_behind_their_backs_is_found() throws Exception {
        try (Connection primary = connect()) {
            assertThat(spoilt(primary, "transfers", "delete from chaos_ledger where id = (select min(id) from chaos_ledger)")).contains(Defect.LOST, Defect.BROKEN_TOTAL);
            assertThat(spoilt(primary, "transfers", "insert into chaos_ledger values (1, 1, 2, 0)")).contains(Defect.PHANTOM);
            assertThat(spoilt(primary, "appends", "update chaos_lists set items = trim_array(items, 1)")).contains(Defect.LOST);
            assertThat(spoilt(primary, "appends", "update chaos_lists set items = items || items[1]")).contains(Defect.DUPLICATED);
            assertThat(spoilt(primary, "inserts-simple", "delete from chaos_simple_keyed where id = (select min(id) from chaos_simple_keyed)")).containsOnly(Defect.LOST);
            assertThat(spoilt(primary, "inserts-prepared", "insert into chaos_prepared_free (id) select min(id) from chaos_prepared_free")).containsOnly(Defect.DUPLICATED);
            assertThat(spoilt(primary, "pipeline", "delete from chaos_pipeline_free where id = (select min(id) from chaos_pipeline_free)")).containsOnly(Defect.LOST);
            assertThat(spoilt(primary, "copies", "delete from chaos_copies_free where id = (select min(id) from chaos_copies_free)")).containsOnly(Defect.LOST);
            assertThat(spoilt(primary, "scripts", "delete from chaos_scripts_keyed where id = (select max(id) from chaos_scripts_keyed)")).containsOnly(Defect.LOST);
            assertThat(spoilt(primary, "routines", "delete from chaos_routines_free where id = (select min(id) from chaos_routines_free where id % 2 = 0)")).containsOnly(Defect.LOST);
            assertThat(spoilt(primary, "routines", "delete from chaos_routines_keyed where id = (select min(id) from chaos_routines_keyed where id % 2 = 1)")).containsOnly(Defect.LOST);
            assertThat(spoilt(primary, "routines", "insert into chaos_routines_free (id) select min(id) from chaos_routines_free")).containsOnly(Defect.DUPLICATED);
            assertThat(spoilt(primary, "insert-storm", "delete from chaos_storm_ordered where id = (select min(id) from chaos_storm_ordered)")).containsOnly(Defect.LOST);
            assertThat(spoilt(primary, "insert-storm", "insert into chaos_storm_ordered (id, key) select min(id), 0 from chaos_storm_ordered")).contains(Defect.DUPLICATED);
            assertThat(spoilt(primary, "insert-storm", "update chaos_storm_ordered set came = came + 1000000 where id = (select min(id) from chaos_storm_ordered)")).containsOnly(Defect.OUT_OF_ORDER);
            assertThat(spoilt(primary, "insert-storm", "delete from chaos_storm_repeated where id = (select min(id) from chaos_storm_repeated)")).containsOnly(Defect.LOST);
            assertThat(spoilt(primary, "insert-storm", "insert into chaos_storm_hashed (id, key) select min(id), 0 from chaos_storm_hashed")).contains(Defect.DUPLICATED);
            assertThat(spoilt(primary, "insert-storm", "update chaos_storm_ordered set key = 0, xid = (case when came % 3 = 1 then '8' else '9' end)::xid8")).containsOnly(Defect.OUT_OF_ORDER);
            assertThat(spoilt(primary, "counters", "update chaos_counters set n = n - 1 where key = 1")).contains(Defect.LOST);
            assertThat(spoilt(primary, "counters", "update chaos_counters set n = n + 1 where key = 1")).contains(Defect.DUPLICATED);
            assertThat(spoilt(primary, "pgbench", "delete from pgbench_history where ctid = (select min(ctid) from pgbench_history)")).contains(Defect.LOST);
        }
    }

    /// All sessions are ended in mid-work, over and over: the writes whose answers were lost may be there or not, and nothing else is wrong.
    @Test
    void lost_connections_are_recorded_and_opened_again() throws Exception {
        try (Connection primary = connect()) {
            for (Load load : loads()) {
                if (load.name().equals("pgbench")) continue;
                try (load) {
                    prepare(primary, load);
                    load.reset(primary);
                    load.begin();
                    var operations = new ArrayList<Operation>();
                    await(load.name()).atMost(LIMIT).until(() -> {
                        postgres.sql("postgres", "select pg_terminate_backend(pid) from pg_stat_activity where usename = '" + PostgresServer.USER
                                + "' and application_name <> 'judge' and state = 'active'");
                        operations.addAll(load.drain());
                        return operations.stream().anyMatch(o -> o.kind() != Kind.LOGIN && o.outcome() instanceof Outcome.Closed);
                    });
                    assertThat(load.pause(LIMIT)).isZero();
                    operations.addAll(load.drain());
                    assertThat(load.check(operations, primary)).as(load.name()).isEmpty();
                }
                drop(primary);
            }
        }
    }

    private static List<Defect> spoilt(Connection primary, String name, String sql) throws Exception {
        try (Load load = loads(name).getFirst()) {
            prepare(primary, load);
            List<Operation> operations = round(load, primary);
            assertThat(load.check(operations, primary)).isEmpty();
            try (Statement statement = primary.createStatement()) {
                statement.execute(sql);
            }
            return load.check(operations, primary).stream().map(Finding::defect).distinct().toList();
        } finally {
            drop(primary);
        }
    }

    private static void prepare(Connection primary, Load load) throws Exception {
        try (Statement statement = primary.createStatement()) {
            for (String sql : Workloads.schema(List.of(load.name()))) statement.execute(sql);
        }
    }

    /// Until each kind of operation that this workload has was done often.
    private static List<Operation> round(Load load, Connection primary) throws Exception {
        load.reset(primary);
        load.begin();
        var operations = new ArrayList<Operation>();
        if (load instanceof PgbenchLoad) {
            await().atMost(LIMIT).until(() -> Integer.parseInt(postgres.sql(PostgresServer.DATABASE, "select count(*) from pgbench_history")) > 50);
        } else {
            await(load.name()).atMost(LIMIT).until(() -> {
                operations.addAll(load.drain());
                return operations.stream().filter(o -> o.kind() != Kind.LOGIN).count() > 300;
            });
        }
        assertThat(load.pause(LIMIT)).isZero();
        operations.addAll(load.drain());
        return operations;
    }

    private static List<Load> loads() {
        var loads = new ArrayList<Load>();
        Workloads.all().forEach(w -> loads.addAll(loads(w.name())));
        loads.addAll(loads("pgbench"));
        return loads;
    }

    private static List<Load> loads(String name) {
        if (name.equals("pgbench")) return List.of(new PgbenchLoad(postgres.bin().resolve("pgbench"), endpoint, 4, 200, logs.path()));
        return Workloads.all().stream().filter(w -> w.name().equals(name)).<Load>map(w -> new WorkerLoad(w, endpoint, Math.min(16, Math.max(CLIENTS, w.clientsMin())), Duration.ofMillis(2), 42)).toList();
    }

    private static void drop(Connection primary) throws Exception {
        try (Statement statement = primary.createStatement()) {
            statement.execute("drop owned by " + PostgresServer.USER);
            statement.execute("create schema if not exists public");
        }
        postgres.sql(PostgresServer.DATABASE, "grant all on schema public to " + PostgresServer.USER);
    }

    private static Connection connect() throws Exception {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + postgres.port() + "/" + PostgresServer.DATABASE + "?ApplicationName=judge",
                PostgresServer.USER, PostgresServer.PASSWORD);
    }
}
