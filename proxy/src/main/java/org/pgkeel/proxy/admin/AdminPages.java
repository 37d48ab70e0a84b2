package org.pgkeel.proxy.admin;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The pages of the HTTP port. Every page waits a bounded time for the event loops.
/// Threading: shared; pages complete on any thread.
final class AdminPages {
    private static final long HEALTH_MILLIS_MAX = 2_000;
    private static final long SNAPSHOT_MILLIS_MAX = 5_000;
    private static final Logger LOG = LoggerFactory.getLogger(AdminPages.class);

    private final Operations operations;
    private final Metrics metrics;
    private final Clock clock;
    private final Executor own;

    /// @param own makes the pages: what they show comes from event loops that relay, and the last to answer has other things to do
    AdminPages(Operations operations, Metrics metrics, Clock clock, Executor own) {
        this.operations = operations;
        this.metrics = metrics;
        this.clock = clock;
        this.own = own;
    }

    /// @param path   without the query
    /// @param accept the Accept header, empty for none
    /// @return completes never exceptionally; empty: there is no such page
    Optional<CompletionStage<Page>> page(String path, String accept) {
        return switch (path) {
            case "/metrics" -> Optional.of(metrics(accept));
            case "/health/live" -> Optional.of(live());
            case "/health/ready" -> Optional.of(ready());
            case "/status" -> Optional.of(status());
            default -> Optional.empty();
        };
    }

    void close() {
        metrics.close();
    }

    /// Where the event loops do not answer, what is known without them is still worth a scrape.
    private CompletionStage<Page> metrics(String accept) {
        return bounded(Sample.take(operations), SNAPSHOT_MILLIS_MAX)
                .thenApply(Optional::of)
                .exceptionally(failure -> {
                    LOG.warn("metrics without snapshots: {}", reason(failure));
                    return Optional.empty();
                })
                .thenApplyAsync(sample -> metrics.page(sample, accept), own)
                .exceptionally(failure -> unavailable("metrics: " + reason(failure)));
    }

    private CompletionStage<Page> live() {
        return bounded(operations.eventLoopsAnswer(), HEALTH_MILLIS_MAX)
                .thenApply(_ -> Page.text(HttpResponseStatus.OK, "live"))
                .exceptionally(failure -> unavailable("event loops: " + reason(failure)));
    }

    private CompletionStage<Page> ready() {
        return bounded(operations.readiness(), HEALTH_MILLIS_MAX)
                .thenApply(readiness -> switch (readiness) {
                    case Readiness.Ready _ -> Page.text(HttpResponseStatus.OK, "ready");
                    case Readiness.NotReady(var reasons) -> unavailable(String.join("\n", reasons));
                })
                .exceptionally(failure -> unavailable("readiness: " + reason(failure)));
    }

    private CompletionStage<Page> status() {
        return bounded(Sample.take(operations).thenCombineAsync(operations.databases(),
                (sample, databases) -> StatusPage.render(sample, databases, clock.instant()), own), SNAPSHOT_MILLIS_MAX)
                .thenApply(Page::html)
                .exceptionally(failure -> unavailable("status: " + reason(failure)));
    }

    private static Page unavailable(String text) {
        return Page.text(HttpResponseStatus.SERVICE_UNAVAILABLE, text);
    }

    private static <T> CompletableFuture<T> bounded(CompletionStage<T> stage, long millisMax) {
        return stage.toCompletableFuture().copy().orTimeout(millisMax, TimeUnit.MILLISECONDS);
    }

    private static String reason(Throwable failure) {
        Throwable root = failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (root instanceof TimeoutException) return "no answer in time";
        LOG.error("admin page failed", root);
        return "failed, the log has the reason";
    }
}
