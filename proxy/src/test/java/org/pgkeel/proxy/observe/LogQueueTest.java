package org.pgkeel.proxy.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Timeout(60)
class LogQueueTest {
    /// A journal that hangs until it is let go.
    private static final class Journal extends AppenderBase<ILoggingEvent> {
        final CountDownLatch hangs = new CountDownLatch(1);
        final CompletableFuture<Void> goesOn = new CompletableFuture<>();
        final ConcurrentLinkedQueue<String> read = new ConcurrentLinkedQueue<>();

        @Override
        protected void append(ILoggingEvent event) {
            hangs.countDown();
            goesOn.join();   // as a write: no interruption ends it
            read.add(event.getFormattedMessage());
        }
    }

    private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    private final Journal journal = new Journal();
    private final LogQueue queue = new LogQueue();

    LogQueueTest() {
        journal.setContext(context);
        queue.setContext(context);
        journal.start();
        queue.addAppender(journal);
        queue.start();
    }

    private void log(String line) {
        log(Level.INFO, line);
    }

    private void log(Level level, String line) {
        queue.doAppend(new LoggingEvent("", context.getLogger("test"), level, line, null, null));
    }

    @Test
    void nobody_waits_for_a_journal_that_hangs_and_what_was_dropped_is_told() throws InterruptedException {
        log("first");
        journal.hangs.await();
        for (int i = 0; i < LogQueue.LINES_MAX + 5; i++) log("line " + i);
        assertThat(queue.dropped()).isEqualTo(5);
        assertThat(journal.read).isEmpty();

        journal.goesOn.complete(null);
        await().until(() -> journal.read.size() == LogQueue.LINES_MAX + 1);
        log("behind it");
        await().until(() -> journal.read.size() == LogQueue.LINES_MAX + 3);
        List<String> lines = List.copyOf(journal.read);
        assertThat(lines.getFirst()).isEqualTo("first");
        assertThat(lines.get(lines.size() - 2)).isEqualTo("5 lines of the log were dropped: it could not be written as fast as they came");
        assertThat(lines.subList(1, lines.size() - 2)).isEqualTo(IntStream.range(0, LogQueue.LINES_MAX).mapToObj(i -> "line " + i).toList());
        assertThat(lines.getLast()).isEqualTo("behind it");
        queue.stop();
    }

    @Test
    void warnings_have_room_where_nothing_else_has() throws InterruptedException {
        log("first");
        journal.hangs.await();
        for (int i = 0; i < LogQueue.WITH_WARNINGS_MAX + 5; i++) log(i % 2 == 0 ? Level.WARN : Level.INFO, "line " + i);
        for (int i = 0; i < LogQueue.WITH_WARNINGS_MAX; i++) log(Level.WARN, "warning " + i);
        journal.goesOn.complete(null);
        await().until(() -> journal.read.size() == LogQueue.WITH_WARNINGS_MAX);
        queue.stop();
        assertThat(journal.read.stream().filter(line -> line.startsWith("line ")).count()).isGreaterThanOrEqualTo(LogQueue.WITH_WARNINGS_MAX / 2);
    }

    @Test
    void what_was_logged_before_the_end_is_written() {
        journal.goesOn.complete(null);
        for (int i = 0; i < 1_000; i++) log("line " + i);
        queue.stop();
        assertThat(journal.read).hasSize(1_000);
        log("too late");
        assertThat(journal.read).hasSize(1_000);
    }

    @Test
    void the_end_does_not_wait_for_a_journal_that_hangs() throws InterruptedException {
        log("first");
        journal.hangs.await();
        queue.stop();
        journal.goesOn.complete(null);
    }
}
