package org.pgkeel.proxy.server;

import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Work that is done again and again, whatever became of it the last time. An executor ends a periodic task for good, and says nothing, when it throws; and
/// not only bugs throw: Netty's word for direct memory that is used up is an [Error].
final class Pulse {
    private static final Logger log = LoggerFactory.getLogger(Pulse.class);

    private Pulse() {}

    /// @param what for the log
    static void start(EventExecutor executor, Duration period, String what, Runnable work) {
        executor.scheduleAtFixedRate(() -> {
            try {
                work.run();
            } catch (RuntimeException | Error failed) {
                log.error("{} failed", what, failed);
            }
        }, period.toNanos(), period.toNanos(), TimeUnit.NANOSECONDS);
    }
}
