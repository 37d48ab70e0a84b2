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
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.LongStream;
import org.pgkeel.proxy.observe.LatencyHistogram;
import org.pgkeel.proxy.observe.SizeHistogram;

/// Series about several things of a kind: pools, clusters, holds, tables. Each thing has a data point in each series, or as many as it tells.
/// Threading: belongs to the call that made it.
///
/// @param things what the series are about
/// @param labels of one of them
/// @param series where they are added
record SeriesOf<T>(List<T> things, Function<T, Labels> labels, List<MetricSnapshot> series) {
    static final double NANOS_PER_SECOND = 1e9;
    /// In seconds, the last bucket without a bound included.
    private static final double[] BOUNDS = bounds();

    /// What one thing has to say.
    interface Telling<T> {
        void of(T thing, Points points);
    }

    interface Points {
        /// @param more labels, beside those of the thing
        void add(Labels more, double value);
    }

    void gauge(String name, String help, ToDoubleFunction<T> value) {
        gauges(name, help, (thing, points) -> points.add(Labels.EMPTY, value.applyAsDouble(thing)));
    }

    void gauges(String name, String help, Telling<T> telling) {
        var gauge = GaugeSnapshot.builder().name(name).help(help);
        for (T thing : things) telling.of(thing, (more, value) -> gauge.dataPoint(GaugeDataPointSnapshot.builder().labels(labels.apply(thing).merge(more)).value(value).build()));
        series.add(gauge.build());
    }

    /// @param name without `_total`, which the format adds
    void counter(String name, String help, ToDoubleFunction<T> value) {
        counters(name, help, (thing, points) -> points.add(Labels.EMPTY, value.applyAsDouble(thing)));
    }

    /// @param name without `_total`, which the format adds
    void counters(String name, String help, Telling<T> telling) {
        var counter = CounterSnapshot.builder().name(name).help(help);
        for (T thing : things) telling.of(thing, (more, value) -> counter.dataPoint(CounterDataPointSnapshot.builder().labels(labels.apply(thing).merge(more)).value(value).build()));
        series.add(counter.build());
    }

    void seconds(String name, String help, Function<T, LatencyHistogram.Snapshot> times) {
        histogram(name, help, thing -> ClassicHistogramBuckets.of(BOUNDS, times.apply(thing).counts()), thing -> times.apply(thing).sumNanos() / NANOS_PER_SECOND);
    }

    void sizes(String name, String help, Function<T, SizeHistogram.Snapshot> sizes) {
        histogram(name, help, thing -> buckets(sizes.apply(thing)), thing -> sizes.apply(thing).sum());
    }

    private void histogram(String name, String help, Function<T, ClassicHistogramBuckets> buckets, ToDoubleFunction<T> sum) {
        var histogram = HistogramSnapshot.builder().name(name).help(help);
        for (T thing : things) {
            histogram.dataPoint(HistogramDataPointSnapshot.builder().labels(labels.apply(thing)).classicHistogramBuckets(buckets.apply(thing)).sum(sum.applyAsDouble(thing)).build());
        }
        series.add(histogram.build());
    }

    private static ClassicHistogramBuckets buckets(SizeHistogram.Snapshot sizes) {
        double[] bounds = LongStream.concat(Arrays.stream(sizes.unit().upperBounds()), LongStream.of(0)).asDoubleStream().toArray();
        bounds[bounds.length - 1] = Double.POSITIVE_INFINITY;
        return ClassicHistogramBuckets.of(bounds, sizes.counts());
    }

    private static double[] bounds() {
        long[] nanos = LatencyHistogram.upperBoundsNanos();
        double[] seconds = Arrays.copyOf(Arrays.stream(nanos).mapToDouble(bound -> bound / NANOS_PER_SECOND).toArray(), nanos.length + 1);
        seconds[nanos.length] = Double.POSITIVE_INFINITY;
        return seconds;
    }
}
