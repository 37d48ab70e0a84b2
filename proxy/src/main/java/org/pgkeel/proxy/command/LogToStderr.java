package org.pgkeel.proxy.command;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.joran.spi.ConsoleTarget;
import ch.qos.logback.core.spi.ContextAwareBase;
import org.pgkeel.proxy.observe.LogQueue;

/// Logs go to stderr, from INFO on, by a [LogQueue]; stdout is for answers. Written in Java because reading an XML file would cost the start of the
/// proxy more than a tenth of a second; `-Dlogback.configurationFile=FILE` still takes one. Found by Logback as a service.
public final class LogToStderr extends ContextAwareBase implements Configurator {
    private static final String PATTERN = "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level [%thread] %logger{0}: %line%n";

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        if (System.getProperty("logback.configurationFile") != null) return ExecutionStatus.INVOKE_NEXT_IF_ANY;
        LogQueue queue = appender(context);
        // Whoever ends the process, with an exit code or a signal: what was logged before is written.
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("pgkeel-log-end").unstarted(queue::stop));
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.INFO);
        root.addAppender(queue);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    static LogQueue appender(LoggerContext context) {
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setContext(context);
        console.setName("stderr");
        console.setTarget(ConsoleTarget.SystemErr.getName());
        console.setEncoder(encoder(context));
        console.start();
        var queue = new LogQueue();
        queue.setContext(context);
        queue.setName("queue");
        queue.addAppender(console);
        queue.start();
        return queue;
    }

    static Encoder<ILoggingEvent> encoder(LoggerContext context) {
        PatternLayout layout = new PatternLayout();
        layout.setContext(context);
        layout.getInstanceConverterMap().put("line", LogLine::new);
        layout.setPattern(PATTERN);
        layout.start();
        LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setContext(context);
        encoder.setLayout(layout);
        encoder.start();
        return encoder;
    }
}
