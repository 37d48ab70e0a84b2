package org.pgkeel.proxy.observe;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.LoggerFactory;

/// Lines of the log on their way to where they are written, by a thread of their own: whoever reads them may stop to (a journal that hangs, a full pipe), and an
/// event loop must not wait for that. While the queue is full further lines are dropped; the next line that has room says how many.
///
/// Threading: shared; one daemon thread writes, in order.
public final class LogQueue extends AsyncAppender {
    static final int LINES_MAX = 4096;
    /// With warnings and errors: as many as a failover may have to say at once of acknowledged transactions that it lost, a line for each.
    static final int WITH_WARNINGS_MAX = 1 << 17;

    private final AtomicLong dropped = new AtomicLong();
    private final AtomicLong untold = new AtomicLong();

    public LogQueue() {
        setQueueSize(WITH_WARNINGS_MAX);
        setDiscardingThreshold(0);   // what is kept is decided here
        setNeverBlock(true);
    }

    /// Lines that the process's log has dropped, where it is written by such a queue.
    public static long droppedLines() {
        if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) return 0;
        long all = 0;
        var appenders = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).iteratorForAppenders();
        while (appenders.hasNext()) if (appenders.next() instanceof LogQueue queue) all += queue.dropped();
        return all;
    }

    long dropped() {
        return dropped.get();
    }

    @Override
    protected void append(ILoggingEvent event) {
        int most = event.getLevel().isGreaterOrEqual(Level.WARN) ? WITH_WARNINGS_MAX - 1 : LINES_MAX;   // one place is for the line about those that were dropped
        if (getNumberOfElementsInQueue() >= most) {
            dropped.incrementAndGet();
            untold.incrementAndGet();
            return;
        }
        long lost = untold.getAndSet(0);
        if (lost > 0) super.append(said(lost));
        super.append(event);
    }

    private static ILoggingEvent said(long lost) {
        return new LoggingEvent(LogQueue.class.getName(), (Logger) LoggerFactory.getLogger(LogQueue.class), Level.WARN,
                "{} lines of the log were dropped: it could not be written as fast as they came", null, new Object[] {lost});
    }
}
