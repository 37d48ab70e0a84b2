package org.pgkeel.proxy.admin;

import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.InsertHabit;
import org.pgkeel.proxy.observe.InsertTally;

/// SHOW COALESCE: the rows that shared commits, by table. SHOW COALESCE CANDIDATES: the tables whose rows could.
final class CoalesceTables {
    private CoalesceTables() {}

    private record Row(CoalesceSnapshot now, StatsPeriod.TableAverages average) {}

    static final ShowTable<?> COALESCE = ShowTable.<Row>of("coalesce", CoalesceTables::rows)
            .text("table", row -> row.now.table())
            .int8("rows_copied", row -> row.now.copied())
            .int8("rows_shared", row -> row.now.shared())
            .int8("rows_alone", row -> row.now.alone())
            .int8("avg_rows", row -> row.average.rows())
            .text("ways", row -> ways(row.now))
            .int8("batches", row -> row.now.batches())
            .int8("batch_rows", row -> row.now.batchRows().sum())
            .int8("batch_bytes", row -> row.now.batchBytes().sum())
            .int8("avg_batch_rows", row -> row.average.batchRows())
            .int8("rows_waiting", row -> row.now.waitingRows())
            .int8("bytes_buffered", row -> row.now.bufferedBytes())
            .int8("batches_under_way", row -> row.now.underWay())
            .int8("wait_time", row -> row.now.waits().sumMicros())
            .int8("flush_time", row -> row.now.flushes().sumMicros())
            .int8("avg_wait_time", row -> row.average.waitMicros())
            .int8("avg_flush_time", row -> row.average.flushMicros())
            .text("failures", row -> row.now.failures().toString())
            .int8("rows_spilled", row -> row.now.spill().rows())
            .int8("bytes_spilled", row -> row.now.spill().bytes())
            .int8("rows_on_disk", row -> row.now.spill().waitingRows())
            .int8("bytes_on_disk", row -> row.now.spill().waitingBytes())
            .text("spill_failures", row -> row.now.spill().failures().toString())
            .text("dedup", row -> row.now.dedup().state())
            .int8("rows_duplicate", row -> row.now.dedup().duplicates())
            .int8("rows_of_one_partition", row -> row.now.onePartitionRows())
            .int8("rows_held_back", row -> row.now.heldBackRows());

    private static CompletionStage<List<Row>> rows(ShowSources sources) {
        return sources.operations().coalesced().thenApply(tables -> tables.stream().map(table -> new Row(table, sources.period().ofTable(table.table()))).toList());
    }

    /// As `copy many_rows=900, alone quiet=40`.
    private static String ways(CoalesceSnapshot table) {
        return new TreeMap<>(table.rows()).entrySet().stream().map(each -> each.getKey().way().word() + ' ' + each.getKey().reason() + '=' + each.getValue()).collect(Collectors.joining(", "));
    }

    static final ShowTable<?> CANDIDATES = ShowTable.<InsertTally>of("coalesce candidates", sources -> sources.operations().insertTallies())
            .text("database", InsertTally::database)
            .text("user", InsertTally::user)
            .text("table", InsertTally::table)
            .text("verdict", row -> row.verdict().word())
            .text("rows_per_second", row -> InsertTally.shown(row.rate()))
            .text("coalesced_per_second", row -> InsertTally.shown(row.rate(InsertHabit.Fate.DONE)))
            .text("unfit_per_second", row -> InsertTally.shown(row.rate(InsertHabit.Fate.NONE)))
            .text("why", InsertTally::why);
}
