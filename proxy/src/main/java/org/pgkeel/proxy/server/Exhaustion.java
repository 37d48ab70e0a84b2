package org.pgkeel.proxy.server;

import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.pgkeel.proxy.relay.LoopBuffers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Whether an event loop has any memory for its clients: it asks for a read buffer, and gives it back. Where one client's allocation fails that client is closed,
/// and the others have what it held; but when nothing comes back for so long, nobody can be served any more, and the process had better be started anew.
///
/// Threading: confined to its event loop.
final class Exhaustion {
    static final Duration PERIOD = Duration.ofSeconds(1);
    static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Logger log = LoggerFactory.getLogger(Exhaustion.class);

    private enum State { MEMORY, NONE, NONE_FOR_GOOD }

    private final ByteBufAllocator allocator;
    private final LongSupplier nanoTime;
    private final Runnable whenForGood;
    private State state = State.MEMORY;
    private long sinceNanos;

    /// @param whenForGood called once
    Exhaustion(ByteBufAllocator allocator, LongSupplier nanoTime, Runnable whenForGood) {
        this.allocator = allocator;
        this.nanoTime = nanoTime;
        this.whenForGood = whenForGood;
    }

    /// To be called once in [#PERIOD].
    void look() {
        if (state == State.NONE_FOR_GOOD) return;
        try {
            allocator.directBuffer(LoopBuffers.READ_BYTES).release();
            state = State.MEMORY;
        } catch (OutOfMemoryError none) {
            long now = nanoTime.getAsLong();
            if (state == State.MEMORY) sinceNanos = now;
            state = now - sinceNanos < PATIENCE.toNanos() ? State.NONE : State.NONE_FOR_GOOD;
            if (state == State.NONE) return;
            log.error("no memory for anybody for {} s, the process ends: {}", PATIENCE.toSeconds(), none.getMessage());
            whenForGood.run();
        }
    }
}
