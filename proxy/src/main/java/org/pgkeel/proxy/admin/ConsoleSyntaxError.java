package org.pgkeel.proxy.admin;

import org.pgkeel.protocol.sqlstate.SqlState;

/// A statement that the console does not understand: `42601`.
final class ConsoleSyntaxError extends Exception {
    private static final long serialVersionUID = 1L;

    ConsoleSyntaxError(String message) {
        super(message, null, false, false);
    }

    Answer.Failed answer() {
        return new Answer.Failed(SqlState.SYNTAX_ERROR, getMessage() == null ? "" : getMessage(), "SHOW HELP lists the commands.");
    }
}
