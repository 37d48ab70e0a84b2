package org.pgkeel.bench.chaos;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.pgkeel.bench.cluster.Cleanup;
import org.pgkeel.bench.cluster.PatroniCluster;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.cluster.WorkFolder;
import org.pgkeel.bench.fault.Scene;
import org.pgkeel.bench.workload.Endpoint;
import org.pgkeel.bench.workload.Load;
import org.pgkeel.bench.workload.PgbenchLoad;
import org.pgkeel.bench.workload.WorkerLoad;
import org.pgkeel.bench.workload.Workload;
import org.pgkeel.bench.workload.Workloads;

/// A cluster with something in front of it and clients that work through that.
///
/// Threading: confined to one thread.
final class Stage implements AutoCloseable {
    private static final Path PGBENCH = Path.of("/usr/lib/postgresql/15/bin/pgbench");
    private static final Duration PATIENCE = Duration.ofSeconds(200);   // longer than PgKeel lets a client wait for a cluster that is down
    private static final Duration SETTLE_LIMIT = Duration.ofSeconds(30);
    private static final int PGBENCH_CLIENTS = 3;
    private static final int PGBENCH_PER_SECOND = 30;

    /// @param clients of each workload
    /// @param pace    of each client
    /// @param names   of the workloads
    record Work(List<String> names, int clients, Duration pace, long seed) {}

    private final PatroniCluster cluster;
    private final Front front;
    private final DirectWriter directWriter;
    private final List<Load> loads = new ArrayList<>();
    private final Cleanup cleanup = new Cleanup();

    private Stage(PatroniCluster cluster, Front front) {
        this.cluster = cluster;
        this.front = front;
        this.directWriter = cleanup.add(new DirectWriter(cluster));
    }

    /// Makes the tables and lets the clients log in.
    ///
    /// @param cluster healthy; it and the front stay the caller's
    static Stage set(PatroniCluster cluster, Front front, Work work, WorkFolder folder) throws IOException, SQLException {
        var stage = new Stage(cluster, front);
        try {
            var endpoint = new Endpoint(front.addresses(), front.doors(), PatroniCluster.APPLICATION, PATIENCE);
            for (Workload workload : Workloads.all()) {
                if (work.names.contains(workload.name())) stage.loads.add(stage.cleanup.add(new WorkerLoad(workload, endpoint, Math.max(work.clients, workload.clientsMin()), work.pace, work.seed)));
            }
            if (work.names.contains("pgbench")) stage.loads.add(stage.cleanup.add(new PgbenchLoad(PGBENCH, endpoint, PGBENCH_CLIENTS, PGBENCH_PER_SECOND, folder.path())));
            try (Connection primary = stage.connect(); Statement statement = primary.createStatement()) {
                for (Load load : stage.loads) load.prepare(primary);
                for (String sql : DirectWriter.schema()) statement.execute(sql);
            }
            return stage;
        } catch (IOException | SQLException | RuntimeException e) {
            stage.close();
            throw e;
        }
    }

    PatroniCluster cluster() {
        return cluster;
    }

    Scene scene() {
        return new Scene(cluster, front.proxies());
    }

    Front front() {
        return front;
    }

    DirectWriter directWriter() {
        return directWriter;
    }

    List<Load> loads() {
        return loads;
    }

    /// A session with the primary itself.
    Connection connect() throws IOException, SQLException {
        PatroniNode primary = cluster.awaitLeader(SETTLE_LIMIT);
        return primary.connectDirectly(PatroniCluster.APPLICATION);
    }

    /// Empties the tables and waits until every standby has replayed that.
    void reset() throws IOException, SQLException {
        try (Connection primary = connect()) {
            for (Load load : loads) load.reset(primary);
        }
        try (Connection primary = cluster.awaitLeader(SETTLE_LIMIT).connectDirectly(PatroniCluster.SUPERUSER); Statement statement = primary.createStatement()) {
            String position;
            try (ResultSet row = statement.executeQuery("select pg_current_wal_insert_lsn()")) {
                row.next();
                position = row.getString(1);
            }
            long deadline = System.nanoTime() + SETTLE_LIMIT.toNanos();
            while (true) {
                try (ResultSet row = statement.executeQuery("select count(*) from pg_stat_replication where state = 'streaming' and replay_lsn >= '" + position + "'")) {
                    row.next();
                    if (row.getInt(1) >= cluster.nodes().size() - 1) return;
                }
                if (System.nanoTime() > deadline) throw new IOException("the standbys did not replay " + position + " within " + SETTLE_LIMIT);
                Pause.of(Duration.ofMillis(20));
            }
        }
    }

    @Override
    public void close() {
        cleanup.close();
    }
}
