package org.pgkeel.proxy.pool;

import java.util.Optional;

/// A backend connection without a socket: it answers a check when the test says so.
final class FakeConnection extends PooledConnection {
    final int number;
    PoolSlice<FakeConnection> slice;
    int checks;
    boolean socketOpen = true;
    /// Of the pool when it began to connect.
    int epoch;
    Optional<CloseReason> closed = Optional.empty();
    Optional<FakeClient> holder = Optional.empty();

    FakeConnection(int number, PoolSlice<FakeConnection> slice, long nowNanos, long lifetimeNanos) {
        super(nowNanos, lifetimeNanos);
        this.number = number;
        this.slice = slice;
        this.epoch = slice.shared().epoch();
    }

    @Override
    protected boolean isOpen() {
        return socketOpen;
    }

    @Override
    protected boolean isStale() {
        return epoch != slice.shared().epoch();
    }

    @Override
    protected void fence() {
        slice.close(this, CloseReason.FENCED, openedNanos());
    }

    @Override
    protected void check() {
        checks++;
    }

    @Override
    protected void disconnect(CloseReason reason) {
        if (closed.isPresent()) throw new AssertionError("disconnected twice");
        closed = Optional.of(reason);
        socketOpen = false;
    }

    @Override
    @SuppressWarnings("unchecked")
    protected void joins(PoolSlice<?> other) {
        slice = (PoolSlice<FakeConnection>) other;
    }

    @Override
    protected void moveTo(PoolSlice<?> target, Runnable then) {
        target.eventLoop().execute(() -> {
            joins(target);
            then.run();
        });
    }

    @Override
    public String toString() {
        return "connection " + number + " " + state();
    }
}
