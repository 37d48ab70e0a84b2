package org.pgkeel.proxy.settings;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.proxy.statement.Effect;

/// The settings of one client over time, with PostgreSQL's transaction rules, and those that its leased backend has.
///
/// `desired` is what the client must find: its own SETs over its startup parameters. `applied` is what the leased backend has.
/// They differ when a backend is leased that served somebody else, and after a RESET of something that the client gave at
/// startup; the session then sends [SettingsDiff] and calls [#synced] when it is through.
///
/// | event                          | the client's SETs and `applied`                                                  |
/// |--------------------------------|----------------------------------------------------------------------------------|
/// | SET, RESET, DISCARD ALL        | change both, until the transaction is settled                                     |
/// | SET LOCAL                      | nothing, but [#localTouched] until the transaction ends                           |
/// | SAVEPOINT                      | are remembered                                                                    |
/// | ROLLBACK TO                    | are as remembered; later savepoints are forgotten, this one stays                 |
/// | RELEASE                        | stay; this savepoint and later ones are forgotten                                 |
/// | error                          | are as at the innermost savepoint, or as when the transaction began               |
/// | COMMIT, PREPARE TRANSACTION    | are kept; with the tag ROLLBACK they are as when the transaction began            |
/// | ROLLBACK                       | are as when the transaction began                                                 |
/// | ReadyForQuery `I`              | are kept: an implicit transaction has ended without an error                      |
/// | ReadyForQuery `T`, `E`         | stay                                                                              |
/// | ParameterStatus                | the server's spelling replaces the client's, unless it tells of an undo or of SET LOCAL |
///
/// Not exact: RESET of something that the client gave at startup shows the server's default until the session has sent the next
/// diff, so for the rest of the same text or pipeline; `SET LOCAL name TO DEFAULT` of such a one shows it until the
/// transaction ends. What a function sets without being reported is not seen. A custom parameter (`a.b`) that was RESET reads as an empty
/// string, where a fresh session has NULL.
///
/// ParameterStatus is taken to come at the end of a query cycle, as from PostgreSQL 14 on.
///
/// Threading: confined to the session's event loop.
public final class SettingsTracker {
    /// A savepoint, or several of the same name in a row between which nothing changed (some drivers set one per statement).
    private record Mark(String name, Settings explicit, Settings applied, int times) {
        Mark times(int count) {
            return new Mark(name, explicit, applied, count);
        }
    }

    private final Settings startup;
    private final SettingsInterner interner;

    private Settings explicit = Settings.NONE;
    private Settings desired;
    private Settings applied = Settings.NONE;

    // What a rollback brings back. Both are as `explicit` and `applied` are while nothing is pending.
    private Settings committedExplicit = Settings.NONE;
    private Settings committedApplied = Settings.NONE;
    private final List<Mark> savepoints = new ArrayList<>(0);

    private TransactionStatus status = TransactionStatus.IDLE;
    private boolean pending;
    private boolean localTouched;
    private boolean localReported;
    /// From an undo until ReadyForQuery, reports tell of the undo.
    private boolean undone;

    /// @param startup [StartupSettings] of the client; they are under all that it sets later
    public SettingsTracker(Settings startup, SettingsInterner interner) {
        this.startup = interner.intern(startup);
        this.interner = interner;
        this.desired = this.startup;
    }

    /// What the client must find in its backend, changes of the open transaction included.
    public Settings desired() {
        return desired;
    }

    /// What the leased backend has, changes of the open transaction included, SET LOCAL apart.
    public Settings applied() {
        return applied;
    }

    /// Whether the leased backend has what the client must find.
    public boolean inStep() {
        return applied == desired || applied.equals(desired);
    }

    /// Settings were changed, or a savepoint set, in a transaction that is still open: from now until it ends every completed
    /// statement has to be taken apart and told to [#completed], plain BEGIN, COMMIT and ROLLBACK included.
    public boolean pending() {
        return pending;
    }

    /// SET LOCAL is in force: statements must not be shared or cached, as their meaning may be this transaction's own.
    public boolean localTouched() {
        return localTouched;
    }

    /// A backend was leased that has these settings.
    public void lease(Settings backendApplied) {
        if (pending) {
            throw new IllegalStateException("lease in an open transaction");
        }
        applied = backendApplied;
        committedApplied = backendApplied;
    }

    /// [SettingsDiff] from [#applied] to [#desired] was run without an error.
    public void synced() {
        applied = desired;
        if (status == TransactionStatus.IDLE && !pending) {
            committedApplied = applied;
        } else {
            pending = true;
        }
    }

    /// @return what the backend has, for the next one that leases it
    /// @throws IllegalStateException if a transaction is open
    public Settings release() {
        if (pending || status != TransactionStatus.IDLE) {
            throw new IllegalStateException("release in an open transaction");
        }
        return applied;
    }

    /// The backend died or was taken away: its transaction is rolled back.
    public void backendLost() {
        restore(committedExplicit, committedApplied);
        settle();
        status = TransactionStatus.IDLE;
    }

    /// CommandComplete of a statement.
    ///
    /// @param commandTag the server's word, such as `SET`, or `ROLLBACK` for a COMMIT of a failed transaction
    public void completed(List<Effect> effects, String commandTag) {
        for (int i = 0; i < effects.size(); i++) {
            completed(effects.get(i), commandTag);
        }
    }

    private void completed(Effect effect, String commandTag) {
        switch (effect) {
            case Effect.SetParameter(String name, String value) -> set(name, value);
            case Effect.SetLocal(String name, _) -> setLocal(name);
            case Effect.ResetParameter(String name) -> reset(name);
            case Effect.ResetAll _ -> resetTo(identity(explicit), identity(applied));
            case Effect.DiscardAll _ -> resetTo(Settings.NONE, Settings.NONE);
            case Effect.Commit _, Effect.PrepareTransaction _ -> {
                if (commandTag.equals("ROLLBACK")) {
                    rollback();
                } else {
                    commit();
                }
            }
            case Effect.Rollback _ -> rollback();
            case Effect.Savepoint(String name) -> savepoint(name);
            case Effect.RollbackTo(String name) -> rollbackTo(name);
            case Effect.Release(String name) -> releaseSavepoint(name);
            case Effect.SetToBound _, Effect.Begin _, Effect.Discard _, Effect.PrepareStatement _, Effect.ExecuteStatement _,
                    Effect.Deallocate _, Effect.DeallocateAll _, Effect.Listen _, Effect.Unlisten _,
                    Effect.UnlistenAll _, Effect.CloseCursor _, Effect.CloseAll _, Effect.AdvisoryUnlock _, Effect.AdvisoryUnlockAll _,
                    Effect.SessionSequence _, Effect.Ddl _, Effect.VacateDatabase _, Effect.TemporaryTable _, Effect.Pin _ -> { }
        }
    }

    /// ErrorResponse to a statement or to Sync.
    public void error() {
        if (!pending) {
            return;
        }
        undone = true;
        if (savepoints.isEmpty()) {
            restore(committedExplicit, committedApplied);
        } else {
            restore(savepoints.getLast().explicit(), savepoints.getLast().applied());
        }
    }

    /// ReadyForQuery, also the one that answers a Sync.
    public void readyForQuery(TransactionStatus newStatus) {
        status = newStatus;
        if (!pending && !undone) {
            return;
        }
        undone = false;
        if (newStatus == TransactionStatus.IDLE) {
            settle();
        }
    }

    /// ParameterStatus that was not caused by [SettingsDiff]: the server's truth about a parameter.
    public void parameterStatus(String name, String value) {
        String parameter = name.toLowerCase(Locale.ROOT);
        if (undone || localReported || !SettingNames.isReported(parameter)) {
            return;
        }
        if (!desired.get(parameter).equals(Optional.of(value))) {
            set(parameter, value);
        }
    }

    private void set(String name, String value) {
        Settings before = explicit;
        Settings backend = applied;
        if (name.equals(SettingNames.SESSION_AUTHORIZATION)) {
            before = before.without(SettingNames.ROLE);
            backend = backend.without(SettingNames.ROLE);
        }
        restore(interner.intern(before.with(name, value)), interner.intern(backend.with(name, value)));
        pending = true;
    }

    private void setLocal(String name) {
        pending = true;
        localReported |= name.isEmpty() || SettingNames.isReported(name);
        localTouched |= name.isEmpty() || SettingNames.isSemantic(name);
    }

    private void reset(String name) {
        Settings before = explicit;
        Settings backend = applied;
        if (name.equals(SettingNames.SESSION_AUTHORIZATION)) {
            before = before.without(SettingNames.ROLE);
            backend = backend.without(SettingNames.ROLE);
        }
        resetTo(before.without(name), backend.without(name));
    }

    private void resetTo(Settings newExplicit, Settings newApplied) {
        restore(interner.intern(newExplicit), interner.intern(newApplied));
        pending = true;
        undone = true;
    }

    /// RESET ALL leaves who the session is.
    private static Settings identity(Settings settings) {
        Settings kept = Settings.NONE;
        for (String name : new String[] {SettingNames.ROLE, SettingNames.SESSION_AUTHORIZATION}) {
            if (settings.has(name)) {
                kept = kept.with(name, settings.get(name).orElseThrow());
            }
        }
        return kept;
    }

    private void savepoint(String name) {
        pending = true;
        Mark last = savepoints.isEmpty() ? null : savepoints.getLast();
        if (last != null && last.name().equals(name) && last.explicit() == explicit && last.applied() == applied) {
            savepoints.set(savepoints.size() - 1, last.times(last.times() + 1));
        } else {
            savepoints.add(new Mark(name, explicit, applied, 1));
        }
    }

    private void rollbackTo(String name) {
        undone = true;
        forgetBehind(name);
        if (!savepoints.isEmpty()) {
            restore(savepoints.getLast().explicit(), savepoints.getLast().applied());
        }
    }

    private void releaseSavepoint(String name) {
        forgetBehind(name);
        if (savepoints.isEmpty()) {
            return;
        }
        Mark mark = savepoints.removeLast();
        if (mark.times() > 1) {
            savepoints.add(mark.times(mark.times() - 1));
        }
    }

    private void forgetBehind(String name) {
        while (!savepoints.isEmpty() && !savepoints.getLast().name().equals(name)) {
            savepoints.removeLast();
        }
    }

    private void commit() {
        if (pending) {
            undone |= localReported;
            settle();
        }
    }

    private void rollback() {
        if (pending) {
            undone = true;
            restore(committedExplicit, committedApplied);
            settle();
        }
    }

    /// What is now, stays.
    private void settle() {
        committedExplicit = explicit;
        committedApplied = applied;
        savepoints.clear();
        pending = false;
        localTouched = false;
        localReported = false;
    }

    private void restore(Settings newExplicit, Settings newApplied) {
        applied = newApplied;
        if (explicit != newExplicit) {
            explicit = newExplicit;
            desired = interner.intern(newExplicit.overlay(startup));
        }
    }
}
