package org.pgkeel.proxy.command;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

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
}
