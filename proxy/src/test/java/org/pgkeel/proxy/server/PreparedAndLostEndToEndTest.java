package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/// What becomes of a prepared transaction is for whoever ends it to say: none is named as lost behind a failover, though it was rolled back, or is prepared still.
class PreparedAndLostEndToEndTest {
    @Test
    void a_prepared_transaction_is_not_called_lost() throws Exception {
        var logger = (Logger) LoggerFactory.getLogger("org.pgkeel.proxy.cluster.AcknowledgedLosses");
        var events = new ListAppender<ILoggingEvent>();
        events.start();
        logger.addAppender(events);
        logger.setLevel(Level.INFO);
        try (var postgres = new ReplicatedPostgres(1)) {
            postgres.execute("create table kept (what text)");
            try (TestProxy proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, postgres.cluster() + "clusters.main.outcome = strict\n");
                 Connection client = proxy.connect("preferQueryMode", "simple")) {
                TestProxy.execute(client, "begin", "insert into kept values ('undone')", "prepare transaction 'undone'", "rollback prepared 'undone'",
                        "begin", "insert into kept values ('prepared')", "prepare transaction 'prepared'", "insert into kept values ('once')");
                postgres.awaitReplayed(postgres.replica(0));
                postgres.primary().kill();
                postgres.replica(0).execute("postgres", "select pg_promote()");
                await().atMost(Duration.ofSeconds(60)).until(() -> lines(events).stream().anyMatch(line -> line.contains("acknowledged lately")));
                assertThat(lines(events)).singleElement().asString().contains("has all 1 transactions acknowledged lately");
            }
        } finally {
            logger.detachAppender(events);
        }
    }

    private static List<String> lines(ListAppender<ILoggingEvent> events) {
        return List.copyOf(events.list).stream().map(ILoggingEvent::getFormattedMessage).toList();
    }
}
