package org.pgkeel.proxy.statement;

import io.netty.buffer.ByteBuf;

/// The look at every statement's bytes on the hot path: is there anything in it that pooling has to know? It knows words,
/// not quotes, so it errs only towards looking closer. One pass, no allocation.
public final class StatementScan {
    /// Nothing of interest: may run on any backend that has the client's settings.
    public static final int PLAIN = 0;
    /// To be taken apart by [Statements#parse].
    public static final int LOOK_CLOSER = 1;
    /// A statement begins with BEGIN, START, COMMIT, END, ROLLBACK or ABORT, in its plain form (no savepoint, no chain, no
    /// two-phase commit: those are [#LOOK_CLOSER]).
    public static final int TRANSACTION_CONTROL = 2;
    /// A string begins with `now`, `today`, `tomorrow` or `yesterday`: its value is taken when the statement is parsed, so a
    /// statement with it must not be kept prepared on the client's behalf.
    public static final int VOLATILE_LITERAL = 4;
    /// There is something behind a semicolon; it may be inside of a string.
    public static final int MULTI = 8;
    /// A statement begins with CREATE, ALTER or DROP.
    public static final int DDL = 16;

    private StatementScan() {}

    /// @return the flags that apply, or [#PLAIN]
    public static int scan(ByteBuf buf, int from, int to) {
        return LOOK_CLOSER;
    }
}
