package org.pgkeel.proxy.session;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.TimeoutsConfig;
import org.pgkeel.proxy.refusal.RefusalReason;

/// Which of a client's limits is over: a decision on what it is doing and for how long.
enum TimeLimit {
    QUERY(RefusalReason.QUERY_TIMEOUT, "canceling statement: it ran longer than timeouts.query"),
    TRANSACTION(RefusalReason.TRANSACTION_TIMEOUT, "the transaction lasted longer than timeouts.transaction"),
    IDLE_IN_TRANSACTION(RefusalReason.IDLE_IN_TRANSACTION_TIMEOUT, "idle in transaction for longer than timeouts.idle-in-transaction"),
    CLIENT_IDLE(RefusalReason.CLIENT_IDLE_TIMEOUT, "idle for longer than timeouts.client-idle");

    /// What a client is doing.
    enum Activity { IDLE, QUERY, QUERY_IN_TRANSACTION, IDLE_IN_TRANSACTION }

    private final RefusalReason reason;
    private final String message;

    TimeLimit(RefusalReason reason, String message) {
        this.reason = reason;
        this.message = message;
    }

    RefusalReason reason() {
        return reason;
    }

    String message() {
        return message;
    }

    /// @param quietNanos  since the client's last request
    /// @param leasedNanos since its transaction began
    /// @return null if none is over
    static @Nullable TimeLimit exceeded(Activity activity, long quietNanos, long leasedNanos, TimeoutsConfig timeouts) {
        return switch (activity) {
            case IDLE -> over(quietNanos, timeouts.clientIdle()) ? CLIENT_IDLE : null;
            case QUERY -> over(quietNanos, timeouts.query()) ? QUERY : null;
            case QUERY_IN_TRANSACTION -> over(quietNanos, timeouts.query()) ? QUERY : over(leasedNanos, timeouts.transaction()) ? TRANSACTION : null;
            case IDLE_IN_TRANSACTION -> over(quietNanos, timeouts.idleInTransaction()) ? IDLE_IN_TRANSACTION
                    : over(leasedNanos, timeouts.transaction()) ? TRANSACTION : null;
        };
    }

    private static boolean over(long nanos, Duration limit) {
        return !limit.isZero() && nanos >= limit.toNanos();
    }
}
