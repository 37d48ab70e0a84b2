package org.pgkeel.proxy.admin;

import org.pgkeel.protocol.sqlstate.SqlState;

/// How an operator's command ended.
public sealed interface Outcome {
    Outcome DONE = new Done();

    record Done() implements Outcome {}

    /// Nothing was changed.
    /// @param message what was wrong, for the operator; may have several lines
    record Failed(SqlState sqlState, String message) implements Outcome {}
}
