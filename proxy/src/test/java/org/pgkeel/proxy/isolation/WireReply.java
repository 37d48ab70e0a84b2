package org.pgkeel.proxy.isolation;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// All that came up to and with one ReadyForQuery (or up to the wait for COPY data). Threading: confined to its client.
final class WireReply {
    /// Rows of all statements, in order; a NULL is null.
    final List<List<@Nullable String>> rows = new ArrayList<>();
    final List<String> tags = new ArrayList<>();
    /// `SQLSTATE message` of each error.
    final List<String> errors = new ArrayList<>();
    final List<String> notices = new ArrayList<>();
    /// `channel payload` of each.
    final List<String> notifications = new ArrayList<>();
    final StringBuilder copied = new StringBuilder();
    int suspended;
    char status;

    /// The SQLSTATE of the only error, or nothing.
    String sqlState() {
        return errors.isEmpty() ? "" : errors.getFirst().substring(0, 5);
    }

    @Override
    public String toString() {
        return "rows " + (rows.size() > 5 ? rows.subList(0, 5) + "... (" + rows.size() + ")" : rows) + ", tags " + tags + ", errors " + errors
                + ", notices " + notices + ", notifications " + notifications + ", status " + status;
    }
}
