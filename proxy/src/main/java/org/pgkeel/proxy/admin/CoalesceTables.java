package org.pgkeel.proxy.admin;

import org.pgkeel.proxy.observe.CoalesceSnapshot;

/// SHOW COALESCE: the rows that shared commits, by table.
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
            .text("failures", row -> row.failures().toString());
}
