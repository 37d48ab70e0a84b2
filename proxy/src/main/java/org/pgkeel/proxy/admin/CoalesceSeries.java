package org.pgkeel.proxy.admin;

import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.List;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.InsertWay;

/// The series about rows that shared commits, by table. Threading: pure functions.
final class CoalesceSeries {
    private CoalesceSeries() {}

    static void add(List<CoalesceSnapshot> tables, List<MetricSnapshot> series) {
        var each = new SeriesOf<>(tables, table -> Labels.of("table", table.table()), series);
        each.counters("pgkeel_coalesce_rows", "Rows by the way they took, and why", CoalesceSeries::ways);
        each.counters("pgkeel_coalesce_failed_batches", "Batches that the server refused, by SQLSTATE",
                (table, points) -> table.failures().forEach((state, count) -> points.add(Labels.of("sqlstate", state), count)));
        each.counter("pgkeel_coalesce_batches", "Batches committed", CoalesceSnapshot::batches);
        each.sizes("pgkeel_coalesce_batch_rows", "Rows of committed batches", CoalesceSnapshot::batchRows);
        each.sizes("pgkeel_coalesce_batch_bytes", "Bytes of the requests of committed batches", CoalesceSnapshot::batchBytes);
        each.gauge("pgkeel_coalesce_waiting_rows", "Rows that wait for their batch", CoalesceSnapshot::waitingRows);
        each.gauge("pgkeel_coalesce_buffered_bytes", "Bytes of requests that wait or are under way", CoalesceSnapshot::bufferedBytes);
        each.seconds("pgkeel_coalesce_wait_seconds", "From a row's arrival until its batch left", CoalesceSnapshot::waits);
        each.seconds("pgkeel_coalesce_flush_seconds", "From a batch's first byte to its commit", CoalesceSnapshot::flushes);
        each.counter("pgkeel_coalesce_spilled_rows", "Rows whose requests went to disk", table -> table.spill().rows());
        each.counter("pgkeel_coalesce_spilled_bytes", "Bytes of requests that went to disk", table -> table.spill().bytes());
        each.counters("pgkeel_coalesce_spill_failed_requests", "Requests that could not be written to disk, or not be read back, by reason",
                (table, points) -> table.spill().failures().forEach((reason, count) -> points.add(Labels.of("reason", reason), count)));
        each.gauge("pgkeel_coalesce_on_disk_rows", "Rows whose requests wait on disk", table -> table.spill().waitingRows());
        each.gauge("pgkeel_coalesce_on_disk_bytes", "Bytes of requests that wait on disk", table -> table.spill().waitingBytes());
        each.seconds("pgkeel_coalesce_spill_read_seconds", "From the question to the file until a portion of requests was in memory again", table -> table.spill().readBacks());
        each.counter("pgkeel_coalesce_duplicate_rows", "Rows acknowledged and not inserted, because they were there already", table -> table.dedup().duplicates());
        each.counter("pgkeel_coalesce_one_partition_rows", "Rows that left in batches of one partition, because of lanes-by", CoalesceSnapshot::onePartitionRows);
        each.counter("pgkeel_coalesce_held_back_rows", "Rows that waited for rows of their key, because of max-in-flight-per-key", CoalesceSnapshot::heldBackRows);
    }

    private static void ways(CoalesceSnapshot table, SeriesOf.Points points) {
        for (InsertWay way : InsertWay.values()) points.add(Labels.of("way", way.way().word(), "reason", way.reason()), table.rows().getOrDefault(way, 0L));
    }
}
