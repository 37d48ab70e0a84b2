package org.pgkeel.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.cluster.Cleanup;
import org.pgkeel.bench.cluster.ClusterOptions;
import org.pgkeel.bench.cluster.ClusterOptions.DcsKind;
import org.pgkeel.bench.cluster.PatroniCluster;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.cluster.WorkFolder;
import org.pgkeel.bench.fault.Faults;
import org.pgkeel.bench.verdict.LoadResult;
import org.pgkeel.bench.verdict.RoundResult;
import org.pgkeel.bench.verdict.Rules.OutcomeTracking;
import org.pgkeel.bench.verdict.Rules.Replication;
import org.pgkeel.bench.workload.Workload;
import org.pgkeel.bench.workload.Workloads;

/// PgKeel keeps what it promises on a real cluster; and without a proxy the bench notices what is missing: no data is lost there
/// either, but connections are. `-Dpgkeel.chaos.seed=` does the same again.
class ChaosRunTest {
    private static final long SEED = Long.getLong("pgkeel.chaos.seed", 20_261_144);
    /// PgKeel as it was built for the tests, in a JVM of its own.
    private static final List<String> PROGRAM = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", System.getProperty("java.class.path"), "org.pgkeel.proxy.Main");
    private static final List<String> USUAL = Stream.concat(Workloads.all().stream().filter(w -> !w.onlyByName()).map(Workload::name), Stream.of("pgbench")).toList();
    private static final int RANDOM_ROUNDS = 2;
    private static final Duration START_LIMIT = Duration.ofSeconds(240);

    @Test
    void through_pgkeel_a_failover_is_a_pause_and_every_promise_holds() throws Exception {
        System.out.println("chaos seed " + SEED);
        try (var cleanup = new Cleanup()) {
            PatroniCluster cluster = cluster(cleanup, ClusterOptions.Replication.SYNCHRONOUS);
            Stage stage = stage(cleanup, cluster, OutcomeTracking.STRICT, USUAL);
            var run = new ChaosRun(stage, Replication.SYNCHRONOUS, OutcomeTracking.STRICT, System.out::println);
            var random = new SplittableRandom(SEED);

            assertThat(run.round(1, Disturbance.named("nothing"), random.nextLong()).broken()).isEmpty();
            assertThat(commitsOnReplicas(cluster)).as("reads that replicas have served").isGreaterThan(50);
            for (String scenario : List.of("switchover", "postmaster-killed")) {
                RoundResult round = run.round(2, Disturbance.named(scenario), random.nextLong());

                assertThat(round.broken()).as(scenario).isEmpty();
                assertThat(round.loads()).as(scenario).allSatisfy(load -> assertThat(load.tally().acknowledged()).as(load.name()).isPositive());
                assertThat(round.pauses().longestDirect()).as("the primary was really replaced, " + scenario).isGreaterThan(500);
            }
            for (int round = 1; round <= RANDOM_ROUNDS; round++) assertRandom(stage, run, round, random);
        }
    }

    /// What was lost is what PgKeel lists.
    @Test
    void through_pgkeel_an_asynchronous_failover_loses_nothing_in_silence() throws Exception {
        System.out.println("chaos seed " + SEED);
        try (var cleanup = new Cleanup()) {
            PatroniCluster cluster = cluster(cleanup, ClusterOptions.Replication.ASYNCHRONOUS);
            Stage stage = stage(cleanup, cluster, OutcomeTracking.STRICT, Workloads.all().stream().filter(w -> !w.onlyByName() && w.tellsTransactions()).map(Workload::name).toList());
            var run = new ChaosRun(stage, Replication.ASYNCHRONOUS, OutcomeTracking.STRICT, System.out::println);
            var random = new SplittableRandom(SEED);

            RoundResult killed = run.round(1, Disturbance.named("node-killed"), random.nextLong());
            assertThat(killed.broken()).isEmpty();
            assertThat(killed.pauses().longestDirect()).as("the primary was really replaced").isGreaterThan(500);
            for (int round = 2; round <= RANDOM_ROUNDS; round++) assertRandom(stage, run, round, random);
        }
    }

    private static void assertRandom(Stage stage, ChaosRun run, int number, SplittableRandom random) throws Exception {
        Disturbance disturbance = Disturbance.random(Faults.availableIn(stage.scene()), random);
        assertThat(run.round(number, disturbance, random.nextLong()).broken()).as(disturbance.name()).isEmpty();
    }

    private static PatroniCluster cluster(Cleanup cleanup, ClusterOptions.Replication replication) throws IOException {
        PatroniCluster cluster = cleanup.add(PatroniCluster.start(ClusterOptions.of(DcsKind.ZOOKEEPER, replication)));
        cluster.awaitHealthy(START_LIMIT);
        return cluster;
    }

    private static Stage stage(Cleanup cleanup, PatroniCluster cluster, OutcomeTracking outcome, List<String> workloads) throws IOException, SQLException {
        WorkFolder work = cleanup.add(WorkFolder.temporary());
        return cleanup.add(Stage.set(cluster, () -> {
            assertThat(procedures(cluster)).as("known to PgKeel before the first fault").contains("chaos_routines_free_put", "chaos_routines_keyed_put");
            return cleanup.add(Front.Keels.start(cluster, work, PROGRAM, 1, outcome, ""));
        }, new Stage.Work(workloads, 3, Duration.ofMillis(50), SEED), work));
    }

    /// In the application's database, where nobody else asks anything of them.
    private static long commitsOnReplicas(PatroniCluster cluster) throws IOException, SQLException {
        PatroniNode leader = cluster.awaitLeader(START_LIMIT);
        long commits = 0;
        for (PatroniNode node : cluster.nodes()) {
            if (node == leader) continue;
            try (Connection replica = node.connectDirectly(PatroniCluster.SUPERUSER); Statement statement = replica.createStatement();
                 ResultSet row = statement.executeQuery("select xact_commit from pg_stat_database where datname = '" + PatroniCluster.APPLICATION.database() + "'")) {
                row.next();
                commits += row.getLong(1);
            }
        }
        return commits;
    }

    @Test
    void without_a_proxy_a_failover_loses_no_data_but_connections() throws Exception {
        System.out.println("chaos seed " + SEED);
        try (var cleanup = new Cleanup()) {
            PatroniCluster cluster = cluster(cleanup, ClusterOptions.Replication.SYNCHRONOUS);
            Stage stage = cleanup.add(Stage.set(cluster, () -> new Front.Direct(cluster), new Stage.Work(USUAL, 3, Duration.ofMillis(50), SEED), cleanup.add(WorkFolder.temporary())));
            RoundResult round = new ChaosRun(stage, Replication.SYNCHRONOUS, OutcomeTracking.STRICT, System.out::println).round(1, Disturbance.named("postmaster-killed"), SEED);

            assertThat(round.loads().stream().flatMap(load -> load.findings().stream()).map(Finding::what)).isEmpty();
            assertThat(round.loads()).allSatisfy(load -> assertThat(load.tally().acknowledged()).as(load.name()).isPositive());
            assertThat(round.loads().stream().mapToLong(load -> load.tally().closed()).sum()).as("connections closed").isPositive();
            assertThat(round.broken()).isNotEmpty();
            assertThat(round.pauses().waiting()).as("clients that waited for the new primary").isPositive();
            assertThat(round.pauses().longestDirect()).isGreaterThan(500);
            assertThat(round.loads().stream().map(LoadResult::name)).containsExactlyElementsOf(USUAL);
        }
    }

    private static List<String> procedures(PatroniCluster cluster) throws IOException {
        try (Connection primary = cluster.awaitLeader(START_LIMIT).connectDirectly(PatroniCluster.APPLICATION); Statement statement = primary.createStatement();
             ResultSet rows = statement.executeQuery("select proname from pg_proc where prokind = 'p'")) {
            var names = new ArrayList<String>();
            while (rows.next()) names.add(rows.getString(1));
            return names;
        } catch (SQLException e) {
            throw new IOException(e);
        }
    }
}
