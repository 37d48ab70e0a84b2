package org.pgkeel.proxy.session;

import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.TimeoutsConfig;
import org.pgkeel.proxy.relay.BackendConnection;

/// When one client did what, by `System.nanoTime()`: for its time limits, the latencies that are counted and the console.
///
/// Threading: confined to the session's event loop.
final class SessionTimes {
    private final long connectedNanos;
    private long requestNanos;
    private long turnNanos;
    private long readyNanos;
    private long leasedNanos;
    private long waitingSinceNanos;

    SessionTimes(long nowNanos) {
        this.connectedNanos = nowNanos;
        this.requestNanos = nowNanos;
        this.turnNanos = nowNanos;
        this.readyNanos = nowNanos;
        this.waitingSinceNanos = nowNanos;
    }

    /// The client has sent something, or the proxy asks in its place.
    void requested(long nowNanos) {
        requestNanos = nowNanos;
        turnNanos = nowNanos;
    }

    /// What the client has sent is looked at again.
    void resumed(long nowNanos) {
        turnNanos = nowNanos;
    }

    /// The client begins to wait.
    void waits(long nowNanos) {
        waitingSinceNanos = nowNanos;
    }

    /// What the client asks is asked from now on.
    void leased(long sinceNanos) {
        leasedNanos = sinceNanos;
        requestNanos = sinceNanos;
    }

    /// The client is about to hear that its batch is over; or that it never will be.
    void ready(long nowNanos) {
        readyNanos = nowNanos;
    }

    /// The client was answered before.
    boolean wasEverReady() {
        return readyNanos != connectedNanos;
    }

    long connectedNanos() {
        return connectedNanos;
    }

    /// Of the last request.
    long requestNanos() {
        return requestNanos;
    }

    /// When it was begun to look at what the client sends, for the last time: now, as exactly as that is needed without asking the clock again.
    long turnNanos() {
        return turnNanos;
    }

    /// When the lease began.
    long leasedNanos() {
        return leasedNanos;
    }

    /// Of the last answer.
    long readyNanos() {
        return readyNanos;
    }

    /// Since when it waits, if it waits.
    long waitingSinceNanos() {
        return waitingSinceNanos;
    }

    /// How long the request took that was just answered.
    long queryNanos() {
        return readyNanos - requestNanos;
    }

    /// How long the lease lasted up to the last answer.
    long transactionNanos() {
        return readyNanos - leasedNanos;
    }

    /// @param leased the client's backend
    /// @param asks   a question of the proxy's own stands behind the client's request, which is complete
    /// @return which of the client's limits is over; null if none is
    @Nullable TimeLimit exceeded(@Nullable BackendConnection leased, boolean asks, long nowNanos, TimeoutsConfig timeouts) {
        TimeLimit.Activity activity = activity(leased, asks);
        return TimeLimit.exceeded(activity, nowNanos - quietSince(activity), nowNanos - leasedNanos, timeouts);
    }

    /// A client is not idle while it waits for its reply, however long that takes.
    private long quietSince(TimeLimit.Activity activity) {
        return switch (activity) {
            case QUERY, QUERY_IN_TRANSACTION -> requestNanos;
            case IDLE, IDLE_IN_TRANSACTION -> readyNanos - requestNanos > 0 ? readyNanos : requestNanos;
        };
    }

    private static TimeLimit.Activity activity(@Nullable BackendConnection leased, boolean asks) {
        if (leased == null) return TimeLimit.Activity.IDLE;
        var exchange = leased.exchange();
        if (exchange.owed() > 0 || asks) return exchange.status() == 'I' ? TimeLimit.Activity.QUERY : TimeLimit.Activity.QUERY_IN_TRANSACTION;
        return exchange.status() != 'I' || exchange.batchOpen() ? TimeLimit.Activity.IDLE_IN_TRANSACTION : TimeLimit.Activity.IDLE;
    }
}
