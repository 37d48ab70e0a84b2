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
import org.pgkeel.bench.cluster.WorkFolder;
import org.pgkeel.bench.verdict.LoadResult;
import org.pgkeel.bench.verdict.RoundResult;
import org.pgkeel.bench.verdict.Rules.OutcomeTracking;
import org.pgkeel.bench.verdict.Rules.Replication;
import org.pgkeel.bench.workload.Workload;
import org.pgkeel.bench.workload.Workloads;

/// PgKeel keeps what it promises on a real cluster; and without a proxy the bench notices what is missing: no data is lost there
/// either, but connections are. `-Dpgkeel.chaos.seed=` does the same again.
class ChaosRunTest {
    private static final long SEED = Long.getLong("pgkeel.chaos.seed", 20_261_125);
    /// PgKeel as it was built for the tests, in a JVM of its own.
    private static final List<String> PROGRAM = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", System.getProperty("java.class.path"), "org.pgkeel.proxy.Main");
    private static final Duration START_LIMIT = Duration.ofSeconds(240);

    @Test
    void through_pgkeel_a_failover_is_a_pause_and_every_promise_holds() throws Exception {
        System.out.println("chaos seed " + SEED);
        try (var cleanup = new Cleanup()) {
            WorkFolder work = cleanup.add(WorkFolder.temporary());
            PatroniCluster cluster = cleanup.add(PatroniCluster.start(ClusterOptions.of(DcsKind.ZOOKEEPER, ClusterOptions.Replication.SYNCHRONOUS)));
            cluster.awaitHealthy(START_LIMIT);
            List<String> names = Stream.concat(Workloads.all().stream().filter(w -> !w.onlyByName()).map(Workload::name), Stream.of("pgbench")).toList();
            Stage stage = cleanup.add(Stage.set(cluster, () -> {
                assertThat(procedures(cluster)).as("known to PgKeel before the first fault").contains("chaos_routines_free_put", "chaos_routines_keyed_put");
                return cleanup.add(Front.Keels.start(cluster, work, PROGRAM, 1, "clusters.main.outcome = strict"));
            }, new Stage.Work(names, 3, Duration.ofMillis(50), SEED), work));
            var run = new ChaosRun(stage, Replication.SYNCHRONOUS, OutcomeTracking.STRICT, System.out::println);
            var random = new SplittableRandom(SEED);

            for (String scenario : List.of("switchover", "postmaster-killed")) {
                RoundResult round = run.round(1, Disturbance.named(scenario), random.nextLong());

                assertThat(round.broken()).as(scenario).isEmpty();
                assertThat(round.loads()).as(scenario).allSatisfy(load -> assertThat(load.tally().acknowledged()).as(load.name()).isPositive());
                assertThat(round.pauses().longestDirect()).as("the primary was really replaced, " + scenario).isGreaterThan(500);
            }
        }
    }

    @Test
    void without_a_proxy_a_failover_loses_no_data_but_connections() throws Exception {
        System.out.println("chaos seed " + SEED);
        try (var cleanup = new Cleanup()) {
            WorkFolder work = cleanup.add(WorkFolder.temporary());
            PatroniCluster cluster = cleanup.add(PatroniCluster.start(ClusterOptions.of(DcsKind.ZOOKEEPER, ClusterOptions.Replication.SYNCHRONOUS)));
            cluster.awaitHealthy(START_LIMIT);
            List<String> names = Stream.concat(Workloads.all().stream().filter(w -> !w.onlyByName()).map(Workload::name), Stream.of("pgbench")).toList();
            Stage stage = cleanup.add(Stage.set(cluster, () -> new Front.Direct(cluster), new Stage.Work(names, 3, Duration.ofMillis(50), SEED), work));
            var run = new ChaosRun(stage, Replication.SYNCHRONOUS, OutcomeTracking.STRICT, System.out::println);
            var random = new SplittableRandom(SEED);

            for (String scenario : List.of("switchover", "postmaster-killed")) {
                RoundResult round = run.round(1, Disturbance.named(scenario), random.nextLong());

                assertThat(round.loads().stream().flatMap(load -> load.findings().stream()).map(Finding::what)).as(scenario).isEmpty();
                assertThat(round.loads()).as(scenario).allSatisfy(load -> assertThat(load.tally().acknowledged()).as(load.name()).isPositive());
                assertThat(round.loads().stream().mapToLong(load -> load.tally().closed()).sum()).as("connections closed, " + scenario).isPositive();
                assertThat(round.broken()).as(scenario).isNotEmpty();
                assertThat(round.pauses().waiting()).as("clients that waited for the new primary, " + scenario).isPositive();
                assertThat(round.pauses().longestDirect()).as(scenario).isGreaterThan(500);
                assertThat(round.loads().stream().map(LoadResult::name)).containsExactlyElementsOf(names);
            }
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
