package org.pgkeel.proxy.admin;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
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
        series.add(perNode("pgkeel_cluster_primary", "1 for the node that takes writes, as far as is known", clusters, node -> OptionalDouble.of(node.isPrimary() ? 1 : 0)));
        series.add(perNode("pgkeel_cluster_up", "1 for a node whose PostgreSQL answered when it was asked last", clusters, node -> OptionalDouble.of(node.answers() ? 1 : 0)));
        series.add(perNode("pgkeel_cluster_timeline", "Timeline of a node", clusters,
                node -> node.timeline().isPresent() ? OptionalDouble.of(node.timeline().getAsInt()) : OptionalDouble.empty()));
        series.add(perNode("pgkeel_cluster_lag_bytes", "WAL that the primary has flushed and the node has not replayed", clusters, node -> of(node.lagBytes(), 1)));
        series.add(perNode("pgkeel_cluster_lag_seconds", "Age of what a replica shows; 0 if it has nothing to replay", clusters,
                node -> of(node.lagNanos(), PrometheusSeries.NANOS_PER_SECOND)));
        var reign = GaugeSnapshot.builder().name("pgkeel_cluster_reign").help("Number of the primary that lasts, or lasted last");
        var changes = CounterSnapshot.builder().name("pgkeel_cluster_reign_changes").help("Primaries found, one after the other");
        var alarms = GaugeSnapshot.builder().name("pgkeel_cluster_alarms").help("1 for each alarm that stands");
        var flags = GaugeSnapshot.builder().name("pgkeel_cluster_flags").help("1 for each state of the whole cluster that Patroni tells: paused, failsafe, switchover_in_progress");
        var doubts = CounterSnapshot.builder().name("pgkeel_cluster_doubts").help("Reasons to doubt that a node is the primary");
        var losses = CounterSnapshot.builder().name("pgkeel_cluster_losses").help("Times when nobody was primary any more, or it was not sure, by reason");
        var errors = CounterSnapshot.builder().name("pgkeel_cluster_poll_errors").help("Questions to Patroni and PostgreSQL without an answer");
        for (var cluster : clusters) {
            reign.dataPoint(GaugeDataPointSnapshot.builder().labels(labels(cluster)).value(cluster.reign()).build());
            changes.dataPoint(CounterDataPointSnapshot.builder().labels(labels(cluster)).value(cluster.reigns()).build());
            cluster.alarms().forEach(alarm -> alarms.dataPoint(GaugeDataPointSnapshot.builder().labels(labels(cluster).add("alarm", alarm.kind())).value(1).build()));
            cluster.flags().forEach(flag -> flags.dataPoint(GaugeDataPointSnapshot.builder().labels(labels(cluster).add("flag", flag)).value(1).build()));
            cluster.doubts().forEach((reason, count) -> doubts.dataPoint(CounterDataPointSnapshot.builder().labels(labels(cluster).add("reason", reason)).value(count).build()));
            cluster.losses().forEach((reason, count) -> losses.dataPoint(CounterDataPointSnapshot.builder().labels(labels(cluster).add("reason", reason)).value(count).build()));
            for (var error : cluster.pollErrors()) {
                errors.dataPoint(CounterDataPointSnapshot.builder().labels(Labels.of("cluster", cluster.cluster(), "node", error.member(), "source", error.source(),
                        "reason", error.reason())).value(error.count()).build());
            }
        }
        series.addAll(List.of(reign.build(), changes.build(), alarms.build(), flags.build(), doubts.build(), losses.build(), errors.build()));
    }

    private static GaugeSnapshot perNode(String name, String help, List<ClusterSnapshot> clusters, Function<ClusterSnapshot.Node, OptionalDouble> value) {
        var gauge = GaugeSnapshot.builder().name(name).help(help);
        for (var cluster : clusters) {
            for (var node : cluster.nodes()) {
                value.apply(node).ifPresent(known -> gauge.dataPoint(GaugeDataPointSnapshot.builder().labels(labels(cluster).add("node", node.name())).value(known).build()));
            }
        }
        return gauge.build();
    }

    private static OptionalDouble of(OptionalLong value, double unit) {
        return value.isPresent() ? OptionalDouble.of(value.getAsLong() / unit) : OptionalDouble.empty();
    }

    private static Labels labels(ClusterSnapshot cluster) {
        return Labels.of("cluster", cluster.cluster());
    }
}
