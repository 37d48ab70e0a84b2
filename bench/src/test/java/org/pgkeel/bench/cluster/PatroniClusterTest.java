package org.pgkeel.bench.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.cluster.ClusterOptions.DcsKind;
import org.pgkeel.bench.cluster.ClusterOptions.Replication;

/// A real cluster with real Patroni: it starts, survives its primary, and leaves nothing behind.
class PatroniClusterTest {
    private static final Duration START_LIMIT = Duration.ofSeconds(240);

    @Test
    void a_killed_primary_is_replaced_and_nothing_is_left_at_the_end() throws Exception {
        var pids = new ArrayList<Long>();
        var folders = new ArrayList<Path>();
        try (PatroniCluster cluster = PatroniCluster.start(ClusterOptions.of(DcsKind.ZOOKEEPER, Replication.SYNCHRONOUS))) {
            cluster.awaitHealthy(START_LIMIT);
            PatroniNode old = cluster.leader().orElseThrow();
            assertThat(through(old, "select pg_is_in_recovery()::text")).isEqualTo("false");
            note(cluster, pids, folders);

            ProcessTable.signal("KILL", List.of(old.postmasterPid().orElseThrow()));

            PatroniNode next = cluster.awaitOtherLeader(old, Duration.ofSeconds(120));
            assertThat(through(next, "create table written as select 1 as x; select count(*)::text from written")).isEqualTo("1");
            cluster.awaitHealthy(Duration.ofSeconds(180));
            note(cluster, pids, folders);
        }
        assertThat(pids).hasSizeGreaterThan(20).noneMatch(ProcessTable::isRunning);
        assertThat(folders).noneMatch(Files::exists);
    }

    /// As PgKeel and applications reach it: by the address that Patroni tells, with SCRAM.
    private static String through(PatroniNode node, String sql) throws Exception {
        var login = PatroniCluster.APPLICATION;
        String url = "jdbc:postgresql://%s:%d/%s?user=%s&password=%s&sslmode=disable".formatted(node.host(), node.sql().getPort(), login.database(), login.user(), login.password());
        try (Connection connection = java.sql.DriverManager.getConnection(url); Statement statement = connection.createStatement()) {
            boolean rows = statement.execute(sql);
            while (!rows) rows = statement.getMoreResults();
            try (ResultSet row = statement.getResultSet()) {
                row.next();
                return row.getString(1);
            }
        }
    }

    private static void note(PatroniCluster cluster, List<Long> pids, List<Path> folders) {
        pids.add(cluster.dcs().pid());
        for (PatroniNode node : cluster.nodes()) {
            pids.addAll(node.patroniPids());
            pids.addAll(node.postgresPids());
            folders.add(node.folder());
        }
    }
}
