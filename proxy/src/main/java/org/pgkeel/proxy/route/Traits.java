package org.pgkeel.proxy.route;

import org.pgkeel.proxy.config.RouteRule.Statement;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementKind;
import org.pgkeel.proxy.statement.TransactionModes;
import org.pgkeel.proxy.statement.TransactionModes.Isolation;
import org.pgkeel.proxy.statement.TransactionModes.Mode;

/// The session's settings that decide what its transactions may do where nothing is said.
///
/// @param readOnlyByDefault     `default_transaction_read_only = on`
/// @param serializableByDefault `default_transaction_isolation = serializable`, which a hot standby refuses
public record Traits(boolean readOnlyByDefault, boolean serializableByDefault) {
    public static final Traits USUAL = new Traits(false, false);

    /// What a text counts as in a rule's `statement` condition, outside of a transaction. `BEGIN READ ONLY` counts as a read: the
    /// whole transaction goes where it goes. A text that begins a transaction and says nothing of its modes is a write, though
    /// a `SET TRANSACTION READ ONLY` may follow.
    public Statement of(StatementClass text) {
        return switch (text.access()) {
            case READ -> serializableByDefault ? Statement.WRITE : Statement.READ;
            case SESSION -> Statement.SESSION;
            case TRANSACTION -> text.has(StatementKind.BEGIN) ? of(text.modes()) : Statement.TRANSACTION;
            case WRITE -> Statement.WRITE;
        };
    }

    /// What a transaction with these modes counts as.
    private Statement of(TransactionModes modes) {
        boolean readOnly = modes.mode() == Mode.READ_ONLY || modes.mode() == Mode.UNSAID && readOnlyByDefault;
        boolean serializable = modes.isolation() == Isolation.SERIALIZABLE || modes.isolation() == Isolation.UNSAID && serializableByDefault;
        return readOnly && !serializable ? Statement.READ : Statement.WRITE;
    }
}
