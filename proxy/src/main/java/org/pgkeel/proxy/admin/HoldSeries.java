package org.pgkeel.proxy.admin;

import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.List;
import org.pgkeel.proxy.observe.HoldSnapshot;

/// The series about clients that wait for a primary. Threading: pure functions.
final class HoldSeries {
    private static final List<String> STATES = List.of("open", "holding", "draining", "refusing");

    private HoldSeries() {}

    static void add(List<HoldSnapshot> holds, List<MetricSnapshot> series) {
        var each = new SeriesOf<>(holds, HoldSeries::labels, series);
        each.gauges("pgkeel_hold_state", "1 for the state that the hold is in", (hold, points) -> STATES.forEach(word -> points.add(Labels.of("state", word), word.equals(hold.state()) ? 1 : 0)));
        each.gauge("pgkeel_hold_clients_waiting", "Clients that are held", HoldSnapshot::waiting);
        each.gauge("pgkeel_hold_waiting_bytes", "What held clients have sent and is kept", HoldSnapshot::waitingBytes);
        each.counter("pgkeel_hold_clients_held", "Clients that were held: drained + refused + gone + waiting", HoldSnapshot::held);
        each.counter("pgkeel_hold_clients_drained", "Clients that were held, then served", HoldSnapshot::drained);
        each.counter("pgkeel_hold_clients_refused", "Clients that were held, then refused", HoldSnapshot::refused);
        each.counter("pgkeel_hold_clients_gone", "Clients that were held and went away, or cancelled", HoldSnapshot::gone);
        each.seconds("pgkeel_hold_seconds", "Holds, from their begin to when clients are served again", HoldSnapshot::durations);
        each.seconds("pgkeel_hold_client_wait_seconds", "Waits of clients that were held, then served", HoldSnapshot::waits);
    }

    private static Labels labels(HoldSnapshot hold) {
        return Labels.of("cluster", hold.cluster(), "database", hold.database());
    }
}
