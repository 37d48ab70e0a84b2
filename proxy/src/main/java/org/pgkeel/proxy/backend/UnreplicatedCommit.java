package org.pgkeel.proxy.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.backend.ErrorFields;
import org.pgkeel.protocol.backend.NoticeResponse;

/// Somebody cancelled the wait of a commit for its synchronous standbys: the server goes on as if it had succeeded, and nobody but the server has it.
/// Nothing that follows on this connection is believed; what became of the commit is found out as if the connection had been lost.
public final class UnreplicatedCommit extends RuntimeException {
    private static final String SQLSTATE = "01000";
    private static final String ROUTINE = "SyncRepWaitForLSN";

    public UnreplicatedCommit() {
        super("the wait of a commit for its synchronous standby was cancelled", null, false, false);
    }

    /// Whether a server says that with this notice: not one that a function raises with that SQLSTATE.
    public static boolean isToldBy(ErrorFields notice) {
        return notice.code().equals(SQLSTATE) && notice.byType().getOrDefault(ErrorFields.ROUTINE, "").equals(ROUTINE);
    }

    /// @param from where the NoticeResponse's body begins
    /// @param to   where it ends
    public static boolean isToldBy(ByteBuf in, int from, int to) {
        return isToldBy(NoticeResponse.decode(in.slice(from, to - from)).fields());
    }
}
