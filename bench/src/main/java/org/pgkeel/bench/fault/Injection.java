package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.pgkeel.bench.cluster.PatroniNode;

/// A fault that has been injected and not healed yet.
///
/// Threading: [#heal] may be called from any thread; only its first call does something.
public final class Injection implements AutoCloseable {
    /// Undoes damage.
    interface Cure {
        void heal() throws IOException;
    }

    /// Orders something that takes its time.
    interface Order {
        void carryOut() throws IOException, InterruptedException;
    }

    private static final Duration LOOK_UP_EVERY = Duration.ofMillis(500);
    private static final Cure NOTHING = () -> { };

    private final Fault fault;
    private final Scene scene;
    private final Optional<PatroniNode> victim;
    private final OptionalLong timelineBefore;
    private final Instant at;
    private final Until until;
    private final CompletableFuture<Void> order;
    private final Cure cure;
    private boolean healed;

    private Injection(Before before, Until until, CompletableFuture<Void> order, Cure cure) {
        this.fault = before.fault;
        this.scene = before.scene;
        this.victim = before.victim;
        this.timelineBefore = before.timeline;
        this.at = before.at;
        this.until = until;
        this.order = order;
        this.cure = cure;
    }

    /// What is noted before anything is done.
    ///
    /// @param at when it began
    record Before(Fault fault, Scene scene, Optional<PatroniNode> victim, OptionalLong timeline, Instant at) {
        static Before of(Fault fault, Scene scene, PatroniNode victim) {
            OptionalLong timeline = scene.cluster().timeline();
            return new Before(fault, scene, Optional.of(victim), timeline, Instant.now());
        }

        static Before of(Fault fault, Scene scene) {
            OptionalLong timeline = scene.cluster().timeline();
            return new Before(fault, scene, Optional.empty(), timeline, Instant.now());
        }

        /// The damage is done and heals by itself.
        Injection done(Until until) {
            return done(until, NOTHING);
        }

        /// The damage is done.
        Injection done(Until until, Cure cure) {
            return new Injection(this, until, CompletableFuture.completedFuture(null), cure);
        }

        /// The damage is being done.
        Injection ordered(Until until, Order order) {
            var carriedOut = new CompletableFuture<Void>();
            Thread.ofVirtual().name(fault.name()).start(() -> {
                try {
                    order.carryOut();
                    carriedOut.complete(null);
                } catch (IOException | InterruptedException | RuntimeException e) {
                    carriedOut.completeExceptionally(e);
                }
            });
            return new Injection(this, until, carriedOut, NOTHING);
        }
    }

    public Fault fault() {
        return fault;
    }

    /// Just before the first blow.
    public Instant at() {
        return at;
    }

    /// The node that was hit, if it was one.
    public Optional<PatroniNode> victim() {
        return victim;
    }

    public Until until() {
        return until;
    }

    /// Waits until the fault has lasted as long as it should.
    ///
    /// @return the node that was promoted because of it; empty if none was, or it is not waited for
    /// @throws IOException if an order was refused or not carried out in time
    public Optional<PatroniNode> awaitDue() throws IOException, InterruptedException {
        return switch (until) {
            case Until.Past(var time) -> {
                TimeUnit.NANOSECONDS.sleep(Math.max(0, Duration.between(Instant.now(), at.plus(time)).toNanos()));
                yield Optional.empty();
            }
            case Until.Promoted(var atMost, var more) -> {
                Optional<PatroniNode> promoted = awaitPromotion(at.plus(atMost));
                if (promoted.isPresent()) TimeUnit.NANOSECONDS.sleep(more.toNanos());
                yield promoted;
            }
            case Until.Done(var atMost) -> {
                awaitOrder(atMost);
                yield Optional.empty();
            }
        };
    }

    /// Undoes the damage; the cluster may take a while to get well, see [org.pgkeel.bench.cluster.PatroniCluster#awaitHealthy].
    public void heal() throws IOException {
        synchronized (this) {
            if (healed) return;
            healed = true;
        }
        cure.heal();
    }

    /// Heals.
    @Override
    public void close() throws IOException {
        heal();
    }

    @Override
    public String toString() {
        return fault.name() + victim.map(node -> " of " + node.name()).orElse("");
    }

    /// Looks up now and then whether the order has been refused: then nobody will be promoted.
    private Optional<PatroniNode> awaitPromotion(Instant deadline) throws IOException, InterruptedException {
        while (true) {
            Optional<PatroniNode> promoted = scene.cluster().awaitPromotion(timelineBefore.orElse(0), LOOK_UP_EVERY);
            if (promoted.isPresent() || Instant.now().isAfter(deadline)) return promoted;
            if (order.isDone()) awaitOrder(Duration.ZERO);
        }
    }

    private void awaitOrder(Duration limit) throws IOException, InterruptedException {
        try {
            order.get(Math.max(1, limit.toMillis()), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IOException(fault.name() + ": " + e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            throw new IOException(fault.name() + " was not carried out within " + limit, e);
        }
    }
}
