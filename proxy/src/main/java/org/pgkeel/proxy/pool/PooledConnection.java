package org.pgkeel.proxy.pool;

import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// One backend connection, as the pool sees it. Threading: confined to the event loop of its slice.
///
/// | from      | event             | to        |
/// |-----------|-------------------|-----------|
/// | Idle      | lease             | Leased    |
/// | Idle      | check, taken over | Resetting |
/// | Leased    | release, clean    | Idle      |
/// | Leased    | release, unclean  | Resetting |
/// | Resetting | clean again       | Idle      |
/// | Idle      | moved             | Moving    |
/// | Moving    | adopted           | Idle      |
/// | any open  | close             | Closed    |
public abstract class PooledConnection {
    /// Where the connection is in its life with the pool.
    public enum State { IDLE, LEASED, RESETTING, MOVING, CLOSED }

    /// Behind a failover commits may wait for a standby for seconds: those of the next round are to wait beside them.
    private static final long PERMIT_NANOS = 200_000_000L;

    private State state = State.IDLE;
    private final long openedNanos;
    private long lifetimeEndsNanos;
    private long sinceNanos;
    private @Nullable LeaseGate permitOf;
    private long permittedNanos;

    /// @param nowNanos      the clock
    /// @param lifetimeNanos how long it may live, 0 for ever
    protected PooledConnection(long nowNanos, long lifetimeNanos) {
        this.openedNanos = nowNanos;
        this.sinceNanos = nowNanos;
        this.lifetimeEndsNanos = lifetimeNanos == 0 ? Long.MAX_VALUE : nowNanos + lifetimeNanos;
    }

    public final State state() {
        return state;
    }

    public final long openedNanos() {
        return openedNanos;
    }

    /// When the present state began.
    public final long sinceNanos() {
        return sinceNanos;
    }

    /// It will be closed as soon as it is idle.
    public final boolean tooOld(long nowNanos) {
        return lifetimeEndsNanos != Long.MAX_VALUE && nowNanos - lifetimeEndsNanos >= 0;
    }

    /// The connection is to be closed as soon as it is idle.
    final void expire(long nowNanos) {
        lifetimeEndsNanos = nowNanos;
    }

    final void become(State next, long nowNanos) {
        boolean allowed = switch (state) {
            case IDLE -> next != State.IDLE;
            case LEASED -> next == State.IDLE || next == State.RESETTING || next == State.CLOSED;
            case RESETTING, MOVING -> next == State.IDLE || next == State.CLOSED;
            case CLOSED -> false;
        };
        if (!allowed) throw new IllegalStateException("backend connection: " + state + " to " + next);
        state = next;
        sinceNanos = nowNanos;
    }

    /// The lease has a permit of a drain.
    /// @param nowNanos the clock: what the lease is told to begin at may be long ago
    final void permit(LeaseGate gate, long nowNanos) {
        permitOf = gate;
        permittedNanos = nowNanos;
    }

    /// The lease has no permit any more.
    /// @return the gate that is to get it back; null if it has none
    final @Nullable LeaseGate takePermit() {
        LeaseGate gate = permitOf;
        permitOf = null;
        return gate;
    }

    /// The lease has ended, or is none of those that begin any more: its permit goes back, if it has one.
    final void givePermitBack() {
        LeaseGate gate = takePermit();
        if (gate != null) gate.release();
    }

    /// A permit is for the beginning of a lease: who waits for an answer longer than that keeps nobody else from one.
    final void expirePermit(long nowNanos) {
        if (permitOf != null && nowNanos - permittedNanos >= PERMIT_NANOS) givePermitBack();
    }

    /// It was opened before the pool began to connect elsewhere.
    protected abstract boolean isStale();

    /// Ends it, and whoever has it hears that another server counts now.
    protected abstract void fence();

    /// The socket is open, as far as is known.
    protected abstract boolean isOpen();

    /// Asks whether the server still answers; ends in [PoolSlice#cleaned] or [PoolSlice#close].
    protected abstract void check();

    /// Closes the socket; the pool has forgotten the connection already.
    protected abstract void disconnect(CloseReason reason);

    /// It belongs to another slice from now on, of the same event loop.
    protected abstract void joins(PoolSlice<?> other);

    /// Moves the socket to another event loop, then runs `then` there.
    protected abstract void moveTo(PoolSlice<?> target, Runnable then);

    /// @param lifetimeNanos the configured age, 0 for ever
    /// @return it with up to 10 % taken off, so that connections opened together do not end together
    protected static long withJitter(long lifetimeNanos) {
        return lifetimeNanos == 0 ? 0 : lifetimeNanos - ThreadLocalRandom.current().nextLong(lifetimeNanos / 10 + 1);
    }
}
