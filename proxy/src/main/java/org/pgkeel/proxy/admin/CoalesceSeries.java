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
import java.util.stream.LongStream;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.observe.LatencyHistogram;
import org.pgkeel.proxy.observe.SizeHistogram;

/// The series about rows that shared commits, by table. Threading: pure functions.
final class CoalesceSeries {
    private CoalesceSeries() {}

    static void add(List<CoalesceSnapshot> tables, List<MetricSnapshot> series) {
        var rows = CounterSnapshot.builder().name("pgkeel_coalesce_rows").help("Rows by the way they took, and why");
        var failures = CounterSnapshot.builder().name("pgkeel_coalesce_failed_batches").help("Batches that the server refused, by SQLSTATE");
        var batches = CounterSnapshot.builder().name("pgkeel_coalesce_batches").help("Batches committed");
        var batchRows = HistogramSnapshot.builder().name("pgkeel_coalesce_batch_rows").help("Rows of committed batches");
        var batchBytes = HistogramSnapshot.builder().name("pgkeel_coalesce_batch_bytes").help("Bytes of the requests of committed batches");
        var waiting = GaugeSnapshot.builder().name("pgkeel_coalesce_waiting_rows").help("Rows that wait for their batch");
        var buffered = GaugeSnapshot.builder().name("pgkeel_coalesce_buffered_bytes").help("Bytes of requests that wait or are under way");
        var waits = HistogramSnapshot.builder().name("pgkeel_coalesce_wait_seconds").help("From a row's arrival until its batch left");
        var flushes = HistogramSnapshot.builder().name("pgkeel_coalesce_flush_seconds").help("From a batch's first byte to its commit");
        var spilledRows = CounterSnapshot.builder().name("pgkeel_coalesce_spilled_rows").help("Rows whose requests went to disk");
        var spilledBytes = CounterSnapshot.builder().name("pgkeel_coalesce_spilled_bytes").help("Bytes of requests that went to disk");
        var spillFailures = CounterSnapshot.builder().name("pgkeel_coalesce_spill_failed_requests").help("Requests that could not be written to disk, or not be read back, by reason");
        var onDiskRows = GaugeSnapshot.builder().name("pgkeel_coalesce_on_disk_rows").help("Rows whose requests wait on disk");
        var onDiskBytes = GaugeSnapshot.builder().name("pgkeel_coalesce_on_disk_bytes").help("Bytes of requests that wait on disk");
        var readBacks = HistogramSnapshot.builder().name("pgkeel_coalesce_spill_read_seconds").help("From the question to the file until a portion of requests was in memory again");
        var duplicates = CounterSnapshot.builder().name("pgkeel_coalesce_duplicate_rows").help("Rows acknowledged and not inserted, because they were there already");
        var onePartition = CounterSnapshot.builder().name("pgkeel_coalesce_one_partition_rows").help("Rows that left in batches of one partition, because of lanes-by");
        var heldBack = CounterSnapshot.builder().name("pgkeel_coalesce_held_back_rows").help("Rows that waited for rows of their key, because of max-in-flight-per-key");
        for (var table : tables) {
            Labels labels = Labels.of("table", table.table());
            for (InsertWay way : InsertWay.values()) {
                rows.dataPoint(counter(Labels.of("table", table.table(), "way", way.way().word(), "reason", way.reason()), table.rows().getOrDefault(way, 0L)));
            }
            table.failures().forEach((state, count) -> failures.dataPoint(counter(Labels.of("table", table.table(), "sqlstate", state), count)));
            batches.dataPoint(counter(labels, table.batches()));
            batchRows.dataPoint(histogram(labels, table.batchRows()));
            batchBytes.dataPoint(histogram(labels, table.batchBytes()));
            waiting.dataPoint(GaugeDataPointSnapshot.builder().labels(labels).value(table.waitingRows()).build());
            buffered.dataPoint(GaugeDataPointSnapshot.builder().labels(labels).value(table.bufferedBytes()).build());
            waits.dataPoint(histogram(labels, table.waits()));
            flushes.dataPoint(histogram(labels, table.flushes()));
            spilledRows.dataPoint(counter(labels, table.spill().rows()));
            spilledBytes.dataPoint(counter(labels, table.spill().bytes()));
            table.spill().failures().forEach((reason, count) -> spillFailures.dataPoint(counter(Labels.of("table", table.table(), "reason", reason), count)));
            onDiskRows.dataPoint(GaugeDataPointSnapshot.builder().labels(labels).value(table.spill().waitingRows()).build());
            onDiskBytes.dataPoint(GaugeDataPointSnapshot.builder().labels(labels).value(table.spill().waitingBytes()).build());
            duplicates.dataPoint(counter(labels, table.dedup().duplicates()));
            onePartition.dataPoint(counter(labels, table.onePartitionRows()));
            heldBack.dataPoint(counter(labels, table.heldBackRows()));
            readBacks.dataPoint(histogram(labels, table.spill().readBacks()));
        }
        series.addAll(List.of(rows.build(), failures.build(), batches.build(), batchRows.build(), batchBytes.build(), waiting.build(), buffered.build(), waits.build(), flushes.build(),
                spilledRows.build(), spilledBytes.build(), spillFailures.build(), onDiskRows.build(), onDiskBytes.build(), readBacks.build(), duplicates.build(),
                onePartition.build(), heldBack.build()));
    }

    private static CounterDataPointSnapshot counter(Labels labels, long value) {
        return CounterDataPointSnapshot.builder().labels(labels).value(value).build();
    }

    private static HistogramDataPointSnapshot histogram(Labels labels, LatencyHistogram.Snapshot times) {
        return HistogramDataPointSnapshot.builder().labels(labels).classicHistogramBuckets(ClassicHistogramBuckets.of(PrometheusSeries.BOUNDS, times.counts()))
                .sum(times.sumNanos() / PrometheusSeries.NANOS_PER_SECOND).build();
    }

    private static HistogramDataPointSnapshot histogram(Labels labels, SizeHistogram.Snapshot sizes) {
        double[] bounds = LongStream.concat(Arrays.stream(sizes.unit().upperBounds()), LongStream.of(0)).asDoubleStream().toArray();
        bounds[bounds.length - 1] = Double.POSITIVE_INFINITY;
        return HistogramDataPointSnapshot.builder().labels(labels).classicHistogramBuckets(ClassicHistogramBuckets.of(bounds, sizes.counts())).sum(sizes.sum()).build();
    }
}
