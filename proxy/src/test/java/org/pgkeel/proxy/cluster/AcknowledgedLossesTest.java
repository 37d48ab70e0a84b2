package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.outcome.AcknowledgedLedger;
import org.pgkeel.failover.outcome.NodeAnswer;
import org.pgkeel.failover.outcome.Origin;
import org.pgkeel.failover.outcome.Sightings;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;
import org.slf4j.LoggerFactory;

class AcknowledgedLossesTest {
    private static final NodeAddress PG1 = new NodeAddress("pg1", 5432);
    private static final NodeAddress PG2 = new NodeAddress("pg2", 5432);
    private static final NodeAddress ELSEWHERE = new NodeAddress("other", 5432);
    private static final Origin OLD = new Origin(PG1, 4, new Lifetime("10:00", "reset 1"));
    private static final Lifetime PROMOTED = new Lifetime("09:00", "reset 9");
    private static final Origin NEW = new Origin(PG2, 5, PROMOTED);

    private final FakeServer server = new FakeServer();
    private final AtomicReference<Optional<NodeAddress>> primary = new AtomicReference<>(Optional.of(PG2));
    private final Sightings sightings = new Sightings(Duration.ofSeconds(1));
    private final ScheduledExecutorService rooms = Executors.newSingleThreadScheduledExecutor();
    private final ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor();
    private final OutcomeResolver resolver = new OutcomeResolver(primary::get, server, server, HistorySource.ofFiles(server), sightings, OutcomeLimits.DEFAULT, rooms, System::nanoTime);
    private final AcknowledgedLosses<String> losses = new AcknowledgedLosses<>("main", resolver, origin -> !origin.node().equals(ELSEWHERE), rooms, who -> who);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    AcknowledgedLossesTest() {
        log.start();
        logger().addAppender(log);
        sightings.seen(new NodeAnswer(PG2, PROMOTED, new NodeAnswer.Standby(4), Optional.empty()), 0, 0);
        server.start = "09:00";
        server.reset = "reset 9";
        server.timeline = 5;
        server.replayed = "0/2000";
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(AcknowledgedLosses.class);
    }

    @AfterEach
    void end() {
        logger().detachAppender(log);
        rooms.shutdownNow();
        loop.shutdownNow();
    }

    private List<String> lines() {
        return new ArrayList<>(log.list).stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    private void survivor() {
        rooms.execute(() -> losses.survivor(NEW));
    }

    @Test
    void each_lost_transaction_is_one_line_and_those_that_are_there_are_none() {
        var ledger = new AcknowledgedLedger<String>(64, Duration.ofSeconds(10).toNanos());
        server.statuses.put(70L, "committed");
        server.statuses.put(72L, "committed");   // given out again
        ledger.add(70, Lsn.parse("0/1000").value(), OLD, "user=a database=d client=c1", 1);
        ledger.add(71, Lsn.parse("0/1FF0").value(), OLD, "user=a database=d client=c2", 2);
        ledger.add(72, Lsn.parse("0/2010").value(), OLD, "user=b database=d client=c3", 3);
        ledger.add(73, Lsn.parse("0/2010").value(), NEW, "user=b database=d client=c4", 4);
        losses.add(ledger, loop);
        survivor();
        await().until(() -> lines().size() == 3);
        assertThat(lines()).containsExactly(
                "acknowledged transaction lost: cluster=main xid=71 lsn=0/1FF0 timeline=4 node=pg1:5432 user=a database=d client=c2 reason=xid_not_seen",
                "acknowledged transaction lost: cluster=main xid=72 lsn=0/2010 timeline=4 node=pg1:5432 user=b database=d client=c3 reason=beyond_switch",
                "cluster main: of 3 transactions acknowledged lately, pg2:5432 lacks 2, and of 0 it is not known; 0 more were not kept long enough to be asked for");
        assertThat(resolver.stats().snapshot("main").acknowledgedLost()).isEqualTo(2);
        assertThat(resolver.stats().snapshot("main").acknowledgedChecked()).isEqualTo(3);
    }

    @Test
    void a_second_failover_names_what_it_loses_and_not_again_what_the_first_lost() {
        var ledger = new AcknowledgedLedger<String>(64, Duration.ofSeconds(10).toNanos());
        server.statuses.put(70L, "committed");
        ledger.add(70, Lsn.parse("0/1000").value(), OLD, "user=a", 1);
        ledger.add(72, Lsn.parse("0/2010").value(), OLD, "user=b", 3);
        losses.add(ledger, loop);
        survivor();
        await().until(() -> lines().size() == 2);
        log.list.clear();
        var pg3 = new NodeAddress("pg3", 5432);
        server.change(() -> {
            server.timeline = 6;
            server.start = "08:00";
            server.historyFile = "4\t0/900\tit had not come so far\n";
        });
        primary.set(Optional.of(pg3));
        rooms.execute(() -> losses.survivor(new Origin(pg3, 6, new Lifetime("08:00", "reset 9"))));
        await().until(() -> lines().size() == 2);
        assertThat(lines().getFirst()).contains("acknowledged transaction lost", "xid=70 ");
    }

    /// The second failover comes before anybody could ask after the first.
    @Test
    void of_two_failovers_in_a_row_only_one_names_what_both_find_lost() throws Exception {
        var ledger = new AcknowledgedLedger<String>(64, Duration.ofSeconds(10).toNanos());
        ledger.add(72, Lsn.parse("0/2010").value(), OLD, "user=b", 3);
        losses.add(ledger, loop);
        primary.set(Optional.empty());
        survivor();
        rooms.submit(() -> { }).get(90, TimeUnit.SECONDS);
        loop.submit(() -> { }).get(90, TimeUnit.SECONDS);
        var third = new Origin(new NodeAddress("pg3", 5432), 5, PROMOTED);
        rooms.submit(() -> losses.survivor(third)).get(90, TimeUnit.SECONDS);
        sightings.seen(new NodeAnswer(third.node(), PROMOTED, new NodeAnswer.Standby(4), Optional.empty()), 0, 0);
        primary.set(Optional.of(third.node()));
        await().until(() -> resolver.stats().snapshot("main").acknowledgedLost() > 0);
        loop.submit(() -> { }).get(90, TimeUnit.SECONDS);
        rooms.submit(() -> { }).get(90, TimeUnit.SECONDS);
        assertThat(lines()).filteredOn(line -> line.startsWith("acknowledged transaction lost")).hasSize(1);
        assertThat(resolver.stats().snapshot("main").acknowledgedLost()).isEqualTo(1);
    }

    @Test
    void what_was_acknowledged_before_a_long_hold_is_named_though_another_failover_comes_right_behind() throws Exception {
        var ledger = new AcknowledgedLedger<String>(64, Duration.ofSeconds(10).toNanos());
        ledger.add(72, Lsn.parse("0/2010").value(), OLD, "user=b", 3);
        losses.add(ledger, loop);
        survivor();
        rooms.submit(() -> { }).get(90, TimeUnit.SECONDS);
        // Somebody commits on the second one, long after those on the first.
        loop.submit(() -> ledger.add(80, Lsn.parse("0/2100").value(), NEW, "user=c", Duration.ofSeconds(30).toNanos())).get(90, TimeUnit.SECONDS);
        var third = new Origin(new NodeAddress("pg3", 5432), 5, PROMOTED);
        primary.set(Optional.of(third.node()));
        sightings.seen(new NodeAnswer(third.node(), PROMOTED, new NodeAnswer.Standby(4), Optional.empty()), 0, 0);
        rooms.submit(() -> losses.survivor(third)).get(90, TimeUnit.SECONDS);
        await().untilAsserted(() -> assertThat(lines()).filteredOn(line -> line.contains("xid=72 ")).hasSize(1));
    }

    @Test
    void what_ran_on_other_servers_is_not_asked_for_here() {
        var ledger = new AcknowledgedLedger<String>(64, Duration.ofSeconds(10).toNanos());
        ledger.add(72, Lsn.parse("0/2010").value(), new Origin(ELSEWHERE, 4, new Lifetime("07:00", "reset 7")), "user=a", 1);
        ledger.add(73, Lsn.parse("0/2010").value(), OLD, "user=b", 2);
        losses.add(ledger, loop);
        survivor();
        await().until(() -> lines().size() == 2);
        assertThat(lines().getFirst()).contains("xid=73 ");
        assertThat(resolver.stats().snapshot("main").acknowledgedChecked()).isEqualTo(1);
    }

    @Test
    void what_the_ledger_could_not_keep_is_said() {
        var ledger = new AcknowledgedLedger<String>(2, Duration.ofSeconds(10).toNanos());
        for (long xid = 1; xid <= 5; xid++) ledger.add(xid, Lsn.parse("0/1000").value(), OLD, "user=a", xid);
        for (long xid = 1; xid <= 5; xid++) server.statuses.put(xid, "committed");
        losses.add(ledger, loop);
        survivor();
        await().until(() -> lines().size() == 1);
        assertThat(lines().getFirst()).endsWith("3 more were not kept long enough to be asked for");
        assertThat(resolver.stats().snapshot("main").acknowledgedUnkept()).isEqualTo(3);
    }

    @Test
    void the_same_primary_found_again_is_not_asked_again() {
        var ledger = new AcknowledgedLedger<String>(2, Duration.ofSeconds(10).toNanos());
        ledger.add(70, Lsn.parse("0/3000").value(), OLD, "user=a", 1);
        losses.add(ledger, loop);
        survivor();
        survivor();
        await().until(() -> lines().size() == 2);
        assertThat(resolver.stats().snapshot("main").acknowledgedChecked()).isEqualTo(1);
    }
}
