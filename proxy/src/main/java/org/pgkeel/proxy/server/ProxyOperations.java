package org.pgkeel.proxy.server;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.proxy.admin.Operations;
import org.pgkeel.proxy.admin.Outcome;
import org.pgkeel.proxy.admin.Readiness;
import org.pgkeel.proxy.admin.ShutdownMode;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.observe.ClientSnapshot;
import org.pgkeel.proxy.observe.ClusterSnapshot;
import org.pgkeel.proxy.observe.CoalesceSnapshot;
import org.pgkeel.proxy.observe.ConfigEntry;
import org.pgkeel.proxy.observe.DatabaseSnapshot;
import org.pgkeel.proxy.observe.DnsHost;
import org.pgkeel.proxy.observe.HoldSnapshot;
import org.pgkeel.proxy.observe.InsertTally;
import org.pgkeel.proxy.observe.LoopSnapshot;
import org.pgkeel.proxy.observe.MemoryEntry;
import org.pgkeel.proxy.observe.OutcomeSnapshot;
import org.pgkeel.proxy.observe.PoolSnapshot;
import org.pgkeel.proxy.observe.ProxySnapshot;
import org.pgkeel.proxy.observe.RouteSnapshot;
import org.pgkeel.proxy.observe.ServerSnapshot;
import org.pgkeel.proxy.observe.StatsSnapshot;
import org.pgkeel.proxy.observe.UserSnapshot;
import org.pgkeel.proxy.route.RoutingTable;
import org.pgkeel.proxy.session.SessionContext;

/// What an operator can see and do: questions go to all event loops, and their answers are added up.
///
/// Threading: shared; immutable.
final class ProxyOperations implements Operations {
    private final ProxyServer server;
    private final LoopSurvey loops;
    private final Overview overview;
    private final Commands commands;
    private final ClusterProbe probe;

    ProxyOperations(ProxyServer server, LoopSurvey loops, ScheduledExecutorService timer, ClusterProbe probe) {
        this.server = server;
        this.loops = loops;
        this.overview = new Overview(server, Instant.now());
        this.commands = new Commands(server, loops, timer);
        this.probe = probe;
    }

    private LoopView view(SessionContext context) {
        return new LoopView(context, server.pools().all(), Instant.now());
    }

    @Override
    public CompletionStage<List<PoolSnapshot>> pools() {
        return loops.askAll(context -> view(context).pools()).thenApply(PoolSnapshot::merge);
    }

    @Override
    public CompletionStage<List<ClientSnapshot>> clients() {
        return loops.askAll(context -> view(context).clients()).thenApply(sessions -> {
            var all = new ArrayList<>(sessions);
            server.reception().operators().forEach(operator -> all.add(LoopView.operator(operator)));
            return all;
        });
    }

    @Override
    public CompletionStage<List<ServerSnapshot>> servers() {
        return loops.askAll(context -> view(context).servers());
    }

    @Override
    public CompletionStage<List<DatabaseSnapshot>> databases() {
        return CompletableFuture.completedStage(overview.databases());
    }

    @Override
    public CompletionStage<List<UserSnapshot>> users() {
        return CompletableFuture.completedStage(overview.users());
    }

    @Override
    public CompletionStage<List<StatsSnapshot>> stats() {
        return loops.askAll(context -> server.pools().shared().map(pool -> pool.slice(context.index()).stats().snapshot()).toList())
                .thenApply(StatsSnapshot::merge);
    }

    @Override
    public CompletionStage<LoopSnapshot> counters() {
        return loops.ask(context -> context.stats().snapshot()).thenApply(LoopSnapshot::merge);
    }

    @Override
    public CompletionStage<List<OutcomeSnapshot>> outcomes() {
        return CompletableFuture.completedFuture(server.outcomes().snapshots());
    }

    @Override
    public CompletionStage<List<ClusterSnapshot>> clusters() {
        return CompletableFuture.completedFuture(server.clusters().all().stream().map(Cluster::snapshot).toList());
    }

    @Override
    public CompletionStage<List<HoldSnapshot>> holds() {
        return CompletableFuture.completedFuture(server.pools().holds());
    }

    @Override
    public CompletionStage<List<CoalesceSnapshot>> coalesced() {
        return loops.askAll(context -> context.coalescer().snapshots()).thenApply(all -> {
            var byTable = new TreeMap<String, CoalesceSnapshot>();
            for (CoalesceSnapshot one : all) byTable.merge(one.table(), one, CoalesceSnapshot::plus);
            return List.copyOf(byTable.values());
        });
    }

    @Override
    public CompletionStage<List<InsertTally>> insertTallies() {
        return loops.askAll(context -> context.inserts().snapshots(System.nanoTime())).thenApply(InsertTally::merge);
    }

    @Override
    public CompletionStage<List<RouteSnapshot>> routes() {
        var config = server.config().routing();
        return loops.ask(context -> context.routeHits(config)).thenApply(hits -> RoutingTable.of(config).snapshot(hits.stream().flatMap(Optional::stream).toList()));
    }

    @Override
    public CompletionStage<List<ConfigEntry>> config() {
        return CompletableFuture.completedStage(server.effective().entries().stream()
                .map(entry -> new ConfigEntry(entry.key(), entry.value(), entry.defaultValue(), entry.reloadable())).toList());
    }

    @Override
    public CompletionStage<List<MemoryEntry>> memory() {
        record Cached(long statements, long bytes) {}
        return loops.ask(context -> new Cached(context.statements().size(), context.statements().bytes())).thenApply(all ->
                Overview.memory(all.stream().mapToLong(Cached::statements).sum(), all.stream().mapToLong(Cached::bytes).sum()));
    }

    /// Names are resolved by the operating system, for five seconds at a time: there is nothing to show.
    @Override
    public CompletionStage<List<DnsHost>> dnsHosts() {
        return CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<ProxySnapshot> proxy() {
        return CompletableFuture.completedStage(overview.proxy());
    }

    @Override
    public CompletionStage<Readiness> readiness() {
        if (server.isDraining()) return CompletableFuture.completedStage(new Readiness.NotReady(List.of("the proxy shuts down")));
        record Answer(String cluster, CompletableFuture<Boolean> reachable) {}
        List<Answer> answers = server.clusters().all().stream().map(cluster -> new Answer(cluster.name(), probe.reachable(cluster))).toList();
        return CompletableFuture.allOf(answers.stream().map(Answer::reachable).toArray(CompletableFuture[]::new)).thenApply(_ -> {
            List<String> reasons = answers.stream().filter(answer -> !answer.reachable.join())
                    .map(answer -> "cluster " + answer.cluster + ": no PostgreSQL can be reached").toList();
            return reasons.isEmpty() ? Readiness.READY : new Readiness.NotReady(reasons);
        });
    }

    @Override
    public CompletionStage<?> eventLoopsAnswer() {
        return loops.ask(SessionContext::index);
    }

    @Override
    public CompletionStage<Outcome> pause(Optional<String> database) {
        return commands.pause(database);
    }

    @Override
    public CompletionStage<Outcome> resume(Optional<String> database) {
        return commands.resume(database);
    }

    @Override
    public CompletionStage<Outcome> disable(String database) {
        return commands.disable(database);
    }

    @Override
    public CompletionStage<Outcome> enable(String database) {
        return commands.enable(database);
    }

    @Override
    public CompletionStage<Outcome> reconnect(Optional<String> database) {
        return commands.reconnect(database);
    }

    @Override
    public CompletionStage<Outcome> kill(Optional<String> database) {
        return commands.kill(database);
    }

    @Override
    public CompletionStage<Outcome> killClient(long clientId) {
        return commands.killClient(clientId);
    }

    @Override
    public CompletionStage<Outcome> follow(String cluster, String node) {
        return commands.follow(cluster, node);
    }

    @Override
    public CompletionStage<Outcome> reload() {
        return server.reloadAsync().thenApply(problems -> problems.isEmpty() ? Outcome.DONE
                : new Outcome.Failed(SqlState.INVALID_PARAMETER_VALUE, "not reloaded: " + String.join("\n", problems)));
    }

    @Override
    public CompletionStage<Outcome> shutdown(ShutdownMode mode) {
        server.askShutdown(mode);
        return CompletableFuture.completedStage(Outcome.DONE);
    }

    @Override
    public CompletionStage<Outcome> waitClose(Optional<String> database) {
        return commands.waitClose(database);
    }
}
