package org.pgkeel.proxy.admin;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.List;
import java.util.function.ToLongFunction;
import org.pgkeel.proxy.observe.OutcomeSnapshot;

/// The series about transactions whose server was lost, by cluster. Threading: pure functions.
final class OutcomeSeries {
    private OutcomeSeries() {}

    static void add(List<OutcomeSnapshot> clusters, List<MetricSnapshot> series) {
        var resolved = CounterSnapshot.builder().name("pgkeel_outcomes").help("Transactions in flight when their server was lost, by what became of them");
        var open = GaugeSnapshot.builder().name("pgkeel_outcomes_open").help("Transactions whose outcome is being found out");
        var times = HistogramSnapshot.builder().name("pgkeel_outcome_seconds").help("From the loss of a server to the outcome of a transaction");
        for (var cluster : clusters) {
            for (var count : cluster.resolved()) {
                resolved.dataPoint(CounterDataPointSnapshot.builder().labels(Labels.of("cluster", cluster.cluster(), "outcome", count.outcome(), "reason", count.reason()))
                        .value(count.transactions()).build());
            }
            open.dataPoint(GaugeDataPointSnapshot.builder().labels(labels(cluster)).value(cluster.open()).build());
            times.dataPoint(HistogramDataPointSnapshot.builder().labels(labels(cluster))
                    .classicHistogramBuckets(ClassicHistogramBuckets.of(PrometheusSeries.BOUNDS, cluster.times().counts()))
                    .sum(cluster.times().sumNanos() / PrometheusSeries.NANOS_PER_SECOND).build());
        }
        series.add(resolved.build());
        series.add(open.build());
        series.add(times.build());
        series.add(counter("pgkeel_acknowledged_checked", "Acknowledged transactions whose presence was asked for after a change of the primary", clusters, OutcomeSnapshot::acknowledgedChecked));
        series.add(counter("pgkeel_acknowledged_lost", "Acknowledged transactions that the new primary does not have", clusters, OutcomeSnapshot::acknowledgedLost));
        series.add(counter("pgkeel_acknowledged_unknown", "Acknowledged transactions that the new primary may not have", clusters, OutcomeSnapshot::acknowledgedUnknown));
        series.add(counter("pgkeel_acknowledged_unkept", "Acknowledged transactions that the ledger could not keep for long enough", clusters, OutcomeSnapshot::acknowledgedUnkept));
    }

    private static CounterSnapshot counter(String name, String help, List<OutcomeSnapshot> clusters, ToLongFunction<OutcomeSnapshot> value) {
        var counter = CounterSnapshot.builder().name(name).help(help);
        for (var cluster : clusters) counter.dataPoint(CounterDataPointSnapshot.builder().labels(labels(cluster)).value(value.applyAsLong(cluster)).build());
        return counter.build();
    }

    private static Labels labels(OutcomeSnapshot cluster) {
        return Labels.of("cluster", cluster.cluster());
    }
}
