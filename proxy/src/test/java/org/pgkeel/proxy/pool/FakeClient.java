package org.pgkeel.proxy.pool;

import java.util.Optional;
import org.pgkeel.proxy.refusal.Refusal;

/// A client that asks for one lease at a time and counts what it hears.
final class FakeClient implements Waiter<FakeConnection> {
    final String name;
    Optional<FakeConnection> leased = Optional.empty();
    Optional<Refusal> refused = Optional.empty();
    private int requestBytes = 10;
    private boolean asked;
    private boolean findsElsewhere;
    private Runnable onAnswer = () -> { };

    FakeClient(String name) {
        this.name = name;
    }

    FakeClient requestBytes(int bytes) {
        requestBytes = bytes;
        return this;
    }

    /// From now on another pool can serve it.
    void hasAnotherPool() {
        findsElsewhere = true;
    }

    FakeClient onAnswer(Runnable action) {
        onAnswer = action;
        return this;
    }

    /// The client asks, and goes on waiting if there is nothing yet.
    void ask(PoolSlice<FakeConnection> slice, long nowNanos) {
        if (asked || leased.isPresent()) throw new AssertionError(name + " asks twice");
        asked = true;
        refused = Optional.empty();
        FakeConnection now = slice.lease(this, nowNanos);
        if (now != null) leased(now);
    }

    /// The client has lost what it had, and asks ahead of all others.
    FakeClient asksAgain(PoolSlice<FakeConnection> slice, long nowNanos) {
        asked = true;
        slice.leaseAgain(this, nowNanos);
        return this;
    }

    void giveBack(long nowNanos) {
        FakeConnection connection = handOver();
        connection.slice.release(connection, nowNanos);
    }

    /// The client has the connection no more, whatever becomes of it.
    FakeConnection handOver() {
        FakeConnection connection = leased.orElseThrow();
        leased = Optional.empty();
        connection.holder = Optional.empty();
        return connection;
    }

    void leave(PoolSlice<FakeConnection> slice) {
        asked = false;
        slice.leave(this);
    }

    boolean isWaiting() {
        return asked;
    }

    @Override
    public void leased(FakeConnection connection) {
        if (!asked) throw new AssertionError(name + " is served twice");
        if (connection.holder.isPresent()) throw new AssertionError(connection + " is lent to " + connection.holder.get() + " and to " + name);
        if (connection.state() != PooledConnection.State.LEASED) throw new AssertionError(connection + " is lent");
        asked = false;
        connection.holder = Optional.of(this);
        leased = Optional.of(connection);
        onAnswer.run();
    }

    @Override
    public int requestBytes() {
        return requestBytes;
    }

    @Override
    public boolean findsElsewhere() {
        return findsElsewhere;
    }

    @Override
    public void left() {
        if (!asked) throw new AssertionError(name + " is told that it left, and did not wait");
        asked = false;
    }

    @Override
    public void refused(Refusal refusal) {
        if (!asked) throw new AssertionError(name + " is answered twice");
        asked = false;
        refused = Optional.of(refusal);
        onAnswer.run();
    }

    @Override
    public String toString() {
        return name;
    }
}
