package org.pgkeel.proxy.login;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.config.AuthMethod;
import org.pgkeel.proxy.config.AuthRule;
import org.slf4j.LoggerFactory;

class RefusedLoginsTest {
    /// The whole package: it must not matter who writes the line.
    private final Logger log = (Logger) LoggerFactory.getLogger(RefusedLoginsTest.class.getPackageName());
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    @BeforeEach
    void listen() {
        lines.start();
        log.setLevel(Level.INFO);
        log.setAdditive(false);
        log.addAppender(lines);
    }

    @AfterEach
    void leave() {
        log.detachAppender(lines);
        log.setAdditive(true);
        log.setLevel(null);
    }

    private List<String> told() {
        return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    private static void scan(LoginHarness harness, int times) {
        for (int i = 0; i < times; i++) {
            try (LoginClient scanner = harness.client()) {
                scanner.startup("scan" + i, "db").scram("guess");
            }
        }
    }

    @Test
    void who_tries_names_by_the_hundred_does_not_fill_the_log_and_is_counted_in_it() {
        LoginHarness harness = new LoginHarness();
        scan(harness, 100);
        assertThat(told()).hasSize(RefusedLogins.LINES_PER_MINUTE_MAX).first().asString()
                .isEqualTo("login refused: user \"scan0\", database \"db\", from client/<unresolved>:1: bad_password (no such user)");

        harness.nowNanos += Duration.ofMinutes(1).toNanos();
        scan(harness, 1);
        assertThat(told()).last().asString().endsWith(": bad_password (no such user); 80 more since the line before");
    }

    @Test
    void those_of_one_reason_do_not_hide_those_of_another() {
        LoginHarness harness = new LoginHarness().rule(new AuthRule(AuthRule.Connection.HOST, Set.of("closed"), Set.of(), List.of(), AuthMethod.REJECT));
        scan(harness, 30);
        try (LoginClient rejected = harness.client()) {
            rejected.startup("alice", "closed");
        }
        assertThat(told()).last().asString().contains("user \"alice\"", "rejected_by_rule");
    }
}
