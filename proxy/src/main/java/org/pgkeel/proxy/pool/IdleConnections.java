package org.pgkeel.proxy.pool;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The connections of one slice that nobody uses: which is lent next, which has to answer a check before that, which is closed. The connection
/// used last is lent first, so that what is not needed grows old and is closed.
///
/// Threading: confined to the slice's event loop.
///
/// @param <C> the connections of the pool
final class IdleConnections<C extends PooledConnection> {
    private final PoolSlice<C> slice;
    private final SharedPool<C> shared;
    /// The one used last is the first.
    private final ArrayDeque<C> idle = new ArrayDeque<>();
    /// Those that are asked whether they still answer, as they were idle for long, or whether they lead to a primary.
    private final Set<C> checking = Collections.newSetFromMap(new IdentityHashMap<>());

    IdleConnections(PoolSlice<C> slice) {
        this.slice = slice;
        this.shared = slice.shared();
    }

    int size() {
        return idle.size();
    }

    /// Those that are asked something.
    int checking() {
        return checking.size();
    }

    /// Those that could be lent at once: who waits for them waits for the gate.
    int ready(long nowNanos) {
        int ready = 0;
        for (C connection : idle) {
            if (needsCheck(connection, nowNanos)) break;
            if (!connection.isStale()) ready++;
        }
        return ready;
    }

    private boolean needsCheck(C connection, long nowNanos) {
        long checkAfter = shared.settings().timeouts().serverCheckAfter().toNanos();
        return checkAfter > 0 && nowNanos - connection.sinceNanos() >= checkAfter;
    }

    /// It was used last.
    void add(C connection) {
        idle.addFirst(connection);
    }

    /// It is closed.
    void remove(C connection) {
        idle.remove(connection);
        checking.remove(connection);
    }

    /// The one used last, if it needs no check: the others have been idle for longer. Where the pool connects elsewhere by now, it is
    /// not lent any more, though its end is still among the loop's tasks.
    @Nullable C poll(long nowNanos) {
        C connection = peekValid(nowNanos);
        return connection == null || needsCheck(connection, nowNanos) ? null : idle.pollFirst();
    }

    private @Nullable C peekValid(long nowNanos) {
        C connection = idle.peekFirst();
        while (connection != null && connection.isStale()) {
            slice.close(connection, CloseReason.RECYCLED, nowNanos);
            connection = idle.peekFirst();
        }
        return connection;
    }

    /// The one used last leaves for another pool, which is to check it.
    @Nullable C leave(long nowNanos) {
        C connection = peekValid(nowNanos);
        if (connection != null) idle.pollFirst();
        return connection;
    }

    /// Asks the one used last whether it still answers.
    /// @return false if there is none
    boolean checkOne(long nowNanos) {
        C connection = idle.pollFirst();
        if (connection == null) return false;
        asked(connection, nowNanos);
        connection.check();
        return true;
    }

    /// It is not lent before it has answered.
    void asked(C connection, long nowNanos) {
        connection.become(PooledConnection.State.RESETTING, nowNanos);
        checking.add(connection);
    }

    /// It has answered, if it was asked.
    void checked(C connection) {
        checking.remove(connection);
    }

    /// Closes the one that nobody has used for longest, if there is one.
    void closeOldest(CloseReason reason, long nowNanos) {
        C oldest = idle.peekLast();
        if (oldest != null) slice.close(oldest, reason, nowNanos);
    }

    void closeAll(CloseReason reason, long nowNanos) {
        for (var connection : List.copyOf(idle)) slice.close(connection, reason, nowNanos);
    }

    /// Closes those that nobody has needed for long, and those that have become too old.
    void expire(long nowNanos) {
        long idleMax = shared.settings().timeouts().serverIdle().toNanos();
        int min = shared.settings().shape().min();
        for (var connection = idle.peekLast(); connection != null; connection = idle.peekLast()) {
            boolean unused = idleMax > 0 && nowNanos - connection.sinceNanos() >= idleMax && shared.open() > min;
            if (!unused) break;
            slice.close(connection, CloseReason.IDLE, nowNanos);
        }
        for (var connection : List.copyOf(idle)) {
            if (connection.tooOld(nowNanos)) slice.close(connection, CloseReason.LIFETIME, nowNanos);
        }
    }

    /// A reload lowered a limit.
    void closeExcess(long nowNanos) {
        while (!idle.isEmpty() && shared.placesExceeded()) slice.close(idle.peekLast(), CloseReason.TOO_MANY, nowNanos);
    }
}
