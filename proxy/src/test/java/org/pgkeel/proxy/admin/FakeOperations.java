package org.pgkeel.proxy.admin;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.LongStream;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.observe.ClientSnapshot;
import org.pgkeel.proxy.observe.ClusterSnapshot;
import org.pgkeel.proxy.observe.ConfigEntry;
import org.pgkeel.proxy.observe.DatabaseSnapshot;
import org.pgkeel.proxy.observe.DnsHost;
import org.pgkeel.proxy.observe.Endpoint;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.DedupSnapshot;
import org.pgkeel.proxy.observe.HoldSnapshot;
import org.pgkeel.proxy.observe.InsertHabit;
import org.pgkeel.proxy.observe.InsertTally;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.observe.LatencyHistogram;
import org.pgkeel.proxy.observe.LoopSnapshot;
import org.pgkeel.proxy.observe.LoopStats;
import org.pgkeel.proxy.observe.MemoryEntry;
import org.pgkeel.proxy.observe.OutcomeSnapshot;
import org.pgkeel.proxy.observe.PoolSnapshot;
import org.pgkeel.proxy.observe.PoolStats;
import org.pgkeel.proxy.observe.ProxySnapshot;
import org.pgkeel.proxy.observe.RouteSnapshot;
import org.pgkeel.proxy.observe.ServerSnapshot;
import org.pgkeel.proxy.observe.SizeHistogram;
import org.pgkeel.proxy.observe.StatsSnapshot;
import org.pgkeel.proxy.observe.UserSnapshot;
import org.pgkeel.proxy.observe.SpillSnapshot;

/// A proxy with one pool, that does what it is told and remembers it. Fields may be changed before the call that reads them.
final class FakeOperations implements Operations {
    static final Instant STARTED = Instant.parse("2026-01-02T03:04:05Z");
    static final String HOSTILE_NAME = "<script>\"'&";

    final List<String> done = Collections.synchronizedList(new ArrayList<>());
    volatile CompletionStage<Outcome> outcome = CompletableFuture.completedFuture(Outcome.DONE);
    volatile CompletionStage<Readiness> readiness = CompletableFuture.completedFuture(Readiness.READY);
    volatile CompletionStage<?> loops = CompletableFuture.completedFuture(null);
    volatile CompletionStage<List<PoolSnapshot>> pools = CompletableFuture.completedFuture(List.of(pool("app", "alice")));
    volatile int clients = 1;
    /// Beside the one that is always there.
    volatile List<CoalesceSnapshot> tables = List.of();

    static PoolSnapshot pool(String database, String user) {
        return new PoolSnapshot(database, user, "primary", PoolMode.TRANSACTION, new PoolSnapshot.Clients(11, 12, 13, 14),
                new PoolSnapshot.Servers(21, 22, 23, 24, 25, 26, 27), 3_000_004, 20, 2, 5, Map.of("listen", 3L, "temp_table", 1L));
    }

    private static ClientSnapshot client(long id) {
        return new ClientSnapshot(id, "alice", "app", "none", ClientSnapshot.State.ACTIVE, new Endpoint("10.0.0.9", 50_000),
                new Endpoint("10.0.0.1", 6432), STARTED, STARTED.plusSeconds(1), 2_000_003, false, OptionalLong.of(7), OptionalInt.empty(),
                "TLSv1.3/TLS_AES_256_GCM_SHA384", "psql", 4, Optional.of("listen"));
    }

    @Override public CompletionStage<List<PoolSnapshot>> pools() {
        return pools;
    }

    @Override public CompletionStage<List<ClientSnapshot>> clients() {
        return now(LongStream.rangeClosed(1, clients).mapToObj(FakeOperations::client).toList());
    }

    @Override public CompletionStage<List<ServerSnapshot>> servers() {
        return now(List.of(new ServerSnapshot(7, "alice", "app", "none", ServerSnapshot.State.ACTIVE, new Endpoint("10.0.0.2", 5432),
                new Endpoint("10.0.0.1", 40_000), STARTED, STARTED, true, OptionalLong.of(1), 4711, "", "psql", 9)));
    }

    @Override public CompletionStage<List<DatabaseSnapshot>> databases() {
        return now(List.of(new DatabaseSnapshot(HOSTILE_NAME, Optional.of(new Endpoint("10.0.0.2", 5432)), "app_prod", Optional.empty(),
                20, 2, 5, Duration.ofHours(1), PoolMode.TRANSACTION, OptionalInt.of(50), 6, OptionalInt.empty(), 7, true, false)));
    }

    @Override public CompletionStage<List<RouteSnapshot>> routes() {
        return now(List.of(new RouteSnapshot(1, "reads", "statement = read", "replica, role replica, consistency session; or else primary", 41),
                new RouteSnapshot(0, "", "", "primary", 1)));
    }

    @Override public CompletionStage<List<ClusterSnapshot>> clusters() {
        var primary = new ClusterSnapshot.Node("n1", "10.0.0.2:5432", "primary", "running", "running", OptionalInt.of(3), OptionalLong.empty(), OptionalLong.empty(), List.of(), Map.of());
        var replica = new ClusterSnapshot.Node("n2", "10.0.0.3:5432", "replica", "running", "timeout", OptionalInt.of(3), OptionalLong.of(4096), OptionalLong.of(1_500_000_000),
                List.of("read-only", "replica"), Map.of("zone", HOSTILE_NAME, "nofailover", "true"));
        var gone = new ClusterSnapshot.Node("n3", "10.0.0.4:5432", "unknown", "lost", "unreachable", OptionalInt.empty(), OptionalLong.empty(), OptionalLong.empty(), List.of(), Map.of());
        return now(List.of(new ClusterSnapshot("main", 7, Optional.of("connection_lost"), Set.of("paused"), Optional.of(STARTED), List.of(new ClusterSnapshot.Alarm("two_primaries",
                "2 servers take writes")), List.of(primary, replica, gone), 6, Map.of("connection_lost", 9L), Map.of("deposed", 2L),
                List.of(new ClusterSnapshot.PollError("n3", "patroni", "unreachable", 11))),
                new ClusterSnapshot("empty", 0, Optional.empty(), Set.of(), Optional.empty(), List.of(), List.of(), 0, Map.of(), Map.of(), List.of())));
    }

    @Override public CompletionStage<List<CoalesceSnapshot>> coalesced() {
        var batchRows = new SizeHistogram(SizeHistogram.Unit.ROWS);
        var batchBytes = new SizeHistogram(SizeHistogram.Unit.BYTES);
        for (int rows : new int[] {500, 400, 60}) {
            batchRows.record(rows);
            batchBytes.record(rows * 100);
        }
        var all = new ArrayList<>(List.of(new CoalesceSnapshot("public.events", Map.of(InsertWay.MANY_ROWS, 900L, InsertWay.STATEMENT, 60L, InsertWay.QUIET, 40L), batchRows.snapshot(), batchBytes.snapshot(),
                5, 500, 1, LatencyHistogram.Snapshot.empty(), LatencyHistogram.Snapshot.empty(), Map.of("23505", 2L), new SpillSnapshot(70, 7_000, 4, 400, LatencyHistogram.Snapshot.empty(), Map.of("write_failed", 1L)), new DedupSnapshot("on", 12), 300, 20)));
        all.addAll(tables);
        return now(all);
    }

    @Override public CompletionStage<List<InsertTally>> insertTallies() {
        return now(List.of(new InsertTally("app", "alice", "\"events\"", Map.of(InsertHabit.PLAIN, 60_000L, InsertHabit.IN_TRANSACTION, 600L), 60)));
    }

    @Override public CompletionStage<List<HoldSnapshot>> holds() {
        var times = new LatencyHistogram();
        times.record(3_000_000_000L);
        return now(List.of(new HoldSnapshot("main", "", "holding", "doubted", 250_000_000, 3, 300, 20, 10, 5, 2, 3_000_000_000L, Duration.ofSeconds(60), 10_000, 64 << 20, 8,
                times.snapshot(), LatencyHistogram.Snapshot.empty())));
    }

    @Override public CompletionStage<List<OutcomeSnapshot>> outcomes() {
        return now(List.of(new OutcomeSnapshot("main", List.of(new OutcomeSnapshot.Count("aborted", "beyond_switch", 5), new OutcomeSnapshot.Count("committed", "status", 7)),
                1, 100, 3, 2, 4, LatencyHistogram.Snapshot.empty())));
    }

    @Override public CompletionStage<List<UserSnapshot>> users() {
        return now(List.of(new UserSnapshot("alice", OptionalInt.of(10), OptionalInt.empty(), Optional.of(PoolMode.SESSION),
                OptionalInt.of(30), 3, OptionalInt.empty(), 4)));
    }

    @Override public CompletionStage<List<StatsSnapshot>> stats() {
        var alice = new PoolStats("app", "alice");
        alice.transactionEnded(2_000_000);
        alice.queryEnded(300_000);
        alice.queryEnded(700_000);
        alice.waited(5_000_000);
        alice.received(1_000);
        alice.sent(2_000);
        alice.clientParsed();
        alice.serverParsed();
        alice.bound();
        alice.serverAssigned();
        var bob = new PoolStats("app", "bob");
        bob.transactionEnded(1_000_000);
        return now(List.of(alice.snapshot(), bob.snapshot()));
    }

    @Override public CompletionStage<LoopSnapshot> counters() {
        var loop = new LoopStats();
        loop.login("ok");
        loop.login("bad_password");
        loop.refused("pool_wait");
        loop.pinned("listen");
        loop.clientClosed("terminated");
        loop.serverClosed("age");
        loop.cancelRequested();
        return now(loop.snapshot());
    }

    @Override public CompletionStage<List<ConfigEntry>> config() {
        return now(List.of(new ConfigEntry("listen.port", "6432", "6432", false)));
    }

    @Override public CompletionStage<List<MemoryEntry>> memory() {
        return now(List.of(new MemoryEntry("heap", 1, 100, 50, 8L << 30)));
    }

    @Override public CompletionStage<List<DnsHost>> dnsHosts() {
        return now(List.of(new DnsHost("pg1", Duration.ofSeconds(15), List.of("10.0.0.2", "10.0.0.3"))));
    }

    @Override public CompletionStage<ProxySnapshot> proxy() {
        return now(new ProxySnapshot(ProxySnapshot.State.ACTIVE, "0.1.0", STARTED, 1, 2, 3, 4, 5, 10_000, 6, Map.of("listen.tls.cert", Duration.ofDays(3))));
    }

    @Override public CompletionStage<Readiness> readiness() {
        return readiness;
    }

    @Override public CompletionStage<?> eventLoopsAnswer() {
        return loops;
    }

    @Override public CompletionStage<Outcome> pause(Optional<String> database) {
        return done("pause " + database.orElse("all"));
    }

    @Override public CompletionStage<Outcome> resume(Optional<String> database) {
        return done("resume " + database.orElse("all"));
    }

    @Override public CompletionStage<Outcome> disable(String database) {
        return done("disable " + database);
    }

    @Override public CompletionStage<Outcome> enable(String database) {
        return done("enable " + database);
    }

    @Override public CompletionStage<Outcome> reconnect(Optional<String> database) {
        return done("reconnect " + database.orElse("all"));
    }

    @Override public CompletionStage<Outcome> kill(Optional<String> database) {
        return done("kill " + database.orElse("all"));
    }

    @Override public CompletionStage<Outcome> killClient(long clientId) {
        return done("kill client " + clientId);
    }

    @Override public CompletionStage<Outcome> follow(String cluster, String node) {
        return done("follow " + cluster + " " + node);
    }

    @Override public CompletionStage<Outcome> reload() {
        return done("reload");
    }

    @Override public CompletionStage<Outcome> shutdown(ShutdownMode mode) {
        return done("shutdown " + mode);
    }

    @Override public CompletionStage<Outcome> waitClose(Optional<String> database) {
        return done("wait_close " + database.orElse("all"));
    }

    private CompletionStage<Outcome> done(String what) {
        done.add(what);
        return outcome;
    }

    private static <T> CompletionStage<T> now(T value) {
        return CompletableFuture.completedFuture(value);
    }
}
