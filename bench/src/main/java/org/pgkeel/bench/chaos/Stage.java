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
import java.util.stream.Stream;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.cluster.Cleanup;
import org.pgkeel.bench.cluster.PatroniCluster;
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
    private static final Duration HEALTHY_LIMIT = Duration.ofSeconds(180);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);
    private static final int ATTEMPTS_MAX = 5;
    private static final int PGBENCH_CLIENTS = 3;
    private static final int PGBENCH_PER_SECOND = 30;

    /// @param clients of each workload
    /// @param pace    of each client
    /// @param names   of the workloads
    record Work(List<String> names, int clients, Duration pace, long seed) {}

    /// What the clients connect to, opened when it is wanted.
    interface Entrance {
        Front open() throws IOException;
    }

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

    /// Makes the tables, then opens the entrance, and lets the clients log in: a PgKeel that starts finds what its clients use in the catalogue, as it does
    /// where an application has been there before. A procedure that is made behind its back it learns of from the first CALL, and the fault may come before.
    ///
    /// @param cluster healthy; it and the front stay the caller's
    static Stage set(PatroniCluster cluster, Entrance entrance, Work work, WorkFolder folder) throws IOException, SQLException {
        onPrimary(cluster, PatroniCluster.APPLICATION, primary -> makeTables(primary, work.names));
        var stage = new Stage(cluster, entrance.open());
        try {
            var endpoint = new Endpoint(stage.front.addresses(), stage.front.doors(), PatroniCluster.APPLICATION, PATIENCE);
            for (Workload workload : Workloads.all()) {
                if (work.names.contains(workload.name())) stage.loads.add(stage.cleanup.add(new WorkerLoad(workload, endpoint, Math.max(work.clients, workload.clientsMin()), work.pace, work.seed)));
            }
            if (work.names.contains(PgbenchLoad.NAME)) stage.loads.add(stage.cleanup.add(new PgbenchLoad(PGBENCH, endpoint, PGBENCH_CLIENTS, PGBENCH_PER_SECOND, folder.path())));
            return stage;
        } catch (RuntimeException e) {
            stage.close();
            throw e;
        }
    }

    /// @return how many statements that took
    private static int makeTables(Connection primary, List<String> names) throws SQLException {
        List<String> schema = Stream.concat(Workloads.schema(names).stream(), DirectWriter.schema().stream()).toList();
        try (Statement statement = primary.createStatement()) {
            statement.execute("drop owned by current_user cascade");   // what an attempt before left
            for (String sql : schema) statement.execute(sql);
        }
        return schema.size();
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

    /// Empties the tables and waits until every standby has replayed that.
    void reset() throws IOException, SQLException {
        String position = onPrimary(PatroniCluster.APPLICATION, this::empty);
        onPrimary(PatroniCluster.SUPERUSER, primary -> awaitReplay(primary, position));
    }

    /// @return the position after it
    private String empty(Connection primary) throws SQLException {
        for (Load load : loads) load.reset(primary);
        try (Statement statement = primary.createStatement(); ResultSet row = statement.executeQuery("select pg_current_wal_insert_lsn()")) {
            row.next();
            return row.getString(1);
        }
    }

    /// @return how many standbys there are
    private int awaitReplay(Connection primary, String position) throws SQLException, IOException {
        long deadline = System.nanoTime() + SETTLE_LIMIT.toNanos();
        try (Statement statement = primary.createStatement()) {
            while (true) {
                try (ResultSet row = statement.executeQuery("select count(*) from pg_stat_replication where state = 'streaming' and replay_lsn >= '" + position + "'")) {
                    row.next();
                    if (row.getInt(1) >= cluster.nodes().size() - 1) return row.getInt(1);
                }
                if (System.nanoTime() > deadline) throw new IOException("the standbys did not replay " + position + " within " + SETTLE_LIMIT);
                Pause.of(Duration.ofMillis(20));
            }
        }
    }

    /// Something that is done with the primary, and may be done again from its beginning.
    interface Deed<T> {
        T with(Connection primary) throws SQLException, IOException;
    }

    /// Does it with a session of the primary itself, and again when the cluster is well if that fails: on a busy machine Patroni replaces a primary
    /// that nothing was done to.
    <T> T onPrimary(Login login, Deed<T> deed) throws IOException, SQLException {
        return onPrimary(cluster, login, deed);
    }

    private static <T> T onPrimary(PatroniCluster cluster, Login login, Deed<T> deed) throws IOException, SQLException {
        for (int attempt = 1; ; attempt++) {
            try (Connection primary = cluster.awaitLeader(SETTLE_LIMIT).connectDirectly(login)) {
                primary.setNetworkTimeout(Runnable::run, (int) ANSWER_LIMIT.toMillis());
                return deed.with(primary);
            } catch (SQLException e) {
                if (attempt == ATTEMPTS_MAX) throw e;
                cluster.awaitHealthy(HEALTHY_LIMIT);
            }
        }
    }

    @Override
    public void close() {
        cleanup.close();
    }
}
