package org.pgkeel.proxy.admin;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.pgkeel.protocol.sqlstate.SqlState;

/// One statement of the console's language, understood.
sealed interface ConsoleCommand {
    /// Nothing but white space and comments.
    record Empty() implements ConsoleCommand {}

    /// SHOW something that has rows.
    record Show(ShowTable<?> table) implements ConsoleCommand {}

    record ShowHelp() implements ConsoleCommand {}

    /// One row of one column, known without asking anybody: what drivers probe for.
    /// @param tag `SHOW` or `SELECT 1`
    record Fixed(String column, ColumnType type, String value, String tag) implements ConsoleCommand {}

    /// `SELECT current_user`: one row of one column, the user of the console.
    record WhoAmI(String column) implements ConsoleCommand {}

    /// Changes something; for administrators only.
    record Operate(String tag, Function<Operations, CompletionStage<Outcome>> action) implements ConsoleCommand {}

    /// Accepted, without any effect.
    record Ignored(String tag, Optional<String> notice) implements ConsoleCommand {}

    record Begin() implements ConsoleCommand {}

    record EndTransaction(String tag) implements ConsoleCommand {}

    /// Understood, and not possible. Failing is left to the execution, as with any other command.
    record Refused(SqlState sqlState, String message, String hint) implements ConsoleCommand {}
}
