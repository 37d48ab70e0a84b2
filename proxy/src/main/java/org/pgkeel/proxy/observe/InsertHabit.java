package org.pgkeel.proxy.observe;

import java.util.Locale;

/// How rows come into a table, to those who ask whether their INSERTs could share commits.
public enum InsertHabit {
    /// One row of parameters and literals, outside of a transaction: as COPY, if its table allows that.
    PLAIN(Fate.COPY),
    /// One row, outside of a transaction; it asks for something back.
    RETURNING(Fate.SHARED_COMMIT),
    ON_CONFLICT(Fate.SHARED_COMMIT),
    /// Its values are not all parameters and literals, but nothing that tells one transaction from another.
    EXPRESSION(Fate.SHARED_COMMIT),
    /// Several rows in one INSERT.
    MANY_ROWS(Fate.SHARED_COMMIT),
    /// It has shared its commit already.
    COALESCED(Fate.DONE),
    IN_TRANSACTION(Fate.NONE),
    /// In one request with other statements.
    WITH_OTHERS(Fate.NONE),
    /// A row may call a function that tells one transaction from another, or is written in a syntax that is not read.
    CALLS(Fate.NONE),
    /// `ON CONFLICT DO UPDATE`.
    ON_CONFLICT_UPDATE(Fate.NONE),
    /// `INSERT ... SELECT`.
    QUERY(Fate.NONE),
    /// `DEFAULT VALUES`, `OVERRIDING` and the like.
    OTHER_FORM(Fate.NONE),
    /// In the simple protocol, with a `$` outside of quotes or very much that is no literal: as a prepared statement it could share a commit.
    SIMPLE_QUERY(Fate.NONE),
    /// Longer than a request that is worth to be shared.
    TOO_LONG(Fate.NONE),
    /// The client has settings that could make its row fail, or be seen, in a way that depends on its company.
    SETTINGS(Fate.NONE),
    /// The client keeps its backend.
    PINNED(Fate.NONE);

    /// What coalescing does with such a row.
    public enum Fate { COPY, SHARED_COMMIT, DONE, NONE }

    private final Fate fate;

    InsertHabit(Fate fate) {
        this.fate = fate;
    }

    public Fate fate() {
        return fate;
    }

    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
