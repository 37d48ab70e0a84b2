package org.pgkeel.proxy.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.pgkeel.proxy.observe.ClusterSnapshot;

/// SHOW CLUSTER: one row for each node of each cluster, the cluster's own state on each.
final class ClusterTables {
    private ClusterTables() {}

    private record Row(ClusterSnapshot cluster, ClusterSnapshot.Node node) {}

    /// A cluster none of whose nodes is known yet has a row all the same.
    private static final ClusterSnapshot.Node NOBODY = new ClusterSnapshot.Node("", "", "unknown", "no node is known yet", "", OptionalInt.empty(),
            OptionalLong.empty(), OptionalLong.empty(), List.of(), Map.of());

    static final ShowTable<?> CLUSTER = ShowTable.<Row>of("cluster", sources -> sources.operations().clusters()
                    .thenApply(clusters -> clusters.stream().flatMap(cluster -> rows(cluster).stream()).toList()))
            .text("cluster", row -> row.cluster.cluster())
            .text("name", row -> row.node.name())
            .text("address", row -> row.node.address())
            .text("role", row -> row.node.role())
            .text("state", row -> row.node.state())
            .text("patroni", row -> row.node.patroni())
            .optionalInt8("timeline", row -> row.node.timeline().isPresent() ? OptionalLong.of(row.node.timeline().getAsInt()) : OptionalLong.empty())
            .optionalInt8("lag_bytes", row -> row.node.lagBytes())
            .optionalInt8("lag_ms", row -> millis(row.node.lagNanos()))
            .optionalInt8("fresh_as_of_ms", row -> millis(row.node.freshNanos()))
            .text("endpoints", row -> String.join(", ", row.node.endpoints()))
            .text("tags", row -> tags(row.node.tags()))
            .int8("reign", row -> row.cluster.reign())
            .text("doubt", row -> row.cluster.doubt().orElse(""))
            .text("alarms", row -> row.cluster.alarms().stream().map(ClusterSnapshot.Alarm::kind).collect(Collectors.joining(", ")))
            .text("flags", row -> row.cluster.flags().stream().sorted().collect(Collectors.joining(", ")))
            .optionalText("scheduled_switchover", row -> row.cluster.scheduledSwitchover().map(Object::toString));

    private static List<Row> rows(ClusterSnapshot cluster) {
        var rows = new ArrayList<Row>();
        for (ClusterSnapshot.Node node : cluster.nodes()) rows.add(new Row(cluster, node));
        return rows.isEmpty() ? List.of(new Row(cluster, NOBODY)) : rows;
    }

    static OptionalLong millis(OptionalLong nanos) {
        return nanos.isPresent() ? OptionalLong.of(nanos.getAsLong() / 1_000_000) : nanos;
    }

    static String tags(Map<String, String> tags) {
        return tags.entrySet().stream().sorted(Map.Entry.comparingByKey()).map(tag -> tag.getKey() + "=" + tag.getValue()).collect(Collectors.joining(", "));
    }
}
