package org.pgkeel.proxy.session;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.PendingParse;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.statement.Effect;
import org.pgkeel.proxy.statement.StatementScan;

/// What a client's statements do to its session: which of them the session has to hear of, and what changes when one has completed.
///
/// | when                  | who hears of it                                                    |
/// |-----------------------|--------------------------------------------------------------------|
/// | about to be sent      | settings and pins, as an error would not undo all; pools of a database that nobody may be in |
/// | completed             | settings, pins, prepared statements, the catalogue of the database |
///
/// Threading: confined to the session's event loop.
final class SessionEffects {
    private static final String ASYNCHRONOUS = "a client has set synchronous_commit";

    private final SessionContext context;
    private final DatabasePool pool;
    private final ClientSettings settings;
    private final Pins pins;
    private final ClientStatements statements;
    private final RowShapes shapes;
    private final Portals portals;
    /// Statements of the extended protocol that are a PREPARE: what each makes when it is executed.
    private Map<SharedStatement, PendingParse> madeByExecute = Map.of();

    SessionEffects(SessionContext context, DatabasePool pool, ClientSettings settings, Pins pins, ClientStatements statements, RowShapes shapes, Portals portals) {
        this.context = context;
        this.pool = pool;
        this.settings = settings;
        this.pins = pins;
        this.statements = statements;
        this.shapes = shapes;
        this.portals = portals;
    }

    /// BEGIN, COMMIT and ROLLBACK matter.
    boolean tracksTransaction() {
        return settings.tracksTransaction() || pins.refusesTransactions();
    }

    /// The session has to hear that the statement completed.
    boolean mustHear(SharedStatement statement) {
        return (statement.flags() & (StatementScan.LOOK_CLOSER | StatementScan.DDL)) != 0
                || (statement.flags() & StatementScan.TRANSACTION_CONTROL) != 0 && tracksTransaction();
    }

    /// A statement with these effects is about to be sent.
    void announce(List<Effect> effects) {
        settings.announced(effects);
        pins.announced(effects);
        for (Effect effect : effects) {
            if (effect instanceof Effect.VacateDatabase(var name)) pool.vacate(name);
        }
    }

    /// An Execute of the statement will make another one.
    void madeByExecute(SharedStatement statement, PendingParse made) {
        if (madeByExecute.isEmpty()) madeByExecute = new IdentityHashMap<>();
        madeByExecute.put(statement, made);
    }

    /// What [#completed] is to be told when an Execute of the statement has completed.
    ///
    /// @param does what it does with the values that are bound
    Object subjectOf(SharedStatement statement, List<Effect> does) {
        PendingParse made = madeByExecute.isEmpty() ? null : madeByExecute.remove(statement);
        return made == null ? does : made;
    }

    /// @param subject a list of effects, or the statement that was made
    @SuppressWarnings("unchecked")
    void completed(BackendConnection leased, Object subject, String commandTag) {
        if (subject instanceof PendingParse made) {
            leased.statements().keep(made.statement());
            return;
        }
        if (subject instanceof SqlStatementNames.Anew(var made)) {
            leased.statements().keep(made.statement());
            statements.put(made.name(), made.statement());
            return;
        }
        List<Effect> effects = (List<Effect>) subject;
        settings.tracker().completed(effects, commandTag);
        for (Effect effect : effects) {
            pins.happened(effect);
            happened(leased, effect);
        }
    }

    private void happened(BackendConnection leased, Effect effect) {
        switch (effect) {
            case Effect.DiscardAll _ -> {
                statements.forgetAll();
                shapes.forget();
                portals.over();
                leased.statements().clear();
            }
            case Effect.DeallocateAll _ -> {
                statements.deallocateAll();
                leased.statements().clear();
            }
            case Effect.Deallocate(var name) -> {
                @Nullable SharedStatement gone = statements.deallocate(SqlStatementNames.bytes(name.value()));
                if (gone != null) leased.statements().remove(gone);
            }
            case Effect.Ddl _ -> context.catalogueChanged(pool, System.nanoTime());
            case Effect.SetParameter(var name, var value) -> {
                if (Settings.isAsynchronous(name, value)) pool.cluster().asynchronousCommits().begin(ASYNCHRONOUS);
            }
            case Effect.SetLocal(var name, var value) -> {
                if (value.isPresent() ? Settings.isAsynchronous(name, value.get()) : Settings.mayBeAsynchronous(name)) pool.cluster().asynchronousCommits().begin(ASYNCHRONOUS);
            }
            case Effect.SetToBound _, Effect.ResetParameter _, Effect.ResetAll _, Effect.Discard _, Effect.Begin _,
                 Effect.Commit _, Effect.Rollback _, Effect.Savepoint _, Effect.RollbackTo _, Effect.Release _, Effect.PrepareTransaction _,
                 Effect.PrepareStatement _, Effect.ExecuteStatement _, Effect.Listen _, Effect.Unlisten _, Effect.UnlistenAll _, Effect.CloseCursor _, Effect.CloseAll _,
                 Effect.AdvisoryUnlock _, Effect.AdvisoryUnlockAll _, Effect.SessionSequence _, Effect.TemporaryTable _, Effect.VacateDatabase _, Effect.Pin _ -> { }
        }
    }

    /// The backend is lost: what was announced and is not answered did not happen.
    void lost() {
        madeByExecute = Map.of();
    }
}
