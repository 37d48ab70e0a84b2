package org.pgkeel.proxy.server;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.pgkeel.proxy.admin.Operations;
import org.pgkeel.proxy.admin.Outcome;
import org.pgkeel.proxy.admin.Readiness;
import org.pgkeel.proxy.admin.ShutdownMode;
import org.pgkeel.proxy.observe.ClientSnapshot;
import org.pgkeel.proxy.observe.ConfigEntry;
import org.pgkeel.proxy.observe.DatabaseSnapshot;
import org.pgkeel.proxy.observe.DnsHost;
import org.pgkeel.proxy.observe.LoopSnapshot;
import org.pgkeel.proxy.observe.MemoryEntry;
import org.pgkeel.proxy.observe.PoolSnapshot;
import org.pgkeel.proxy.observe.ProxySnapshot;
import org.pgkeel.proxy.observe.ServerSnapshot;
import org.pgkeel.proxy.observe.StatsSnapshot;
import org.pgkeel.proxy.observe.UserSnapshot;

/// What an operator can see and do.
final class ProxyOperations implements Operations {
    private final ProxyServer server;

    ProxyOperations(ProxyServer server) {
        this.server = server;
    }

    @Override
    public CompletionStage<List<PoolSnapshot>> pools() {
        return CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<List<ClientSnapshot>> clients() {
        return CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<List<ServerSnapshot>> servers() {
        return CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<List<DatabaseSnapshot>> databases() {
        return CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<List<UserSnapshot>> users() {
        return CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<List<StatsSnapshot>> stats() {
        return CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<LoopSnapshot> counters() {
        return CompletableFuture.completedStage(LoopSnapshot.empty());
    }

    @Override
    public CompletionStage<List<ConfigEntry>> config() {
        return CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<List<MemoryEntry>> memory() {
        return CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<List<DnsHost>> dnsHosts() {
        return CompletableFuture.completedStage(List.of());
    }

    @Override
    public CompletionStage<ProxySnapshot> proxy() {
        return CompletableFuture.completedStage(null);
    }

    @Override
    public CompletionStage<Readiness> readiness() {
        return CompletableFuture.completedStage(Readiness.READY);
    }

    @Override
    public CompletionStage<?> eventLoopsAnswer() {
        return CompletableFuture.completedStage(null);
    }

    @Override
    public CompletionStage<Outcome> pause(Optional<String> database) {
        return CompletableFuture.completedStage(Outcome.DONE);
    }

    @Override
    public CompletionStage<Outcome> resume(Optional<String> database) {
        return CompletableFuture.completedStage(Outcome.DONE);
    }

    @Override
    public CompletionStage<Outcome> disable(String database) {
        return CompletableFuture.completedStage(Outcome.DONE);
    }

    @Override
    public CompletionStage<Outcome> enable(String database) {
        return CompletableFuture.completedStage(Outcome.DONE);
    }

    @Override
    public CompletionStage<Outcome> reconnect(Optional<String> database) {
        return CompletableFuture.completedStage(Outcome.DONE);
    }

    @Override
    public CompletionStage<Outcome> kill(Optional<String> database) {
        return CompletableFuture.completedStage(Outcome.DONE);
    }

    @Override
    public CompletionStage<Outcome> killClient(long clientId) {
        return CompletableFuture.completedStage(Outcome.DONE);
    }

    @Override
    public CompletionStage<Outcome> reload() {
        return CompletableFuture.completedStage(Outcome.DONE);
    }

    @Override
    public CompletionStage<Outcome> shutdown(ShutdownMode mode) {
        return CompletableFuture.completedStage(Outcome.DONE);
    }

    @Override
    public CompletionStage<Outcome> waitClose(Optional<String> database) {
        return CompletableFuture.completedStage(Outcome.DONE);
    }
}
