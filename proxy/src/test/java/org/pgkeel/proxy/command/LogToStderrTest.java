package org.pgkeel.proxy.command;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgkeel.proxy.observe.LogQueue;
import org.slf4j.LoggerFactory;

final class LogToStderrTest {
    private static String logged(String message, @Nullable Throwable cause, Object... arguments) {
        var context = new LoggerContext();
        var event = new LoggingEvent("", context.getLogger("test"), Level.INFO, message, cause, arguments);
        return new String(LogToStderr.encoder(context).encode(event), StandardCharsets.UTF_8);
    }

    @Test
    void a_name_that_a_client_chose_makes_no_line_of_its_own() {
        assertThat(logged("auth-query in database {}: no", null, "app\n2026-11-26 ERROR \u001b[2J forged\r\u2028\u202e ends").lines())
                .singleElement().asString().endsWith(": auth-query in database app?2026-11-26 ERROR ?[2J forged??? ends: no");
    }

    @Test
    void letters_of_all_languages_and_stack_traces_are_shown_as_they_are() {
        assertThat(logged("user {}", null, "J\u00f6rg \u5c71 \ud83d\ude00")).endsWith(": user J\u00f6rg \u5c71 \ud83d\ude00\n");
        assertThat(logged("bug", new IllegalStateException("here")).lines()).hasSizeGreaterThan(2).anyMatch(line -> line.contains("IllegalStateException: here"));
    }

    @Test
    @Timeout(30)
    void nobody_waits_until_stderr_is_read() {
        PrintStream stderr = System.err;
        var isRead = new CompletableFuture<Void>();
        System.setErr(new PrintStream(new OutputStream() {
            @Override
            public void write(int b) {
                try {
                    isRead.get();
                } catch (InterruptedException | ExecutionException over) {
                    Thread.currentThread().interrupt();
                }
            }
        }));
        var context = (LoggerContext) LoggerFactory.getILoggerFactory();
        var log = context.getLogger("test");
        LogQueue queue = LogToStderr.appender(context);
        try {
            log.setAdditive(false);
            log.addAppender(queue);
            for (int i = 0; i < 10; i++) log.warn("line {}", i);
        } finally {
            System.setErr(stderr);
            isRead.complete(null);
            log.detachAppender(queue);
            log.setAdditive(true);
            queue.stop();
        }
    }
}
