package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;

/// What an error of the server means for the lease, whatever it means for the client. Decided by severity, SQLSTATE and routine, never by the
/// message's text.
/// <https://www.postgresql.org/docs/current/protocol-error-fields.html>
public final class ErrorMeaning {
    private ErrorMeaning() {}

    /// The server ends the session: FATAL or PANIC. Field V is never translated; S is, and a German ERROR begins with F.
    /// @param from where the body begins
    /// @param to   where it ends
    static boolean endsSession(ByteBuf in, int from, int to) {
        for (int at = from; at < to && in.getByte(at) != 0; ) {
            if (in.getByte(at) == 'V') return at + 1 < to && (in.getByte(at + 1) == 'F' || in.getByte(at + 1) == 'P');
            int end = in.indexOf(at, to, (byte) 0);
            if (end < 0) return false;
            at = end + 1;
        }
        return false;
    }

    /// The server, or an administrator, ends the session; not the client's doing. A server that panics goes down whole.
    static boolean isShutdown(byte[] body) {
        return ErrorBody.field(body, 'V').equals("PANIC") || ErrorBody.hasSqlState(body, "57P01") || ErrorBody.hasSqlState(body, "57P02") || ErrorBody.hasSqlState(body, "57P03");
    }

    /// A notice by which a server that is stopped at once, or that crashed, ends the session: not one that a function raises with that SQLSTATE.
    public static boolean isGoodbye(byte[] notice) {
        return isShutdown(notice) && ErrorBody.field(notice, 'R').equals("quickdie");
    }

    /// A replica's recovery ends the session: what it read is gone, or its database.
    static boolean isConflict(byte[] body) {
        return ErrorBody.hasSqlState(body, "40001") || ErrorBody.hasSqlState(body, "40P01") || ErrorBody.hasSqlState(body, "57P04");
    }

    /// `2D000` of a procedure's COMMIT or ROLLBACK: not of one that says so by itself.
    static boolean isRefusedEnd(ByteBuf in, int from, int to) {
        if (!beginsCode(in, from, to, '2', 'D')) return false;
        byte[] body = ErrorBody.copy(in, from, to);
        String routine = ErrorBody.field(body, 'R');
        return ErrorBody.hasSqlState(body, "2D000") && (routine.endsWith("SPI_commit") || routine.endsWith("SPI_rollback"));
    }

    /// `0A000` raised where a cached plan is looked at again: what is prepared does not fit the tables any more.
    /// @param from where the body begins
    /// @param to   where it ends
    static boolean isOutdatedPlan(ByteBuf in, int from, int to) {
        if (!beginsCode(in, from, to, '0', 'A')) return false;
        byte[] body = ErrorBody.copy(in, from, to);
        return ErrorBody.hasSqlState(body, "0A000") && ErrorBody.field(body, 'R').equals("RevalidateCachedQuery");
    }

    /// Whether the SQLSTATE is of this class; most errors are told from the rare ones by that.
    private static boolean beginsCode(ByteBuf in, int from, int to, char first, char second) {
        for (int i = from; i < to && in.getByte(i) != 0; ) {
            int end = in.indexOf(i, to, (byte) 0);
            if (end < 0) return false;
            if (in.getByte(i) == 'C' && !(end - i == 6 && in.getByte(i + 1) == first && in.getByte(i + 2) == second)) return false;
            i = end + 1;
        }
        return true;
    }
}
