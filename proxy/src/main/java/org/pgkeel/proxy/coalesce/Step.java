package org.pgkeel.proxy.coalesce;

import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.prepare.SharedStatement;

/// One message of a batch, and what becomes of the server's answer to it.
///
/// @param ends      what ends the answer
/// @param shown     the answer goes to the client
/// @param of        whose message it is; null for the batch's own
/// @param statement that stands in the backend once it is answered, or does not any more
/// @param asksMark  the answer is the transaction's mark
/// @param owed      to the client, and not said by the server
record Step(Ends ends, Shown shown, @Nullable Contribution of, @Nullable SharedStatement statement, boolean asksMark, Owed owed) {
    /// Which message ends an answer.
    enum Ends { PARSE, BIND, CLOSE, DESCRIBE, EXECUTE, COPY, QUERY }

    /// What of an answer a client sees.
    enum Shown {
        ALL,
        /// RowDescription, where there is one: the answer to a simple Query has no NoData.
        ROWS_ONLY,
        NOTHING
    }

    /// What a client is told beside the server's answer.
    enum Owed {
        NOTHING,
        /// In front of it: the statement was prepared already.
        PARSE_COMPLETE,
        /// Behind it: for the client its transaction ends here, and it has sent another one.
        READY_FOR_QUERY
    }

    static Step own(Ends ends) {
        return new Step(ends, Shown.NOTHING, null, null, false, Owed.NOTHING);
    }

    static Step copy() {
        return own(Ends.COPY);
    }

    boolean isCopy() {
        return ends == Ends.COPY;
    }

    static Step prepares(SharedStatement statement) {
        return new Step(Ends.PARSE, Shown.NOTHING, null, statement, false, Owed.NOTHING);
    }

    static Step closes(SharedStatement statement) {
        return new Step(Ends.CLOSE, Shown.NOTHING, null, statement, false, Owed.NOTHING);
    }

    static Step mark() {
        return new Step(Ends.EXECUTE, Shown.NOTHING, null, null, true, Owed.NOTHING);
    }

    static Step of(Contribution contribution, Ends ends, Shown shown) {
        return of(contribution, ends, shown, Owed.NOTHING);
    }

    static Step of(Contribution contribution, Ends ends, Shown shown, Owed owed) {
        return new Step(ends, shown, contribution, null, false, owed);
    }

    /// @param type of the server's message
    boolean isEndedBy(byte type) {
        return switch (ends) {
            case PARSE -> type == '1';
            case BIND -> type == '2';
            case CLOSE -> type == '3';
            case DESCRIBE -> type == 'T' || type == 'n';
            case COPY -> type == 'C';
            case EXECUTE -> type == 'C' || type == 'I' || type == 's';
            case QUERY -> type == 'Z';
        };
    }

    boolean shows(byte type) {
        return switch (shown) {
            case ALL -> true;
            case ROWS_ONLY -> type != 'n';
            case NOTHING -> false;
        };
    }
}
