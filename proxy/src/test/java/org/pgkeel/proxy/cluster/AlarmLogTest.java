package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.Alarm;
import org.pgkeel.failover.topology.Alarm.Kind;
import org.slf4j.LoggerFactory;

class AlarmLogTest {
    private static final Alarm UNKNOWN = new Alarm(Kind.UNKNOWN_PRIMARY, "n2 takes writes");
    private static final Alarm BACK = new Alarm(Kind.TIMELINE_WENT_BACK, "from 4 to 3");

    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final AlarmLog alarms = new AlarmLog("main");

    @BeforeEach
    void begin() {
        log.start();
        logger().setLevel(Level.INFO);
        logger().addAppender(log);
    }

    @AfterEach
    void end() {
        logger().detachAppender(log);
        logger().setLevel(null);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(AlarmLog.class);
    }

    @Test
    void an_alarm_is_told_at_once_and_once_and_so_is_its_end() {
        stand(0, BACK);
        stand(100, BACK);
        stand(200);
        assertThat(lines()).containsExactly("cluster main: ALARM timeline_went_back: from 4 to 3", "cluster main: alarm timeline_went_back is over");
    }

    @Test
    void who_was_promoted_a_moment_ago_is_no_news() {
        stand(0, UNKNOWN);
        stand(100, UNKNOWN);
        stand(200);
        stand(2_100, UNKNOWN);
        assertThat(lines()).isEmpty();
    }

    @Test
    void who_is_unknown_for_longer_is() {
        stand(0, UNKNOWN);
        stand(1_999, UNKNOWN);
        assertThat(lines()).isEmpty();
        stand(2_000, UNKNOWN, BACK);
        assertThat(lines()).containsExactly("cluster main: ALARM unknown_primary: n2 takes writes", "cluster main: ALARM timeline_went_back: from 4 to 3");
    }

    private void stand(long millis, Alarm... now) {
        alarms.stand(List.of(now), TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private List<String> lines() {
        return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }
}
