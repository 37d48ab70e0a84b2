package org.pgkeel.proxy.admin;

import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.backend.NoticeResponse;
import org.pgkeel.protocol.sqlstate.SqlState;

/// What a command of the console comes to.
sealed interface Answer {
    record Empty() implements Answer {}

    /// @param tag for CommandComplete, after the last row
    record Rows(RowShape shape, Iterator<@Nullable String[]> rows, String tag) implements Answer {
        static Rows one(RowShape shape, String value, String tag) {
            return new Rows(shape, List.<@Nullable String[]>of(new String[] {value}).iterator(), tag);
        }
    }

    record Done(String tag, Optional<NoticeResponse> notice) implements Answer {}

    /// @param hint empty for none
    record Failed(SqlState sqlState, String message, String hint) implements Answer {}
}
