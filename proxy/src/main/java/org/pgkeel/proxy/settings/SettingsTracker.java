package org.pgkeel.proxy.settings;

import java.util.List;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.proxy.statement.Effect;

/// The settings of one client over time, with PostgreSQL's transaction rules, and those that its leased backend has.
///
/// `desired` is what the client must find: its own SETs over its startup parameters. `applied` is what the leased backend has.
/// They differ when a backend is leased that served somebody else, and after a RESET of something that the client gave at
/// startup; the session then sends [SettingsDiff] and calls [#synced] when it is through.
///
/// Threading: confined to the session's event loop.
public final class SettingsTracker {
    public SettingsTracker(Settings startup, SettingsInterner interner) {}

    /// What the client must find in its backend, changes of the open transaction included.
    public Settings desired() {
        return Settings.NONE;
    }

    /// What the leased backend has, changes of the open transaction included, SET LOCAL apart.
    public Settings applied() {
        return Settings.NONE;
    }

    /// Whether the leased backend has what the client must find.
    public boolean inStep() {
        return true;
    }

    /// Settings were changed, or a savepoint set, in a transaction that is still open: from now until it ends every completed
    /// statement has to be taken apart and told to [#completed], plain BEGIN, COMMIT and ROLLBACK included.
    public boolean pending() {
        return false;
    }

    /// SET LOCAL is in force: statements must not be shared or cached, as their meaning may be this transaction's own.
    public boolean localTouched() {
        return false;
    }

    /// A backend was leased that has these settings.
    public void lease(Settings backendApplied) {}

    /// [SettingsDiff] from [#applied] to [#desired] was run without an error.
    public void synced() {}

    /// @return what the backend has, for the next one that leases it
    /// @throws IllegalStateException if a transaction is open
    public Settings release() {
        return Settings.NONE;
    }

    /// The backend died or was taken away: its transaction is rolled back.
    public void backendLost() {}

    /// CommandComplete of a statement.
    ///
    /// @param commandTag the server's word, such as `SET`, or `ROLLBACK` for a COMMIT of a failed transaction
    public void completed(List<Effect> effects, String commandTag) {}

    /// ErrorResponse to a statement or to Sync.
    public void error() {}

    /// ReadyForQuery, also the one that answers a Sync.
    public void readyForQuery(TransactionStatus status) {}

    /// ParameterStatus that was not caused by [SettingsDiff]: the server's truth about a parameter.
    public void parameterStatus(String name, String value) {}
}
