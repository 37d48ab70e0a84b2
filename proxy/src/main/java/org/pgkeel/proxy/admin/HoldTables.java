package org.pgkeel.proxy.admin;

import org.pgkeel.proxy.observe.HoldSnapshot;

/// SHOW HOLD: who waits for a primary, and what became of those who did: held = drained + refused + gone + waiting.
final class HoldTables {
    private HoldTables() {}

    static final ShowTable<?> HOLD = ShowTable.<HoldSnapshot>of("hold", sources -> sources.operations().holds())
            .text("cluster", HoldSnapshot::cluster)
            .text("database", HoldSnapshot::database)
            .text("state", HoldSnapshot::state)
            .text("reason", HoldSnapshot::reason)
            .int8("since_ms", hold -> hold.sinceNanos() / 1_000_000)
            .int4("waiting", HoldSnapshot::waiting)
            .int8("waiting_bytes", HoldSnapshot::waitingBytes)
            .int8("held", HoldSnapshot::held)
            .int8("drained", HoldSnapshot::drained)
            .int8("refused", HoldSnapshot::refused)
            .int8("gone", HoldSnapshot::gone)
            .int8("longest_wait_ms", hold -> hold.longestNanos() / 1_000_000)
            .int8("max_wait_ms", hold -> hold.maxWait().toMillis())
            .int4("max_clients", HoldSnapshot::maxClients)
            .int8("max_bytes", HoldSnapshot::maxBytes)
            .int4("drain_concurrency", HoldSnapshot::drainConcurrency);
}
