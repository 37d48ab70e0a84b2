package org.pgkeel.proxy.observe;

import java.util.Locale;

/// Which way a row under `coalesce` took, and why: why it was copied, why it was not, why it had no company.
public enum InsertWay {
    /// As many rows as a COPY needs were there.
    MANY_ROWS(Way.COPY),

    /// They may be copied, and were fewer than `copy-from-rows`.
    FEW_ROWS(Way.SHARED),
    /// The statement asks for more than the row, or computes values.
    STATEMENT(Way.SHARED),
    /// The table has what a COPY would do differently: rules, row security, triggers, functions of users.
    TABLE(Way.SHARED),
    /// It has AFTER ROW triggers, and `after-row-triggers` is `refuse`.
    AFTER_ROW_TRIGGERS(Way.SHARED),
    /// A column or a value's type has another meaning in a COPY.
    VALUES(Way.SHARED),
    /// This value of the row cannot be said in a COPY.
    ROW(Way.SHARED),
    /// The rule has `dedup-by`, and a COPY passes over no row.
    DEDUP(Way.SHARED),

    /// Nothing was under way, and nobody waited.
    QUIET(Way.ALONE),
    /// Nobody came while it waited.
    NO_COMPANY(Way.ALONE),
    /// The server refused its batch.
    BATCH_FAILED(Way.ALONE),
    /// The backend of its batch was of no use, or servers have died under it more than once.
    BACKEND_FAILED(Way.ALONE),
    /// What it leaves to its commit may warn, or depend on the rows of others: deferred triggers.
    DEFERRED(Way.ALONE),
    /// What was answered to rows of the table a while ago was too much to be kept until a commit.
    LONG_ANSWERS(Way.ALONE);

    /// How a row was sent.
    public enum Way {
        COPY, SHARED, ALONE;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Way way;

    InsertWay(Way way) {
        this.way = way;
    }

    public Way way() {
        return way;
    }

    /// Why, in one word.
    public String reason() {
        return name().toLowerCase(Locale.ROOT);
    }
}
