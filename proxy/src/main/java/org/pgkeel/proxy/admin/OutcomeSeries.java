package org.pgkeel.proxy.admin;

import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.List;
import org.pgkeel.proxy.observe.OutcomeSnapshot;

/// The series about transactions whose server was lost, by cluster. Threading: pure functions.
final class OutcomeSeries {
    private OutcomeSeries() {}

    static void add(List<OutcomeSnapshot> clusters, List<MetricSnapshot> series) {
        var each = new SeriesOf<>(clusters, cluster -> Labels.of("cluster", cluster.cluster()), series);
        each.counters("pgkeel_outcomes", "Transactions in flight when their server was lost, by what became of them",
                (cluster, points) -> cluster.resolved().forEach(count -> points.add(Labels.of("outcome", count.outcome(), "reason", count.reason()), count.transactions())));
        each.gauge("pgkeel_outcomes_open", "Transactions whose outcome is being found out", OutcomeSnapshot::open);
        each.seconds("pgkeel_outcome_seconds", "From the loss of a server to the outcome of a transaction", OutcomeSnapshot::times);
        each.counter("pgkeel_acknowledged_checked", "Acknowledged transactions whose presence was asked for after a change of the primary", OutcomeSnapshot::acknowledgedChecked);
        each.counter("pgkeel_acknowledged_lost", "Acknowledged transactions that the new primary does not have", OutcomeSnapshot::acknowledgedLost);
        each.counter("pgkeel_acknowledged_unknown", "Acknowledged transactions that the new primary may not have", OutcomeSnapshot::acknowledgedUnknown);
        each.counter("pgkeel_acknowledged_unkept", "Acknowledged transactions that the ledger could not keep for long enough", OutcomeSnapshot::acknowledgedUnkept);
    }
}
