package org.pgkeel.proxy.session;

import java.util.EnumSet;
import java.util.Set;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementKind;

/// What one batch asks for, as far as it decides what may be done when its answer is lost.
///
/// @param executes  something in it is executed, not only prepared or described
/// @param onlyReads whatever it executes can only read, or concerns the session or the beginning of a transaction alone
/// @param kinds     of all that it executes
/// @param elsewhere something that it executes hangs on no transaction of this server
/// @param complete  its end was sent: a Query, a FunctionCall, or a Sync
public record BatchContents(boolean executes, boolean onlyReads, Set<StatementKind> kinds, boolean elsewhere, boolean complete) {
    /// Of a batch of which nothing else is known.
    /// @param mayCommit it, or one behind it, may end a transaction
    static BatchContents unknown(boolean complete, boolean mayCommit) {
        return new BatchContents(true, false, mayCommit ? EnumSet.of(StatementKind.OTHER, StatementKind.COMMIT) : EnumSet.of(StatementKind.OTHER), false, complete);
    }

    boolean has(StatementKind kind) {
        return kinds.contains(kind);
    }

    /// The same in a transaction block of PgKeel's own: nothing in it commits inside.
    BatchContents enclosed() {
        if (!has(StatementKind.COMMITS_INSIDE)) return this;
        Set<StatementKind> inside = EnumSet.copyOf(kinds);
        inside.remove(StatementKind.COMMITS_INSIDE);
        inside.add(StatementKind.DATA);
        return new BatchContents(executes, onlyReads, inside, elsewhere, complete);
    }

    /// It begins a transaction that is open behind it.
    boolean beginsTransaction() {
        return has(StatementKind.BEGIN) && !has(StatementKind.COMMIT);
    }

    /// Whether some of it may have been committed before its end, or has effects that hang on no transaction.
    boolean commitsInside() {
        return has(StatementKind.COMMITS_INSIDE) || has(StatementKind.PREPARE_TRANSACTION) || has(StatementKind.FINISH_PREPARED);
    }

    /// A statement that commits inside does so where it is alone, outside of a transaction block: elsewhere the server refuses that.
    /// @param inside a block is open where the text begins
    static boolean commitsInside(StatementClass statement, boolean inside) {
        return !inside && statement.kinds().size() == 1 && statement.has(StatementKind.COMMITS_INSIDE);
    }

    /// It does something that hangs on no transaction of this server: to prepare that does not.
    static boolean actsElsewhere(StatementClass statement) {
        return statement.actsElsewhere() && !isHarmless(statement);
    }

    /// All that it does is maintenance. Outside of a block it is done again; in one it is part of the transaction.
    static boolean maintains(StatementClass statement) {
        return isAll(statement, StatementKind.MAINTENANCE);
    }

    private static boolean isAll(StatementClass statement, StatementKind one) {
        return statement.has(one) && statement.kinds().stream().allMatch(kind -> kind == one);
    }

    /// It may be done again: it changes nothing but the session, or nothing that is stored.
    static boolean isHarmless(StatementClass statement) {
        return switch (statement.access()) {
            case READ, SESSION -> true;
            case TRANSACTION -> !statement.has(StatementKind.COMMIT) && !statement.has(StatementKind.PREPARE_TRANSACTION) && !statement.has(StatementKind.FINISH_PREPARED);
            case WRITE -> isAll(statement, StatementKind.LISTEN) || maintains(statement);
        };
    }
}
