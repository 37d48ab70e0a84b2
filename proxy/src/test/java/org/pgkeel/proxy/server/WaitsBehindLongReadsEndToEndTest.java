package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.proxy.wire.WireClient;

/// A read has run on a replica for longer than a client may wait for a backend. Whoever waits from then on may wait as long as anybody else.
class WaitsBehindLongReadsEndToEndTest {
    private static final Duration MAX_WAIT = Duration.ofSeconds(2);
    private static final String READ = "select pg_sleep(600) /* long read */";
    private static ReplicatedPostgres postgres;

    private TestProxy proxy;
    private WireClient client;
    private WireClient holder;

    @BeforeAll
    static void start() {
        postgres = new ReplicatedPostgres(1);
        postgres.execute("create table kept (n int)");
        postgres.awaitReplayed(postgres.replica(0));
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    /// The one connection to the primary is taken.
    @BeforeEach
    void startProxy() throws IOException {
        proxy = TestProxy.startAt("127.0.0.1:1", TestProxy.PLAIN_USERS, postgres.cluster() + """
                catalogue.refresh = 5m
                routing = [ { name = reads, when { statement = read }, to = replica, consistency = eventual, or-else = primary } ]
                databases."*".pool { max = 1, max-wait = %ds }
                """.formatted(MAX_WAIT.toSeconds()));
        client = WireClient.ofApp(proxy.port(), Map.of());
        holder = WireClient.ofApp(proxy.port(), Map.of());
        await().pollInterval(Duration.ofMillis(100)).until(() -> Replies.value(client, "select current_setting('port')").equals(String.valueOf(postgres.replica(0).settings().port())));
        assertThat(Replies.ask(holder, "begin")).containsExactly("BEGIN", "ready IN_TRANSACTION");
    }

    @AfterEach
    void stopProxy() throws IOException {
        client.close();
        holder.close();
        proxy.close();
    }

    private static void awaitLongRead() {
        await().until(() -> postgres.replica(0).query("postgres", "select count(*) from pg_stat_activity where " + reads() + " and clock_timestamp() - query_start > interval '" + MAX_WAIT.toMillis() + " ms'").equals("1"));
    }

    private static String reads() {
        return "state = 'active' and query = '" + READ + "'";
    }

    /// The wait ends, and not before its time.
    private void assertWaitsSince(long nanos) throws IOException {
        assertThat(Replies.untilReady(client)).containsExactly("error 57P03", "ready IDLE");
        assertThat(Duration.ofNanos(System.nanoTime() - nanos)).isGreaterThanOrEqualTo(MAX_WAIT);
        assertThat(Replies.ask(holder, "rollback")).containsExactly("ROLLBACK", "ready IDLE");
        assertThat(Replies.ask(client, "insert into kept values (1)")).containsExactly("INSERT 0 1", "ready IDLE");
    }

    @Test
    void a_read_that_is_taken_elsewhere_may_wait_there() throws Exception {
        client.send(new Query(READ));
        awaitLongRead();
        long lost = System.nanoTime();
        postgres.replica(0).execute("postgres", "select pg_terminate_backend(pid) from pg_stat_activity where " + reads());
        assertWaitsSince(lost);
    }

    @Test
    void a_write_that_stood_behind_it_may_wait() throws Exception {
        client.send(new Query(READ), new Query("insert into kept values (1)"));
        awaitLongRead();
        long ended = System.nanoTime();
        postgres.replica(0).execute("postgres", "select pg_cancel_backend(pid) from pg_stat_activity where " + reads());
        assertThat(Replies.untilReady(client)).containsExactly("error 57014", "ready IDLE");
        assertWaitsSince(ended);
    }
}
