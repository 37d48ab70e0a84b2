package org.pgkeel.proxy.admin;

import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.InsertHabit;
import org.pgkeel.proxy.observe.InsertTally;

/// SHOW COALESCE: the rows that shared commits, by table. SHOW COALESCE CANDIDATES: the tables whose rows could.
final class CoalesceTables {
    private CoalesceTables() {}

    static final ShowTable<?> COALESCE = ShowTable.<CoalesceSnapshot>of("coalesce", sources -> sources.operations().coalesced())
            .text("table", CoalesceSnapshot::table)
            .int8("rows_copied", CoalesceSnapshot::copied)
            .int8("rows_shared", CoalesceSnapshot::shared)
            .int8("rows_alone", CoalesceSnapshot::alone)
            .int8("batches", CoalesceSnapshot::batches)
            .int8("batch_rows", CoalesceSnapshot::batchRows)
            .int8("batch_bytes", CoalesceSnapshot::batchBytes)
            .int8("rows_waiting", CoalesceSnapshot::waitingRows)
            .int8("bytes_buffered", CoalesceSnapshot::bufferedBytes)
            .int8("batches_under_way", CoalesceSnapshot::underWay)
            .int8("wait_time", row -> row.waits().sumMicros())
            .int8("flush_time", row -> row.flushes().sumMicros())
            .text("failures", row -> row.failures().toString())
            .int8("rows_spilled", row -> row.spill().rows())
            .int8("bytes_spilled", row -> row.spill().bytes())
            .int8("rows_on_disk", row -> row.spill().waitingRows())
            .int8("bytes_on_disk", row -> row.spill().waitingBytes())
            .text("spill_failures", row -> row.spill().failures().toString());

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
