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
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.pgkeel.proxy.observe.HoldSnapshot;
import org.pgkeel.proxy.observe.LatencyHistogram;

/// The series about clients that wait for a primary. Threading: pure functions.
final class HoldSeries {
    private static final List<String> STATES = List.of("open", "holding", "draining", "refusing");

    private HoldSeries() {}

    static void add(List<HoldSnapshot> holds, List<MetricSnapshot> series) {
        var state = GaugeSnapshot.builder().name("pgkeel_hold_state").help("1 for the state that the hold is in");
        for (var hold : holds) {
            for (var word : STATES) state.dataPoint(GaugeDataPointSnapshot.builder().labels(labels(hold).add("state", word)).value(word.equals(hold.state()) ? 1 : 0).build());
        }
        series.add(state.build());
        series.add(gauge("pgkeel_hold_clients_waiting", "Clients that are held", holds, HoldSnapshot::waiting));
        series.add(gauge("pgkeel_hold_waiting_bytes", "What held clients have sent and is kept", holds, HoldSnapshot::waitingBytes));
        series.add(counter("pgkeel_hold_clients_held", "Clients that were held: drained + refused + gone + waiting", holds, HoldSnapshot::held));
        series.add(counter("pgkeel_hold_clients_drained", "Clients that were held, then served", holds, HoldSnapshot::drained));
        series.add(counter("pgkeel_hold_clients_refused", "Clients that were held, then refused", holds, HoldSnapshot::refused));
        series.add(counter("pgkeel_hold_clients_gone", "Clients that were held and went away, or cancelled", holds, HoldSnapshot::gone));
        series.add(histogram("pgkeel_hold_seconds", "Holds, from their begin to when clients are served again", holds, HoldSnapshot::durations));
        series.add(histogram("pgkeel_hold_client_wait_seconds", "Waits of clients that were held, then served", holds, HoldSnapshot::waits));
    }

    private static GaugeSnapshot gauge(String name, String help, List<HoldSnapshot> holds, ToLongFunction<HoldSnapshot> value) {
        var gauge = GaugeSnapshot.builder().name(name).help(help);
        for (var hold : holds) gauge.dataPoint(GaugeDataPointSnapshot.builder().labels(labels(hold)).value(value.applyAsLong(hold)).build());
        return gauge.build();
    }

    private static CounterSnapshot counter(String name, String help, List<HoldSnapshot> holds, ToLongFunction<HoldSnapshot> value) {
        var counter = CounterSnapshot.builder().name(name).help(help);
        for (var hold : holds) counter.dataPoint(CounterDataPointSnapshot.builder().labels(labels(hold)).value(value.applyAsLong(hold)).build());
        return counter.build();
    }

    private static HistogramSnapshot histogram(String name, String help, List<HoldSnapshot> holds, Function<HoldSnapshot, LatencyHistogram.Snapshot> which) {
        var histogram = HistogramSnapshot.builder().name(name).help(help);
        for (var hold : holds) {
            histogram.dataPoint(HistogramDataPointSnapshot.builder().labels(labels(hold))
                    .classicHistogramBuckets(ClassicHistogramBuckets.of(PrometheusSeries.BOUNDS, which.apply(hold).counts()))
                    .sum(which.apply(hold).sumNanos() / PrometheusSeries.NANOS_PER_SECOND).build());
        }
        return histogram.build();
    }

    private static Labels labels(HoldSnapshot hold) {
        return Labels.of("cluster", hold.cluster(), "database", hold.database());
    }
}
