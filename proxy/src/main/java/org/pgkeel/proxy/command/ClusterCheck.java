package org.pgkeel.proxy.command;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.cluster.MonitorLogin;
import org.pgkeel.proxy.cluster.Rooms;
import org.pgkeel.proxy.config.ClusterConfig;
import org.pgkeel.proxy.config.MonitorConfig;
import org.pgkeel.proxy.config.TlsMode;

/// Asks everybody of one cluster: Patroni's members first, then the nodes that they name or that are configured, each with a bare
/// connection and with the monitor's login.
///
/// Threading: one task, which has others do the asking.
final class ClusterCheck implements Callable<List<Finding>> {
    private final ClusterConfig cluster;
    private final Duration patience;
    private final Rooms rooms;
    private final ExecutorService threads;
    private final List<Finding> findings = new ArrayList<>();

    private record Asked(Future<NodeCheck.Answer> bare, Optional<Future<MonitorLogin.Found>> monitor) {}

    /// @param patience of one connection
    ClusterCheck(ClusterConfig cluster, Duration patience, Rooms rooms, ExecutorService threads) {
        this.cluster = cluster;
        this.patience = patience;
        this.rooms = rooms;
        this.threads = threads;
    }

    @Override
    public List<Finding> call() throws InterruptedException {
        Set<NodeAddress> nodes = new LinkedHashSet<>(cluster.nodes());
        if (cluster.patroni().isPresent()) {
            var patroni = new PatroniCheck(cluster.name(), cluster.patroni().get(), findings);
            nodes.addAll(patroni.ask());
        }
        Map<NodeAddress, Asked> asked = new LinkedHashMap<>();
        for (NodeAddress node : nodes) {
            asked.put(node, new Asked(threads.submit(() -> NodeCheck.ask(node, patience, threads)),
                    cluster.monitor().map(_ -> threads.submit(() -> MonitorLogin.ask(cluster, rooms, node, patience).toCompletableFuture().join()))));
        }
        Map<NodeAddress, NodeReply> replies = new LinkedHashMap<>();
        for (var entry : asked.entrySet()) {
            boolean good = bare(entry.getKey(), await(entry.getValue().bare));
            if (entry.getValue().monitor.isEmpty()) continue;
            MonitorLogin.Found found = await(entry.getValue().monitor.get());
            // A node that does not answer at all has been reported.
            if (good || !(found.reply() instanceof NodeReply.Silent)) replies.put(entry.getKey(), monitored(entry.getKey(), found));
        }
        if (cluster.monitor().isPresent()) roles(replies);
        return findings;
    }

    private static <T> T await(Future<T> answer) throws InterruptedException {
        try {
            return answer.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private String who(NodeAddress node) {
        return "cluster " + cluster.name() + ", node " + node + ": ";
    }

    private boolean bare(NodeAddress node, NodeCheck.Answer answer) {
        TlsMode mode = cluster.tls().mode();
        Finding finding = switch (answer) {
            case NodeCheck.Answer.Unreachable(String reason) -> new Finding.Bad(who(node) + reason);
            case NodeCheck.Answer.PostgreSql(_, boolean tls, _) when !tls && needsTls(mode) && !node.isUnixSocket() ->
                    new Finding.Bad(who(node) + "PostgreSQL there has no TLS, and clusters." + cluster.name() + ".tls.mode needs it");
            case NodeCheck.Answer.PostgreSql(String address, boolean tls, var took) ->
                    new Finding.Good(who(node) + "PostgreSQL answers at " + address + (tls ? " with TLS" : " without TLS") + " after " + took.toMillis() + " ms");
        };
        findings.add(finding);
        return finding instanceof Finding.Good;
    }

    private static boolean needsTls(TlsMode mode) {
        return switch (mode) {
            case REQUIRE, VERIFY_CA, VERIFY_FULL -> true;
            case DISABLE, ALLOW, PREFER -> false;
        };
    }

    private NodeReply monitored(NodeAddress node, MonitorLogin.Found found) {
        MonitorConfig monitor = cluster.monitor().orElseThrow();
        if (found.reply() instanceof NodeReply.Silent(var kind, var text)) {
            String key = switch (kind) {
                case DENIED -> "clusters." + cluster.name() + ".monitor.user = " + monitor.user() + ": ";
                case LOST, TIMEOUT, REFUSED, FULL, NONSENSE -> "as " + monitor.user() + " in " + monitor.database() + ": ";
            };
            findings.add(new Finding.Bad(who(node) + key + text));
        } else if (!found.isMonitor()) {
            findings.add(new Finding.Odd(who(node) + "clusters." + cluster.name() + ".monitor.user = " + monitor.user()
                    + " is no member of pg_monitor there, so that lag and the ends of transactions may stay unknown"));
        }
        return found.reply();
    }

    /// What the nodes say of themselves, the primary first, and whether it makes a cluster.
    private void roles(Map<NodeAddress, NodeReply> replies) {
        String name = "cluster " + cluster.name() + ": ";
        var primaries = new ArrayList<NodeAddress>();
        Optional<Lsn> flushed = Optional.empty();
        int timeline = 0;
        for (var each : replies.entrySet()) {
            if (!(each.getValue() instanceof NodeReply.Writable(var itsTimeline, _, var position))) continue;
            primaries.add(each.getKey());
            flushed = Optional.of(position);
            timeline = itsTimeline;
            findings.add(new Finding.Good(who(each.getKey()) + "primary on timeline " + itsTimeline + ", at " + position));
        }
        for (var each : replies.entrySet()) {
            if (!(each.getValue() instanceof NodeReply.Standby(var itsTimeline, _, var replayed))) continue;
            String lag = flushed.isEmpty() || replayed.isEmpty() || primaries.size() > 1 ? "lag unknown" : flushed.get().bytesAhead(replayed.get()) + " bytes behind";
            String text = who(each.getKey()) + "replica on timeline " + (itsTimeline == 0 ? "(unknown)" : itsTimeline) + ", " + lag;
            findings.add(timeline == 0 || itsTimeline == 0 || itsTimeline == timeline ? new Finding.Good(text)
                    : new Finding.Odd(text + "; the primary is on timeline " + timeline));
        }
        if (primaries.isEmpty()) findings.add(new Finding.Bad(name + "no node takes writes"));
        if (primaries.size() > 1) findings.add(new Finding.Bad(name + primaries.size() + " nodes take writes: " + primaries));
    }
}
