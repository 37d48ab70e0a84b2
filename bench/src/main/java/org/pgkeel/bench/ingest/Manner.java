package org.pgkeel.bench.ingest;

/// How a driver sends rows: which messages, how many rows in a write, and how many answers come back.
///
/// @param name       in workloads' names
/// @param form       of a row
/// @param rowsAtOnce in one write; the next is sent when all are answered
/// @param sharedSync whether one Sync, and so one transaction, is for all rows of a write
record Manner(String name, Form form, int rowsAtOnce, boolean sharedSync) {
    enum Form {
        /// Bind and Execute of a named statement; uuids binary, the rest text, as pgjdbc does after its fifth execution.
        PGJDBC,
        /// The same with all parameters binary, as pgx and asyncpg do.
        BINARY,
        /// The same with text alone, as `PQexecPrepared` is mostly used.
        TEXT,
        /// One Query with literals.
        SIMPLE,
        /// One Query with a VALUES list of all rows: what a producer does that was rewritten to batch.
        MULTI_ROW,
        /// COPY of all rows in one write, its statement prepared.
        COPY
    }

    static final Manner PGJDBC = new Manner("pgjdbc", Form.PGJDBC, 1, true);
    static final Manner PGX = new Manner("pgx", Form.BINARY, 1, true);
    static final Manner LIBPQ_SIMPLE = new Manner("libpq-simple", Form.SIMPLE, 1, true);
    static final Manner LIBPQ_PREPARED = new Manner("libpq-prepared", Form.TEXT, 1, true);
    /// `addBatch` ten times, `executeBatch`.
    static final Manner PGJDBC_BATCH = new Manner("pgjdbc-batch", Form.PGJDBC, 10, true);

    /// Many rows on their way in one connection, each a transaction of its own.
    static Manner pipeline(int depth) {
        return new Manner("pipeline", Form.PGJDBC, depth, false);
    }

    static Manner copy(int rows) {
        return new Manner("copy", Form.COPY, rows, true);
    }

    static Manner multiRow(int rows) {
        return new Manner("multi-row", Form.MULTI_ROW, rows, true);
    }

    /// ReadyForQuery messages that answer one write.
    int answers() {
        return sharedSync ? 1 : rowsAtOnce;
    }

    int rowsPerAnswer() {
        return sharedSync ? rowsAtOnce : 1;
    }
}
