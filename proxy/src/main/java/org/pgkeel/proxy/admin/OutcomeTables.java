package org.pgkeel.proxy.admin;

import java.util.ArrayList;
import java.util.List;
import org.pgkeel.proxy.observe.OutcomeSnapshot;

/// SHOW OUTCOMES: what became of transactions whose server was lost.
final class OutcomeTables {
    private OutcomeTables() {}

    private record Row(String cluster, String outcome, String reason, long transactions) {}

    /// The outcome `acknowledged` is about transactions that clients had been told are committed.
    static final ShowTable<?> OUTCOMES = ShowTable.<Row>of("outcomes", sources -> sources.operations().outcomes()
                    .thenApply(clusters -> clusters.stream().flatMap(cluster -> rows(cluster).stream()).toList()))
            .text("cluster", Row::cluster)
            .text("outcome", Row::outcome)
            .text("reason", Row::reason)
            .int8("transactions", Row::transactions);

    private static List<Row> rows(OutcomeSnapshot cluster) {
        var rows = new ArrayList<Row>();
        for (var count : cluster.resolved()) rows.add(new Row(cluster.cluster(), count.outcome(), count.reason(), count.transactions()));
        rows.add(new Row(cluster.cluster(), "open", "", cluster.open()));
        rows.add(new Row(cluster.cluster(), "acknowledged", "checked", cluster.acknowledgedChecked()));
        rows.add(new Row(cluster.cluster(), "acknowledged", "lost", cluster.acknowledgedLost()));
        rows.add(new Row(cluster.cluster(), "acknowledged", "unknown", cluster.acknowledgedUnknown()));
        rows.add(new Row(cluster.cluster(), "acknowledged", "not_kept", cluster.acknowledgedUnkept()));
        return rows;
    }
}
