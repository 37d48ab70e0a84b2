package org.pgkeel.proxy.insert;

import java.util.Optional;

/// The outline of an INSERT of any form, for those who count: into which table, where its rows come from, and what follows the first of them.
/// It is less sure than [InsertShape], and nothing is done with a row by it.
///
/// @param writtenName the table's, with quotes, as SQL takes it
public record InsertOutline(String writtenName, Source source, End end) {
    /// Where its rows come from.
    public enum Source { VALUES, QUERY, OTHER }

    /// What follows the first row.
    public enum End { NOTHING, MORE_ROWS, RETURNING, ON_CONFLICT, ON_CONFLICT_UPDATE, STATEMENT, UNKNOWN }

    /// @param text one character for each byte; its end may be missing
    /// @return empty if it does not begin as an INSERT
    public static Optional<InsertOutline> of(String text) {
        return new InsertReader(text).outline();
    }
}
