package org.pgkeel.bench.history;

/// What an operation wanted.
public enum Kind {
    /// One row with an id that nobody used before, by one statement on its own.
    INSERT(true, true),
    /// The same for several rows, by one COPY on its own: its data is not kept, so it may be told to send it again.
    COPY(true, false),
    /// The same for several rows, by one text that begins a transaction, inserts them and commits.
    SCRIPT(true, false),
    /// Money from one account to another, with a row in the ledger, in an explicit transaction.
    TRANSFER(true, false),
    /// A value at the end of a list, by one statement on its own.
    APPEND(true, true),
    /// The same in an explicit transaction.
    APPEND_IN_TRANSACTION(true, false),
    /// One more in a counter, by one statement on its own.
    INCREMENT(true, true),
    /// A list, a counter or a sum, by one statement on its own.
    READ(false, true),
    /// The end of a transaction that had failed: always possible.
    ROLLBACK(false, true),
    LOGIN(false, true),
    /// A pgbench transaction: seen from outside only.
    PGBENCH(true, false);

    private final boolean writes;
    private final boolean autocommit;

    Kind(boolean writes, boolean autocommit) {
        this.writes = writes;
        this.autocommit = autocommit;
    }

    public boolean writes() {
        return writes;
    }

    /// Nothing that the client could retry by rule: it expects no error at all.
    public boolean autocommit() {
        return autocommit;
    }
}
