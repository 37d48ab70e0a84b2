package org.pgkeel.proxy.cluster;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.Alarm;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Replica;
import org.pgkeel.failover.topology.Topology;
import org.pgkeel.failover.watch.MemberEvidence;
import org.pgkeel.failover.watch.MemberEvidence.Rest;
import org.pgkeel.failover.watch.MemberEvidence.Sql;
import org.pgkeel.proxy.observe.ClusterSnapshot;

/// Says for people and monitoring what a [Cluster] is. Threading: pure functions; what they read is immutable or atomic.
final class ClusterSurvey {
    private ClusterSurvey() {}

    /// @param members what is known of each; empty where nobody watches
    static ClusterSnapshot of(Cluster cluster, List<MemberEvidence> members, long nowNanos) {
        Topology topology = cluster.topology();
        var nodes = new ArrayList<ClusterSnapshot.Node>();
        for (MemberEvidence member : members) nodes.add(node(cluster, topology, member, nowNanos));
        if (!cluster.isWatched()) for (NodeAddress node : cluster.nodes()) nodes.add(unwatched(cluster, node));
        Optional<String> doubt = cluster.hold() instanceof Hold.Holding(_, var reason) && reason == HoldReason.DOUBTED ? cluster.counters().lastDoubt() : Optional.empty();
        ClusterCounters counters = cluster.counters();
        var doubts = new HashMap<String, Long>();
        for (DoubtReason reason : DoubtReason.values()) doubts.put(reason.word(), counters.doubts(reason));
        var losses = new HashMap<String, Long>();
        for (HoldReason reason : HoldReason.values()) losses.put(reason.word(), counters.losses(reason));
        var errors = new ArrayList<ClusterSnapshot.PollError>();
        cluster.errors().counts().forEach((key, count) -> errors.add(new ClusterSnapshot.PollError(key.member(), key.source(), key.kind(), count.sum())));
        return new ClusterSnapshot(cluster.name(), cluster.reign(), doubt, topology.flags().stream().map(ClusterSurvey::word).collect(Collectors.toSet()),
                topology.scheduledSwitchover(), alarms(topology), nodes, counters.reigns(), doubts, losses, errors);
    }

    private static List<ClusterSnapshot.Alarm> alarms(Topology topology) {
        var byKind = new EnumMap<Alarm.Kind, List<String>>(Alarm.Kind.class);
        for (Alarm alarm : topology.alarms()) byKind.computeIfAbsent(alarm.kind(), _ -> new ArrayList<>()).add(alarm.text());
        return byKind.entrySet().stream().map(each -> new ClusterSnapshot.Alarm(each.getKey().word(), String.join("; ", each.getValue()))).toList();
    }

    private static ClusterSnapshot.Node unwatched(Cluster cluster, NodeAddress node) {
        return new ClusterSnapshot.Node(node.toString(), node.toString(), node.equals(cluster.primary()) ? "primary" : "unknown", "not watched", "",
                OptionalInt.empty(), OptionalLong.empty(), OptionalLong.empty(), List.of(), Map.of());
    }

    private static ClusterSnapshot.Node node(Cluster cluster, Topology topology, MemberEvidence member, long nowNanos) {
        NodeAddress address = member.address();
        Optional<Replica> replica = topology.replicas().stream().filter(each -> each.address().equals(address)).findFirst();
        boolean primary = topology.primary().filter(each -> each.address().equals(address)).isPresent();
        ReplicaState state = cluster.replica(address);
        long lagBytes = state.lagBytes();
        long freshAsOf = state.freshAsOfNanos();
        Set<String> endpoints = new HashSet<>(replica.map(Replica::endpoints).orElse(Set.of()));
        return new ClusterSnapshot.Node(member.name(), address.toString(), role(primary, member), state(member), patroni(member), timeline(member, replica),
                primary || lagBytes == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(lagBytes),
                primary || freshAsOf == Cluster.NEVER ? OptionalLong.empty() : OptionalLong.of(Math.max(0, nowNanos - freshAsOf)),
                endpoints.stream().sorted().toList(), replica.map(Replica::tags).orElse(Map.of()));
    }

    private static String role(boolean primary, MemberEvidence member) {
        if (primary) return "primary";
        return switch (member.sql()) {
            case Sql.Said(_, NodeReply.Writable _, _) -> "writable";
            case Sql.Said(_, NodeReply.Standby _, _) -> "replica";
            case Sql.Said(_, NodeReply.Silent _, _), Sql.NotAsked _ -> "unknown";
        };
    }

    private static String state(MemberEvidence member) {
        return switch (member.sql()) {
            case Sql.NotAsked _ -> "not asked yet";
            case Sql.Said(_, NodeReply.Silent(var kind, _), _) -> kind.word();
            case Sql.Said(_, NodeReply.Writable _, _), Sql.Said(_, NodeReply.Standby _, _) -> "running";
        };
    }

    private static String patroni(MemberEvidence member) {
        return switch (member.rest()) {
            case Rest.NotAsked _ -> "";
            case Rest.Said(_, var status, _, _) -> word(status.state());
            case Rest.Silent(_, var kind, _) -> kind.word();
        };
    }

    private static OptionalInt timeline(MemberEvidence member, Optional<Replica> replica) {
        int timeline = member.sql() instanceof Sql.Said(_, NodeReply.Writable(var itsOwn, _, _), _) ? itsOwn : replica.map(Replica::timeline).orElse(0);
        return timeline == 0 ? OptionalInt.empty() : OptionalInt.of(timeline);
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
