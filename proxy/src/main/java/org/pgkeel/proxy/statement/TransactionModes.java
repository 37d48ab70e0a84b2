package org.pgkeel.proxy.statement;

/// What `BEGIN`, `START TRANSACTION` or `SET TRANSACTION` say of the transaction.
/// <https://www.postgresql.org/docs/current/sql-set-transaction.html>
public record TransactionModes(Mode mode, Isolation isolation) {
    /// Nothing said: the session's defaults hold.
    public static final TransactionModes UNSAID = new TransactionModes(Mode.UNSAID, Isolation.UNSAID);

    public enum Mode { UNSAID, READ_ONLY, READ_WRITE }

    /// `SERIALIZABLE` is refused by a hot standby.
    public enum Isolation { UNSAID, READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE }

    /// What is said later counts.
    TransactionModes with(TransactionModes later) {
        return new TransactionModes(later.mode == Mode.UNSAID ? mode : later.mode, later.isolation == Isolation.UNSAID ? isolation : later.isolation);
    }

    /// Reads the modes up to the statement's end.
    static TransactionModes read(Tokens tokens) {
        Mode mode = Mode.UNSAID;
        Isolation isolation = Isolation.UNSAID;
        while (!tokens.atEnd()) {
            Token token = tokens.take();
            if (token.isWord("read")) {
                if (tokens.takeIf("only")) mode = Mode.READ_ONLY;
                else if (tokens.takeIf("write")) mode = Mode.READ_WRITE;
                else if (tokens.takeIf("committed") || tokens.takeIf("uncommitted")) isolation = Isolation.READ_COMMITTED;
            } else if (token.isWord("repeatable")) {
                isolation = Isolation.REPEATABLE_READ;
            } else if (token.isWord("serializable")) {
                isolation = Isolation.SERIALIZABLE;
            }
        }
        return new TransactionModes(mode, isolation);
    }
}
