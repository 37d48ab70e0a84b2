package org.pgkeel.proxy.server;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.proxy.admin.Outcome;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.pool.CloseReason;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.session.ClientSession;
import org.pgkeel.proxy.session.DatabasePool;
import org.pgkeel.proxy.session.Pools;
import org.pgkeel.proxy.session.SessionContext;

/// The console's commands on pools and clients.
///
/// Threading: shared; commands come from any thread and act on the event loops.
final class Commands {
    private static final long POLL_MILLIS = 20;

    private final ProxyServer server;
    private final LoopSurvey loops;
    private final ScheduledExecutorService timer;

    /// @param timer asks again and again whether a command has ended
    Commands(ProxyServer server, LoopSurvey loops, ScheduledExecutorService timer) {
        this.server = server;
        this.loops = loops;
        this.timer = timer;
    }

    CompletionStage<Outcome> pause(Optional<String> database) {
        return forKnown(database, () -> {
            server.pools().pause(database);
            return until(() -> CompletableFuture.completedFuture(pauseEnded(database)));
        });
    }

    private Optional<Outcome> pauseEnded(Optional<String> database) {
        boolean paused = database.map(server.pools()::isPaused).orElse(server.pools().allPaused());
        if (!paused) return Optional.of(new Outcome.Failed(SqlState.QUERY_CANCELED, "resumed before all backend connections were given back"));
        return open(database) == 0 ? Optional.of(Outcome.DONE) : Optional.empty();
    }

    private int open(Optional<String> database) {
        return server.pools().pools(database).mapToInt(DatabasePool::open).sum();
    }

    CompletionStage<Outcome> resume(Optional<String> database) {
        return forKnown(database, () -> done(server.pools().resume(database) ? Outcome.DONE
                : new Outcome.Failed(SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE, database.map(name -> "database \"" + name + "\" is not paused").orElse("no database is paused"))));
    }

    CompletionStage<Outcome> disable(String database) {
        return forKnown(Optional.of(database), () -> {
            server.reception().disabled().add(database);
            return done(Outcome.DONE);
        });
    }

    CompletionStage<Outcome> enable(String database) {
        return forKnown(Optional.of(database), () -> {
            server.reception().disabled().remove(database);
            return done(Outcome.DONE);
        });
    }

    CompletionStage<Outcome> reconnect(Optional<String> database) {
        return forKnown(database, () -> {
            server.pools().pools(database).forEach(DatabasePool::recycle);
            return done(Outcome.DONE);
        });
    }

    CompletionStage<Outcome> kill(Optional<String> database) {
        return forKnown(database, () -> {
            server.pools().pause(database);
            return loops.tell(context -> {
                List<DatabasePool> killed = server.pools().pools(database).toList();
                for (var session : List.copyOf(context.sessions())) {
                    if (killed.contains(session.pool())) session.end(RefusalReason.KILLED, "an administrator killed the connections of this database");
                }
                long now = System.nanoTime();
                killed.stream().flatMap(pool -> pool.all().stream()).forEach(pool -> pool.slice(context.index()).closeAll(CloseReason.RECYCLED, now));
            }).thenApply(_ -> Outcome.DONE);
        });
    }

    CompletionStage<Outcome> killClient(long id) {
        return loops.ask(context -> kill(context, id)).thenApply(found -> found.contains(true) ? Outcome.DONE
                : new Outcome.Failed(SqlState.UNDEFINED_OBJECT, "there is no client " + id));
    }

    private static boolean kill(SessionContext context, long id) {
        Optional<ClientSession> found = context.sessions().stream().filter(session -> session.id() == id).findFirst();
        found.ifPresent(session -> session.end(RefusalReason.KILLED, "an administrator killed this connection"));
        return found.isPresent();
    }

    CompletionStage<Outcome> follow(String cluster, String node) {
        Optional<Cluster> known = server.clusters().all().stream().filter(each -> each.name().equals(cluster)).findFirst();
        if (known.isEmpty()) return done(new Outcome.Failed(SqlState.UNDEFINED_OBJECT, "there is no cluster \"" + cluster + "\""));
        return known.get().followByHand(node).thenApply(why -> why.<Outcome>map(text -> new Outcome.Failed(SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE, text)).orElse(Outcome.DONE));
    }

    CompletionStage<Outcome> waitClose(Optional<String> database) {
        return forKnown(database, () -> until(() -> loops.ask(context -> anyToClose(context, database))
                .thenApply(answers -> answers.contains(true) ? Optional.empty() : Optional.of(Outcome.DONE))));
    }

    private boolean anyToClose(SessionContext context, Optional<String> database) {
        long now = System.nanoTime();
        return server.pools().pools(database).flatMap(pool -> pool.all().stream()).flatMap(pool -> pool.slice(context.index()).connections().stream())
                .anyMatch(connection -> connection.closesWhenReleased(now));
    }

    private CompletionStage<Outcome> forKnown(Optional<String> database, Supplier<CompletionStage<Outcome>> command) {
        if (database.isEmpty() || Pools.database(server.config(), database.get()).isPresent()) return command.get();
        return done(new Outcome.Failed(SqlState.INVALID_CATALOG_NAME, "there is no database \"" + database.get() + "\""));
    }

    private static CompletionStage<Outcome> done(Outcome outcome) {
        return CompletableFuture.completedStage(outcome);
    }

    /// @param question empty while the command has not ended
    /// @return how it ended
    CompletableFuture<Outcome> until(Supplier<? extends CompletionStage<Optional<Outcome>>> question) {
        var ended = new CompletableFuture<Outcome>();
        ask(question, ended);
        return ended;
    }

    private void ask(Supplier<? extends CompletionStage<Optional<Outcome>>> question, CompletableFuture<Outcome> ended) {
        question.get().whenComplete((outcome, failure) -> {
            if (failure != null) ended.completeExceptionally(failure);
            else if (outcome.isPresent()) ended.complete(outcome.get());
            else timer.schedule(() -> ask(question, ended), POLL_MILLIS, TimeUnit.MILLISECONDS);
        });
    }
}
