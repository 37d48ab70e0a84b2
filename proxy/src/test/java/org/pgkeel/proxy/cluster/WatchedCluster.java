package org.pgkeel.proxy.cluster;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Reign;
import org.pgkeel.proxy.backend.BackendConnector;
import org.pgkeel.proxy.config.BackendTlsConfig;
import org.pgkeel.proxy.config.ClusterConfig;
import org.pgkeel.proxy.config.HoldConfig;
import org.pgkeel.proxy.config.MonitorConfig;
import org.pgkeel.proxy.config.OutcomeMode;
import org.pgkeel.proxy.config.PatroniConfig;
import org.pgkeel.proxy.config.RuntimeConfig;
import org.pgkeel.proxy.config.TimelineRegression;
import org.pgkeel.proxy.config.TlsMode;
import org.pgkeel.proxy.tls.BackendTls;
import org.pgkeel.proxy.tls.PatroniTls;
import org.pgkeel.proxy.transport.Transport;

/// A cluster that is watched, and what its listener heard. Threading: one test; events come from the cluster rooms.
final class WatchedCluster implements AutoCloseable {
    private static final BackendTlsConfig NO_TLS = new BackendTlsConfig(TlsMode.DISABLE, Optional.empty(), Optional.empty(), Optional.empty());

    private final ExecutorService helper = Executors.newFixedThreadPool(2);
    private final EventLoopGroup group;
    private final Clusters clusters;
    final List<String> events = new CopyOnWriteArrayList<>();

    private WatchedCluster(ClusterConfig config) {
        Transport transport = Transport.choose(RuntimeConfig.Transport.AUTO);
        group = transport.newGroup(1, "test-cluster");
        var connector = new BackendConnector(transport, helper, _ -> new FixedRecvByteBufAllocator(4096));
        clusters = new Clusters(Map.of("main", config), new Rooms(group.next(), connector, _ -> new BackendTls.Disabled(), _ -> new PatroniTls("main", config.patroni().orElseThrow().tls())));
        cluster().addListener(new ClusterListener() {
            @Override
            public void primaryLost(HoldReason reason) {
                events.add("lost " + reason.word());
            }

            @Override
            public void primaryFound(Reign reign) {
                events.add("found " + reign.number() + " " + reign.address());
            }

            @Override
            public void primaryNotLost(Reign reign) {
                events.add("not lost " + reign.number());
            }

            @Override
            public void replicaIsAnother(NodeAddress node) {
                events.add("another " + node);
            }

            @Override
            public void replicasChanged() {
                events.add("replicas");
            }
        });
    }

    static WatchedCluster ofNodes(List<NodeAddress> nodes) {
        return new WatchedCluster(new ClusterConfig("main", nodes, Optional.empty(), monitor(), HoldConfig.DEFAULT, OutcomeMode.OFF, TimelineRegression.HOLD, NO_TLS));
    }

    static WatchedCluster ofPatroni(List<URI> members, TimelineRegression regression) {
        var patroni = new PatroniConfig(members, Duration.ofMillis(500), Duration.ofSeconds(1), Optional.empty(),
                new PatroniConfig.Tls(Optional.empty(), Optional.empty(), Optional.empty(), PatroniConfig.Verify.FULL));
        return new WatchedCluster(new ClusterConfig("main", List.of(), Optional.of(patroni), monitor(), HoldConfig.DEFAULT, OutcomeMode.OFF, regression, NO_TLS));
    }

    /// As a reload does that changes the section.
    void reload(TimelineRegression regression) {
        ClusterConfig now = cluster().config();
        clusters.reload(Map.of("main", new ClusterConfig("main", now.nodes(), now.patroni(), now.monitor(), now.hold(), now.outcome(), regression, now.tls())));
    }

    private static Optional<MonitorConfig> monitor() {
        return Optional.of(new MonitorConfig("postgres", Optional.empty(), "postgres"));
    }

    Cluster cluster() {
        return clusters.get("main");
    }

    void awaitPrimary(NodeAddress node) {
        Awaitility.await().pollInterval(Duration.ofMillis(5)).until(() -> node.equals(cluster().primary()));
    }

    @Override
    public void close() {
        clusters.close();
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
        helper.shutdownNow();
    }
}
