package org.pgkeel.proxy.observe;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.LoggerFactory;

/// Lines of the log on their way to where they are written, by a thread of their own: whoever reads them may stop to (a journal that hangs, a full pipe), and an
/// event loop must not wait for that. While the queue is full further lines are dropped, and the log tells how many when it is written again.
///
/// Threading: shared; one daemon thread writes, in order.
public final class LogQueue extends UnsynchronizedAppenderBase<ILoggingEvent> {
    static final int LINES_MAX = 4096;
    /// With warnings and errors: as many as a failover may have to say at once of acknowledged transactions that it lost, a line for each.
    static final int WITH_WARNINGS_MAX = 1 << 17;
    private static final Duration FLUSH_MAX = Duration.ofSeconds(1);

    private final BlockingQueue<ILoggingEvent> lines = new LinkedBlockingQueue<>(WITH_WARNINGS_MAX);
    private final LongAdder dropped = new LongAdder();
    private final Appender<ILoggingEvent> to;
    private final Thread writer;
    private long droppedTold;

    /// @param to writes the lines, and may block
    public LogQueue(Appender<ILoggingEvent> to) {
        this.to = to;
        this.writer = Thread.ofPlatform().daemon().name("pgkeel-log").unstarted(this::write);
    }

    /// Lines that the process's log has dropped, where it is written by such a queue.
    public static long droppedLines() {
        if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) return 0;
        long all = 0;
        var appenders = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).iteratorForAppenders();
        while (appenders.hasNext()) if (appenders.next() instanceof LogQueue queue) all += queue.dropped.sum();
        return all;
    }

    long dropped() {
        return dropped.sum();
    }

    @Override
    public void start() {
        super.start();
        writer.start();
    }

    @Override
    protected void append(ILoggingEvent event) {
        event.prepareForDeferredProcessing();   // what it names may be the event loop's
        boolean mayBeKept = event.getLevel().isGreaterOrEqual(Level.WARN) || lines.size() < LINES_MAX;
        if (!mayBeKept || !lines.offer(event)) dropped.increment();
    }

    private void write() {
        try {
            while (true) write(lines.take());
        } catch (InterruptedException stopped) {
            for (ILoggingEvent left = lines.poll(); left != null; left = lines.poll()) write(left);
        }
    }

    private void write(ILoggingEvent event) {
        to.doAppend(event);
        long all = dropped.sum();
        if (all == droppedTold) return;
        to.doAppend(new LoggingEvent(LogQueue.class.getName(), (Logger) LoggerFactory.getLogger(LogQueue.class), Level.WARN,
                "{} lines of the log were dropped: it could not be written as fast as they came", null, new Object[] {all - droppedTold}));
        droppedTold = all;
    }

    /// Waits a moment for what was logged before.
    @Override
    public void stop() {
        if (!isStarted()) return;
        super.stop();
        writer.interrupt();
        try {
            writer.join(FLUSH_MAX);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
        if (!writer.isAlive()) to.stop();   // it would wait for a write that hangs
    }
}
