package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.outcome.CommitOutcome;
import org.pgkeel.failover.outcome.CommitOutcome.Aborted;
import org.pgkeel.failover.outcome.CommitOutcome.Committed;
import org.pgkeel.failover.outcome.CommitOutcome.Reason;
import org.pgkeel.failover.outcome.CommitOutcome.Unknown;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.InFlight.Stage;
import org.pgkeel.failover.outcome.InFlight.StreamEnd;
import org.pgkeel.failover.outcome.NodeAnswer;
import org.pgkeel.failover.outcome.Origin;
import org.pgkeel.failover.outcome.Probe;
import org.pgkeel.failover.outcome.Sightings;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.failover.outcome.Work;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.observe.OutcomeSnapshot;

class OutcomeResolverTest {
    private static final NodeAddress PG1 = new NodeAddress("pg1", 5432);
    private static final NodeAddress PG2 = new NodeAddress("pg2", 5432);
    private static final Lifetime LIFE = new Lifetime("10:00", "reset 1");
    private static final Origin ORIGIN = new Origin(PG1, 4, LIFE);

    private final FakeServer server = new FakeServer();
    private final AtomicReference<Optional<NodeAddress>> primary = new AtomicReference<>(Optional.of(PG1));
    private final AtomicLong clock = new AtomicLong(1);
    private final Sightings sightings = new Sightings(Duration.ofSeconds(1));
    private final ScheduledExecutorService rooms = Executors.newSingleThreadScheduledExecutor();
    private OutcomeResolver resolver = resolver(new OutcomeLimits(Duration.ofSeconds(10), 100, Duration.ofSeconds(2)));

    private OutcomeResolver resolver(OutcomeLimits limits) {
        return new OutcomeResolver(primary::get, server, server, HistorySource.ofFiles(server), sightings, limits, rooms, clock::get);
    }

    @AfterEach
    void end() {
        rooms.shutdownNow();
    }

    private static InFlight lost(long xid, String position) {
        return new InFlight(ORIGIN, 1234, Work.TRANSACTION, Stage.COMMIT_SENT, StreamEnd.BROKEN, Probe.answered(new TransactionMark(xid, Lsn.parse(position))));
    }

    private CompletableFuture<CommitOutcome> resolve(InFlight lost) {
        return resolve(lost, clock.get());
    }

    private CompletableFuture<CommitOutcome> resolve(InFlight lost, long aliveNanos) {
        return resolver.resolve(lost, aliveNanos, Runnable::run).toCompletableFuture();
    }

    private static CommitOutcome outcome(CompletableFuture<CommitOutcome> resolved) {
        return resolved.orTimeout(90, TimeUnit.SECONDS).join();
    }

    /// PG2 was seen following timeline 4, and is promoted to 5 at this position.
    private void promote(String at) {
        sightings.seen(new NodeAnswer(PG2, new Lifetime("09:00", "reset 9"), new NodeAnswer.Standby(4), Optional.empty()), 0, 0);
        server.change(() -> {
            server.start = "09:00";
            server.reset = "reset 9";
            server.timeline = 5;
            server.replayed = at;
        });
        primary.set(Optional.of(PG2));
    }

    private void seconds(long seconds) {
        clock.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }

    @Test
    void what_needs_no_server_is_decided_though_there_is_none() {
        primary.set(Optional.empty());
        var lost = new InFlight(ORIGIN, 1, Work.TRANSACTION, Stage.COMMIT_SENT, StreamEnd.IN_ORDER, new Probe.Unanswered());
        assertThat(outcome(resolve(lost))).isEqualTo(new Aborted(Reason.ENDED_BEFORE_MARK));
        assertThat(server.asked).isEmpty();
    }

    @Test
    void a_switch_between_the_position_and_the_commit_is_told_by_position_and_by_status() {
        server.statuses.put(70L, "committed");
        server.statuses.put(71L, "aborted");
        server.statuses.put(72L, "committed");   // given out again
        promote("0/2000");
        var before = resolve(lost(70, "0/1000"));
        var atTheEnd = resolve(lost(71, "0/1F00"));
        var behind = resolve(lost(72, "0/2001"));
        assertThat(outcome(before)).isEqualTo(new Committed(Reason.STATUS));
        assertThat(outcome(atTheEnd)).isEqualTo(new Aborted(Reason.STATUS));
        assertThat(outcome(behind)).isEqualTo(new Aborted(Reason.BEYOND_SWITCH));
        assertThat(resolver.open()).isZero();
    }

    @Test
    void it_waits_for_a_primary_and_for_one_that_has_left_recovery() {
        server.statuses.put(70L, "committed");
        primary.set(Optional.empty());
        var resolved = resolve(lost(70, "0/1000"));
        server.change(() -> server.standby = true);
        promote("0/2000");
        await().until(() -> server.asked("pg_xact_status") > 2);
        assertThat(resolved).isNotDone();
        server.change(() -> server.standby = false);
        assertThat(outcome(resolved)).isEqualTo(new Committed(Reason.STATUS));
    }

    /// Whether somebody's time is up is looked for with one glance at the clock.
    @Test
    void thousands_that_come_at_once_are_not_looked_through_for_each_of_them() throws Exception {
        int count = 5_000;
        var glances = new AtomicLong();
        resolver = new OutcomeResolver(Optional::empty, server, server, HistorySource.ofFiles(server), sightings, new OutcomeLimits(Duration.ofSeconds(10), 100, Duration.ofSeconds(2)), rooms, () -> {
            glances.incrementAndGet();
            return clock.get();
        });
        for (int i = 0; i < count; i++) resolver.check(lost(i, "0/1000"));
        rooms.submit(() -> { }).get(90, TimeUnit.SECONDS);
        assertThat(glances.get() - count).as("beside one for each when it comes: one a tick").isLessThan(count / 2);
    }

    @Test
    void without_a_primary_it_is_unknown_when_time_is_up() {
        primary.set(Optional.empty());
        var resolved = resolve(lost(70, "0/1000"));
        seconds(9);
        await().pollDelay(Duration.ofMillis(60)).until(() -> !resolved.isDone());
        seconds(1);
        assertThat(outcome(resolved)).isEqualTo(new Unknown(Reason.NO_PRIMARY_IN_TIME));
    }

    @Test
    void a_primary_that_does_not_answer_leaves_it_unknown_when_time_is_up() {
        server.change(() -> server.answers = false);
        var resolved = resolve(lost(70, "0/1000"));
        await().until(() -> server.asked("pg_xact_status") > 1);
        seconds(10);
        assertThat(outcome(resolved)).isEqualTo(new Unknown(Reason.NO_ANSWER_IN_TIME));
    }

    @Test
    void committed_on_its_own_server_it_waits_for_the_standbys() {
        server.statuses.put(70L, "committed");
        var resolved = resolve(lost(70, "0/1000"));
        await().until(() -> server.asked("pg_logical_emit_message") == 1);
        assertThat(resolved).isNotDone();
        server.replication.complete(List.of(List.of("0"), List.of("on"), List.of("10:00", "reset 1", "0/3000")));
        assertThat(outcome(resolved)).isEqualTo(new Committed(Reason.STATUS));
    }

    @Test
    void a_confirmation_from_another_life_of_the_server_does_not_count() {
        server.statuses.put(70L, "committed");
        var resolved = resolve(lost(70, "0/1000"));
        await().until(() -> server.asked("pg_logical_emit_message") == 1);
        CompletableFuture<List<List<String>>> first = server.replication;
        server.change(() -> {
            server.replication = new CompletableFuture<>();
            server.reset = "reset 2";
            server.start = "10:05";
            server.replayed = "0/900";
        });
        sightings.seen(new NodeAnswer(PG1, LIFE, new NodeAnswer.Writable(4, Optional.empty()), Optional.empty()), clock.get(), clock.get());
        first.complete(List.of(List.of("10:05", "reset 2", "0/3000")));
        assertThat(outcome(resolved)).as("the commit was not flushed before the crash").isEqualTo(new Aborted(Reason.BEYOND_SWITCH));
    }

    /// The proxy was stopped for a while, and hears of the end of the connection only when it goes on.
    @Test
    void that_a_connection_is_found_ended_late_hides_no_run_that_nobody_saw() {
        server.statuses.put(70L, "committed");
        sightings.seen(new NodeAnswer(PG1, LIFE, new NodeAnswer.Writable(4, Optional.empty()), Optional.empty()), clock.get(), clock.get());
        long asked = clock.incrementAndGet();
        seconds(30);
        server.change(() -> {
            server.reset = "reset 3";
            server.start = "10:06";
            server.replayed = "0/5000";
            server.replication.complete(List.of(List.of("0"), List.of("on"), List.of("10:06", "reset 3", "0/5000")));
        });
        var lost = new InFlight(ORIGIN, 1234, Work.TRANSACTION, Stage.COMMIT_SENT, StreamEnd.IN_ORDER, Probe.answered(new TransactionMark(70, Lsn.parse("0/1000"))));
        assertThat(outcome(resolve(lost, asked))).as("the status may be of a transaction of the run between").isEqualTo(new Unknown(Reason.CRASH_UNSEEN));
    }

    /// Deposed, and nobody has taken over yet: what it commits may be lost.
    @Test
    void a_confirmation_of_a_server_that_is_not_the_primary_any_more_does_not_count() throws Exception {
        server.statuses.put(70L, "committed");
        var resolved = resolve(lost(70, "0/3000"));
        await().until(() -> server.asked("pg_logical_emit_message") == 1);
        primary.set(Optional.empty());
        server.replication.complete(List.of(List.of("0"), List.of("on"), List.of("10:00", "reset 1", "")));
        rooms.submit(() -> { }).get(90, TimeUnit.SECONDS);
        promote("0/2000");
        assertThat(outcome(resolved)).as("committed on the old primary, not on the new one").isEqualTo(new Aborted(Reason.BEYOND_SWITCH));
    }

    @Test
    void a_confirmation_that_never_comes_leaves_it_unknown_and_one_of_a_fallen_server_is_not_waited_for() {
        server.statuses.put(70L, "committed");
        server.statuses.put(71L, "committed");
        var first = resolve(lost(70, "0/1000"));
        await().until(() -> server.asked("pg_logical_emit_message") == 1);
        seconds(10);
        assertThat(outcome(first)).isEqualTo(new Unknown(Reason.NOT_REPLICATED_IN_TIME));
        var second = resolve(lost(71, "0/5000"));
        await().until(() -> server.asked("'{71}'") == 1);
        promote("0/2000");
        assertThat(outcome(second)).isEqualTo(new Aborted(Reason.BEYOND_SWITCH));
    }

    @Test
    void a_transaction_that_still_runs_is_ended_after_a_while_and_then_judged() {
        server.statuses.put(70L, "in progress");
        var resolved = resolve(lost(70, "0/1000"));
        await().until(() -> server.asked("pg_xact_status") > 2);
        assertThat(server.asked("pg_terminate_backend")).isZero();
        clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(201));
        await().until(() -> server.asked("pg_terminate_backend") == 1);
        assertThat(server.asked.stream().filter(sql -> sql.contains("pg_terminate_backend")).findFirst().orElseThrow())
                .contains("pid = 1234", "backend_xid = '70'::xid", "is distinct from 'SyncRep'");
        server.change(() -> server.statuses.put(70L, "aborted"));
        assertThat(outcome(resolved)).isEqualTo(new Aborted(Reason.STATUS));
    }

    private static InFlight endOfPrepared(long xid) {
        return new InFlight(ORIGIN, 1234, Work.COMMIT_PREPARED, Stage.COMMIT_SENT, StreamEnd.BROKEN, Probe.answered(new TransactionMark(xid, Lsn.parse("0/1000"))));
    }

    @Test
    void the_end_of_a_prepared_transaction_has_not_happened_when_its_backend_is_gone_and_it_is_prepared_still() {
        server.statuses.put(70L, "prepared");
        var resolved = resolve(endOfPrepared(70));
        await().until(() -> server.asked("pg_xact_status") > 2);
        clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(201));
        await().until(() -> server.asked("pg_stat_activity where pid = 1234") == 1);
        assertThat(resolved).as("its backend is there").isNotDone();
        assertThat(server.asked("pg_terminate_backend")).isZero();
        server.change(() -> server.backendIsThere = false);
        seconds(2);
        assertThat(outcome(resolved)).isEqualTo(new Aborted(Reason.STILL_PREPARED));
    }

    @Test
    void that_a_backend_is_gone_from_another_run_of_the_server_says_nothing() {
        server.statuses.put(70L, "prepared");
        SqlAsker elsewhere = (node, sql) -> sql.contains("pg_stat_activity") ? CompletableFuture.completedFuture(List.of(List.of("10:05", "reset 1", "0"))) : server.ask(node, sql);
        resolver = new OutcomeResolver(primary::get, elsewhere, server, HistorySource.ofFiles(server), sightings, OutcomeLimits.DEFAULT, rooms, clock::get);
        var resolved = resolve(endOfPrepared(70));
        await().until(() -> server.asked("pg_xact_status") > 2);
        clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(201));
        long asked = server.asked("pg_xact_status");
        await().until(() -> server.asked("pg_xact_status") > asked + 3);
        assertThat(resolved).isNotDone();
    }

    @Test
    void one_that_runs_for_ever_is_unknown_when_time_is_up() {
        var resolved = resolve(lost(70, "0/1000"));
        await().until(() -> server.asked("pg_xact_status") > 1);
        seconds(10);
        assertThat(outcome(resolved)).isEqualTo(new Unknown(Reason.STILL_IN_PROGRESS));
    }

    @Test
    void a_history_that_comes_late_is_waited_for() {
        server.statuses.put(70L, "committed");
        server.change(() -> server.timeline = 7);
        primary.set(Optional.of(PG2));
        var resolved = resolve(lost(70, "0/1000"));
        await().until(() -> server.asked("00000007.history") == 1);
        server.change(() -> server.historyFile = "3\t0/500\treason\n4\t0/2000\treason\n");
        clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(300));   // Behind the change: it is asked once more, and not again.
        await().until(() -> server.asked("00000007.history") == 2);
        assertThat(outcome(resolved)).isEqualTo(new Committed(Reason.STATUS));
    }

    /// A server that is promoted before it has heard of another's timeline makes one of the same number.
    @Test
    void a_second_timeline_of_the_same_number_has_a_history_of_its_own() {
        server.statuses.put(70L, "committed");
        server.change(() -> {
            server.timeline = 7;
            server.historyFile = "4\t0/2000\treason\n";
        });
        primary.set(Optional.of(PG2));
        assertThat(outcome(resolve(lost(70, "0/1800")))).isEqualTo(new Committed(Reason.STATUS));
        server.change(() -> {
            server.start = "08:00";
            server.reset = "reset 8";
            server.historyFile = "4\t0/1000\treason\n";
        });
        primary.set(Optional.of(new NodeAddress("pg3", 5432)));
        assertThat(outcome(resolve(lost(70, "0/1800")))).isEqualTo(new Aborted(Reason.BEYOND_SWITCH));
    }

    @Test
    void without_a_history_only_a_status_other_than_committed_is_certain() {
        server.statuses.put(70L, "committed");
        server.statuses.put(71L, "aborted");
        server.change(() -> server.timeline = 7);
        primary.set(Optional.of(PG2));
        var committed = resolve(lost(70, "0/1000"));
        var aborted = resolve(lost(71, "0/1000"));
        assertThat(outcome(aborted)).isEqualTo(new Aborted(Reason.STATUS));
        assertThat(committed).isNotDone();
        seconds(3);
        assertThat(outcome(committed)).isEqualTo(new Unknown(Reason.NO_SWITCH_POINT));
    }

    @Test
    void thousands_are_asked_for_in_few_questions_and_each_gets_its_own_answer() {
        resolver = resolver(new OutcomeLimits(Duration.ofSeconds(10), 5000, Duration.ofSeconds(2)));
        for (long xid = 1; xid <= 3500; xid++) server.statuses.put(xid, xid % 3 == 0 ? "committed" : "aborted");
        promote("0/2000");
        var all = new ArrayList<CompletableFuture<CommitOutcome>>();
        rooms.execute(() -> await().until(() -> all.size() == 3500));
        for (long xid = 1; xid <= 3500; xid++) all.add(resolve(lost(xid, "0/1000")));
        for (int i = 0; i < 3500; i++) assertThat(outcome(all.get(i))).isEqualTo((i + 1) % 3 == 0 ? new Committed(Reason.STATUS) : new Aborted(Reason.STATUS));
        assertThat(server.asked("pg_xact_status")).isLessThan(10);
    }

    @Test
    void beyond_the_limit_it_is_unknown_at_once() {
        resolver = resolver(new OutcomeLimits(Duration.ofSeconds(10), 2, Duration.ofSeconds(2)));
        primary.set(Optional.empty());
        var first = resolve(lost(1, "0/1000"));
        var second = resolve(lost(2, "0/1000"));
        assertThat(outcome(resolve(lost(3, "0/1000")))).isEqualTo(new Unknown(Reason.TOO_MANY));
        assertThat(first).isNotDone();
        assertThat(second).isNotDone();
    }

    @Test
    void an_answer_of_a_server_that_is_not_the_primary_any_more_is_not_used() {
        var asked = new CompletableFuture<List<List<String>>>();
        SqlAsker slow = (node, sql) -> node.equals(PG1) && sql.contains("pg_xact_status") ? asked : server.ask(node, sql);
        resolver = new OutcomeResolver(primary::get, slow, server, HistorySource.ofFiles(server), sightings, OutcomeLimits.DEFAULT, rooms, clock::get);
        server.statuses.put(70L, "committed");
        var resolved = resolve(lost(70, "0/3000"));
        await().until(() -> resolver.open() == 1);
        promote("0/2000");
        asked.complete(List.of(List.of("f", "10:00", "reset 1", "4", "", "1", "committed")));
        assertThat(outcome(resolved)).as("committed on the old primary, not on the new one").isEqualTo(new Aborted(Reason.BEYOND_SWITCH));
    }

    @Test
    void nonsense_is_no_answer() {
        var nonsense = new AtomicReference<List<List<String>>>(List.of(List.of("f", "10:00", "reset 1", "4", "", "1", "perhaps")));
        SqlAsker strange = (node, sql) -> nonsense.get() == null ? server.ask(node, sql) : CompletableFuture.completedFuture(nonsense.get());
        resolver = new OutcomeResolver(primary::get, strange, server, HistorySource.ofFiles(server), sightings, OutcomeLimits.DEFAULT, rooms, clock::get);
        server.statuses.put(70L, "aborted");
        var resolved = resolve(lost(70, "0/1000"));
        for (List<List<String>> answer : List.of(List.<List<String>>of(), List.of(List.<String>of()), List.of(List.of("f")), List.of(List.of("maybe", "", "", "x", "", "1", "aborted")))) {
            nonsense.set(answer);
            await().pollDelay(Duration.ofMillis(60)).until(() -> !resolved.isDone());
        }
        nonsense.set(null);
        assertThat(outcome(resolved)).isEqualTo(new Aborted(Reason.STATUS));
    }

    @Test
    void the_counters_add_up() {
        server.statuses.put(70L, "committed");
        promote("0/2000");
        outcome(resolve(lost(70, "0/1000")));
        outcome(resolve(lost(71, "0/3000")));
        outcome(resolve(new InFlight(ORIGIN, 1, Work.COMMITS_INSIDE, Stage.COMMIT_SENT, StreamEnd.IN_ORDER, new Probe.NotSent())));
        OutcomeSnapshot counted = resolver.stats().snapshot("main");
        assertThat(counted.resolved()).containsExactly(new OutcomeSnapshot.Count("aborted", "beyond_switch", 1), new OutcomeSnapshot.Count("committed", "status", 1),
                new OutcomeSnapshot.Count("unknown", "commits_inside", 1));
        assertThat(counted.times().count()).isEqualTo(3);
        assertThat(counted.open()).isZero();
    }
}
