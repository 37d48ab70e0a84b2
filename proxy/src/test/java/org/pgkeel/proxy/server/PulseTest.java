package org.pgkeel.proxy.server;

import static org.awaitility.Awaitility.await;

import io.netty.channel.DefaultEventLoop;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class PulseTest {
    @Test
    void work_that_found_no_memory_or_a_bug_is_done_again() {
        var loop = new DefaultEventLoop();
        var times = new AtomicInteger();
        try {
            Pulse.start(loop, Duration.ofMillis(1), "test", () -> {
                switch (times.incrementAndGet()) {
                    case 1 -> throw new OutOfMemoryError("direct memory, as Netty says it");
                    case 2 -> throw new IllegalStateException("a bug");
                    default -> { }
                }
            });
            await().until(() -> times.get() >= 4);
        } finally {
            loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }
}
