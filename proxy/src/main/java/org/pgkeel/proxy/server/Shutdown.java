package org.pgkeel.proxy.server;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.pgkeel.proxy.admin.ShutdownMode;
import org.pgkeel.proxy.pool.CloseReason;
import org.pgkeel.proxy.pool.SharedPool;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The end of the proxy, in good order: nobody new comes in, transactions finish, who is left hears why, backends hear
/// Terminate.
///
/// Threading: asked from any thread, run by the one that closes the server.
final class Shutdown {
    private static final Logger log = LoggerFactory.getLogger(Shutdown.class);
    private static final long POLL_MILLIS = 10;
    private static final Duration LOOPS_PATIENCE = Duration.ofSeconds(2);

    private final ProxyServer server;
    private final LoopSurvey loops;
    private final CompletableFuture<Void> asked = new CompletableFuture<>();
    private final CountDownLatch hurried = new CountDownLatch(1);
    private volatile Optional<ShutdownMode> mode = Optional.empty();

    Shutdown(ProxyServer server, LoopSurvey loops) {
        this.server = server;
        this.loops = loops;
    }

    /// Completes when the console asked for a shutdown.
    CompletableFuture<Void> asked() {
        return asked;
    }

    /// The first decides what is waited for; a later one that waits for nobody ends that wait.
    void ask(ShutdownMode how) {
        log.info("SHUTDOWN: {}", how);
        if (server.isDraining()) {
            if (how == ShutdownMode.IMMEDIATE) hurry();
        } else {
            mode = Optional.of(how);
            server.refuseNewClients();
            if (how == ShutdownMode.WAIT_FOR_SERVERS) server.pools().pause(Optional.empty());
        }
        asked.complete(null);
    }

    /// Ends the wait, if there is one.
    void hurry() {
        hurried.countDown();
    }

    /// Waits as long as the mode says, or for transactions, and then closes all connections.
    /// @param patience with transactions, if no SHUTDOWN of the console says otherwise
    void run(Duration patience) {
        ShutdownMode how = mode.orElse(null);
        switch (how) {
            case null -> drain(patience);
            case IMMEDIATE -> { }
            case WAIT_FOR_SERVERS -> await(() -> openServers() == 0, Optional.empty());
            case WAIT_FOR_CLIENTS -> await(() -> server.admission().clients() == 0, Optional.empty());
        }
        closeAll();
    }

    private void drain(Duration patience) {
        loops.contexts().forEach(context -> context.loop().execute(context::drain));
        await(() -> server.admission().clients() == 0, Optional.of(patience));
        int left = server.admission().clients();
        if (left > 0) log.warn("{} clients were still in a transaction when the wait was over (shutdown.max-wait = {} ms)", left, patience.toMillis());
    }

    private int openServers() {
        return server.pools().shared().mapToInt(SharedPool::open).sum();
    }

    /// Ends at once when somebody is in a hurry.
    private void await(BooleanSupplier done, Optional<Duration> patience) {
        long begin = System.nanoTime();
        try {
            while (!done.getAsBoolean() && (patience.isEmpty() || System.nanoTime() - begin < patience.get().toNanos())) {
                if (hurried.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) return;
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeAll() {
        server.pools().pause(Optional.empty());
        server.reception().dismissOperators();
        try {
            loops.tell(context -> {
                for (var session : List.copyOf(context.sessions())) session.end(RefusalReason.SHUTDOWN, "the proxy shuts down");
                long now = System.nanoTime();
                server.pools().shared().forEach(pool -> pool.slice(context.index()).closeAll(CloseReason.SHUTDOWN, now));
            }).get(LOOPS_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        } catch (Exception stuck) {
            log.warn("an event loop did not close its connections in time: {}", stuck.toString());
        }
        await(() -> server.cancelsUnderWay() == 0, Optional.of(LOOPS_PATIENCE));   // for statements of the clients that were left
    }
}
