package org.pgkeel.bench.chaos;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.pgkeel.bench.cluster.PatroniCluster;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.cluster.PgBouncerBehindHaProxy;
import org.pgkeel.bench.cluster.PgKeelProcess;
import org.pgkeel.bench.cluster.Processes;
import org.pgkeel.bench.cluster.WorkFolder;
import org.pgkeel.bench.verdict.Rules.OutcomeTracking;
import org.pgkeel.bench.workload.Endpoint.Doors;

/// What the clients connect to.
sealed interface Front extends AutoCloseable {
    List<InetSocketAddress> addresses();

    Doors doors();

    /// Where it writes its log; none for PostgreSQL itself.
    List<Path> logs();

    /// Product and version.
    String version();

    @Override
    void close();

    /// The PgKeels, which can be killed.
    default List<PgKeelProcess> proxies() {
        return List.of();
    }

    /// PostgreSQL itself: the driver looks for the primary, by the same links that proxies use.
    record Direct(PatroniCluster cluster) implements Front {
        @Override
        public List<InetSocketAddress> addresses() {
            return cluster.nodes().stream().map(PatroniNode::sql).toList();
        }

        @Override
        public Doors doors() {
            return Doors.SERVERS;
        }

        @Override
        public List<Path> logs() {
            return List.of();
        }

        @Override
        public String version() {
            return "no proxy: drivers with all addresses that look for the primary";
        }

        @Override
        public void close() {}
    }

    /// PgBouncer and HAProxy.
    record Pooled(PgBouncerBehindHaProxy stack) implements Front {
        static Pooled start(PatroniCluster cluster, WorkFolder work, int poolSize) throws IOException {
            return new Pooled(PgBouncerBehindHaProxy.start(work, cluster.nodes().stream().map(PatroniNode::sql).toList(), cluster.memberUrls(), PatroniCluster.APPLICATION, poolSize));
        }

        @Override
        public List<InetSocketAddress> addresses() {
            return List.of(stack.address());
        }

        @Override
        public Doors doors() {
            return Doors.PROXIES;
        }

        @Override
        public List<Path> logs() {
            return List.of();
        }

        @Override
        public String version() {
            return stack.version();
        }

        @Override
        public void close() {
            stack.close();
        }
    }

    /// One PgKeel or several.
    record Keels(List<PgKeelProcess> proxies, String version) implements Front {
        private static final Duration VERSION_LIMIT = Duration.ofMinutes(10);
        private static final Duration START_LIMIT = Duration.ofSeconds(60);

        /// Reads go to replicas, so that what their clients see there is checked too.
        ///
        /// @param program what `run` and `version` are given to: the launcher, or a JVM with PgKeel's main class
        /// @param more    of their configuration, where it overrides the rest
        static Keels start(PatroniCluster cluster, WorkFolder work, List<String> program, int count, OutcomeTracking outcome, String more) throws IOException {
            String configuration = "clusters.main.outcome = " + outcome.name().toLowerCase(Locale.ROOT) + "\n" + PgKeelProcess.READS_ON_REPLICAS + "\n" + more;
            String version = Processes.run(VERSION_LIMIT, Map.of(), Stream.concat(program.stream(), Stream.of("version")).toList()).lines().toList().getLast();   // the launcher may have said first that it builds
            var keels = new Keels(new ArrayList<>(), count == 1 ? version : version + ", " + count + " of it");
            try {
                for (int n = 1; n <= count; n++) keels.proxies.add(PgKeelProcess.start("pgkeel-" + n, program, work, PgKeelProcess.inFrontOf(cluster, configuration)));
                for (PgKeelProcess proxy : keels.proxies) proxy.awaitFirstQuery(START_LIMIT);
            } catch (IOException e) {
                keels.close();
                throw e;
            }
            return keels;
        }

        @Override
        public List<InetSocketAddress> addresses() {
            return proxies.stream().map(PgKeelProcess::address).toList();
        }

        @Override
        public Doors doors() {
            return Doors.PROXIES;
        }

        @Override
        public List<Path> logs() {
            return proxies.stream().map(PgKeelProcess::log).toList();
        }

        @Override
        public void close() {
            proxies.forEach(PgKeelProcess::close);
        }
    }
}
