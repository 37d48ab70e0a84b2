package org.pgkeel.proxy.server;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.pgkeel.proxy.session.SessionContext;

/// Asks all event loops the same. What belongs to a loop is read on it, and leaves it as an immutable value.
///
/// Threading: immutable.
record LoopSurvey(List<SessionContext> contexts) {
    /// A loop that takes longer is stuck. A machine that is short of CPU keeps one waiting for a second now and then.
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /// @param question called on each event loop
    /// @return the answers in the order of the loops; fails if a loop does not answer within five seconds
    <T> CompletableFuture<List<T>> ask(Function<SessionContext, T> question) {
        try {
            List<CompletableFuture<T>> answers = contexts.stream()
                    .map(context -> CompletableFuture.supplyAsync(() -> question.apply(context), context.loop())).toList();
            return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                    .orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                    .thenApply(_ -> answers.stream().map(CompletableFuture::join).toList());
        } catch (RejectedExecutionException stopped) {
            return CompletableFuture.failedFuture(stopped);
        }
    }

    /// The same for questions with many answers.
    <T> CompletableFuture<List<T>> askAll(Function<SessionContext, List<T>> question) {
        return ask(question).thenApply(perLoop -> perLoop.stream().flatMap(List::stream).toList());
    }

    /// Has each event loop do something.
    /// @return when all have done it
    CompletableFuture<?> tell(Consumer<SessionContext> what) {
        return ask(context -> {
            what.accept(context);
            return context;
        });
    }
}
