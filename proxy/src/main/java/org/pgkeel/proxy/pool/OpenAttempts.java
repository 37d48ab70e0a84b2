package org.pgkeel.proxy.pool;

import java.util.Optional;
import org.pgkeel.proxy.refusal.Refusal;

/// A slice's attempts to open connections: how many are under way, and when the next may begin.
///
/// | pace   | event                           | next   |
/// |--------|---------------------------------|--------|
/// | Freely | an attempt fails, or is put off | Singly |
/// | Singly | an attempt fails, or is put off | Singly, from a later time on |
/// | Singly | an attempt succeeds             | Freely |
/// | Singly | the cluster's hold changes      | Freely |
///
/// Every attempt has a place in the pool's limits, which it keeps when it succeeds and gives back otherwise.
///
/// Threading: confined to the slice's event loop.
///
/// @param <C> the connections of the pool
final class OpenAttempts<C extends PooledConnection> {
    private static final long PUT_OFF_NANOS = 20_000_000;

    private sealed interface Pace {
        Pace FREELY = new Freely();

        /// As many as there are clients to serve.
        record Freely() implements Pace {}

        /// One at a time.
        /// @param fromNanos when the next may begin
        record Singly(long fromNanos) implements Pace {}
    }

    private final PoolSlice<C> slice;
    private final SharedPool<C> shared;
    private final Opener<C> opener;
    private int underWay;
    private Pace pace = Pace.FREELY;
    private Optional<Refusal> lastFailure = Optional.empty();

    OpenAttempts(PoolSlice<C> slice, Opener<C> opener) {
        this.slice = slice;
        this.shared = slice.shared();
        this.opener = opener;
    }

    int underWay() {
        return underWay;
    }

    /// Why the last one failed, if none has succeeded since.
    Optional<Refusal> lastFailure() {
        return lastFailure;
    }

    /// There is a server to connect to, and the pool lends.
    boolean areAllowed() {
        return !shared.paused() && !shared.isRetired() && shared.mayOpen();
    }

    /// The last one failed a short while ago.
    boolean isTooSoon(long nowNanos) {
        return pace instanceof Pace.Singly(long fromNanos) && nowNanos - fromNanos < 0;
    }

    /// Another one is not to begin before this one has ended: one failed before, or has already ended so.
    boolean isSingle() {
        return pace instanceof Pace.Singly;
    }

    /// Begins one. It may end before this returns.
    /// @param reserve connections beyond the pool's own limit that may be opened too
    /// @return false if the limits leave no place for it
    boolean begin(int reserve) {
        return shared.takePlace(reserve) && begun();
    }

    /// Begins one that nobody waits for.
    /// @return false if the limits leave no place for it
    boolean beginSpare() {
        return shared.takeSparePlace() && begun();
    }

    private boolean begun() {
        underWay++;
        opener.open(slice);
        return true;
    }

    void succeeded() {
        underWay--;
        lastFailure = Optional.empty();
        pace = Pace.FREELY;
    }

    /// The next one comes after `timeouts.server-login-retry`.
    void failed(Refusal why, long nowNanos) {
        ended(why, nowNanos + shared.settings().timeouts().serverLoginRetry().toNanos());
    }

    /// One that nobody waited for failed: who comes next tries for itself.
    void spareFailed() {
        underWay--;
        shared.givePlaceBack();
    }

    /// It ended without a verdict. The next one comes soon, or when the hold changes.
    void putOff(Refusal why, long nowNanos) {
        ended(why, nowNanos + PUT_OFF_NANOS);
    }

    private void ended(Refusal why, long nextNanos) {
        underWay--;
        shared.givePlaceBack();
        lastFailure = Optional.of(why);
        pace = new Pace.Singly(nextNanos);
    }

    void holdChanged() {
        pace = Pace.FREELY;
    }
}
