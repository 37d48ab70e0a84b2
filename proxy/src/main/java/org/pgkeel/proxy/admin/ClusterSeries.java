package org.pgkeel.proxy.admin;

import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Function;
import org.pgkeel.proxy.observe.ClusterSnapshot;

/// The series about clusters and their nodes. What is not known has no sample. Threading: pure functions.
final class ClusterSeries {
    private ClusterSeries() {}

    static void add(List<ClusterSnapshot> clusters, List<MetricSnapshot> series) {
        var each = new SeriesOf<>(clusters, cluster -> Labels.of("cluster", cluster.cluster()), series);
        each.gauges("pgkeel_cluster_primary", "1 for the node that takes writes, as far as is known", perNode(node -> OptionalDouble.of(node.isPrimary() ? 1 : 0)));
        each.gauges("pgkeel_cluster_up", "1 for a node whose PostgreSQL answered when it was asked last", perNode(node -> OptionalDouble.of(node.answers() ? 1 : 0)));
        each.gauges("pgkeel_cluster_timeline", "Timeline of a node", perNode(node -> node.timeline().isPresent() ? OptionalDouble.of(node.timeline().getAsInt()) : OptionalDouble.empty()));
        each.gauges("pgkeel_cluster_lag_bytes", "WAL that the primary has flushed and the node has not replayed", perNode(node -> of(node.lagBytes(), 1)));
        each.gauges("pgkeel_cluster_lag_seconds", "Age of what a replica shows; 0 if it has nothing to replay", perNode(node -> of(node.lagNanos(), SeriesOf.NANOS_PER_SECOND)));
        each.gauge("pgkeel_cluster_reign", "Number of the primary that lasts, or lasted last", ClusterSnapshot::reign);
        each.counter("pgkeel_cluster_reign_changes", "Primaries found, one after the other", ClusterSnapshot::reigns);
        each.gauges("pgkeel_cluster_alarms", "1 for each alarm that stands", (cluster, points) -> cluster.alarms().forEach(alarm -> points.add(Labels.of("alarm", alarm.kind()), 1)));
        each.gauges("pgkeel_cluster_flags", "1 for each state of the whole cluster that Patroni tells: paused, failsafe, switchover_in_progress",
                (cluster, points) -> cluster.flags().forEach(flag -> points.add(Labels.of("flag", flag), 1)));
        each.counters("pgkeel_cluster_doubts", "Reasons to doubt that a node is the primary", (cluster, points) -> cluster.doubts().forEach((reason, count) -> points.add(Labels.of("reason", reason), count)));
        each.counters("pgkeel_cluster_losses", "Times when nobody was primary any more, or it was not sure, by reason",
                (cluster, points) -> cluster.losses().forEach((reason, count) -> points.add(Labels.of("reason", reason), count)));
        each.counters("pgkeel_cluster_poll_errors", "Questions to Patroni and PostgreSQL without an answer", (cluster, points) -> cluster.pollErrors().forEach(
                error -> points.add(Labels.of("node", error.member(), "source", error.source(), "reason", error.reason()), error.count())));
    }

    private static SeriesOf.Telling<ClusterSnapshot> perNode(Function<ClusterSnapshot.Node, OptionalDouble> value) {
        return (cluster, points) -> cluster.nodes().forEach(node -> value.apply(node).ifPresent(known -> points.add(Labels.of("node", node.name()), known)));
    }

    private static OptionalDouble of(OptionalLong value, double unit) {
        return value.isPresent() ? OptionalDouble.of(value.getAsLong() / unit) : OptionalDouble.empty();
    }
}
