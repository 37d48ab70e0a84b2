package org.pgkeel.proxy.session;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.PinningConfig;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.statement.Effect;
import org.pgkeel.proxy.statement.PinReason;

/// Why one client keeps its backend connection: state in it that no other backend could take over.
///
/// Threading: confined to the session's event loop.
final class Pins {
    private final SessionContext context;
    private final DatabasePool pool;
    private Set<PinReason> held = Set.of();

    Pins(SessionContext context, DatabasePool pool) {
        this.context = context;
        this.pool = pool;
    }

    boolean isEmpty() {
        return held.isEmpty();
    }

    boolean contains(PinReason reason) {
        return held.contains(reason);
    }

    Set<PinReason> held() {
        return held;
    }

    /// The client keeps its backend until what it holds there is gone.
    void add(PinReason reason) {
        if (pool.mode() != PoolMode.TRANSACTION) return;
        if (held.isEmpty()) held = EnumSet.noneOf(PinReason.class);
        if (held.add(reason)) context.stats().pinned(reason.word());
    }

    /// A statement with these effects is about to be sent. A session-level lock outlives an error, so it pins from here.
    void announced(List<Effect> effects) {
        for (Effect effect : effects) {
            if (effect instanceof Effect.Pin(var reason) && reason == PinReason.ADVISORY_LOCK) add(reason);
        }
    }

    /// A statement with this effect has completed.
    void happened(Effect effect) {
        switch (effect) {
            case Effect.Pin(var reason) -> add(reason);
            case Effect.Listen _ -> add(PinReason.LISTEN);
            case Effect.UnlistenAll _ -> remove(PinReason.LISTEN);
            case Effect.CloseAll _ -> remove(PinReason.HOLD_CURSOR);
            case Effect.AdvisoryUnlockAll _ -> remove(PinReason.ADVISORY_LOCK);
            case Effect.Discard(var what) when what == Effect.Discard.What.TEMP -> remove(PinReason.TEMP_TABLE);
            case Effect.DiscardAll _ -> held = Set.of();
            case Effect.SetParameter _, Effect.SetLocal _, Effect.ResetParameter _, Effect.ResetAll _, Effect.Discard _, Effect.Begin _,
                 Effect.Commit _, Effect.Rollback _, Effect.Savepoint _, Effect.RollbackTo _, Effect.Release _, Effect.PrepareTransaction _,
                 Effect.PrepareStatement _, Effect.ExecuteStatement _, Effect.Deallocate _, Effect.DeallocateAll _, Effect.Unlisten _,
                 Effect.AdvisoryUnlock _, Effect.SessionSequence _, Effect.Ddl _ -> { }
        }
    }

    private void remove(PinReason reason) {
        if (!held.isEmpty()) held.remove(reason);
    }

    /// Why a statement with these effects cannot be run on this lease; null if it can.
    @Nullable Refusal refusalOf(List<Effect> effects, BackendConnection leased) {
        for (Effect effect : effects) {
            Refusal refusal = refusalOf(effect, leased);
            if (refusal != null) return refusal;
        }
        return null;
    }

    private @Nullable Refusal refusalOf(Effect effect, BackendConnection leased) {
        return switch (effect) {
            case Effect.Pin(var reason) when mayNot() -> refused(reason);
            case Effect.Listen _ when mayNot() -> refused(PinReason.LISTEN);
            case Effect.SessionSequence _ when held.isEmpty() && leased.exchange().settled() && leased.exchange().status() == 'I' ->
                    Refusal.of(RefusalReason.PINNING_REFUSED, "currval and lastval have no meaning outside of the transaction that drew the number",
                            "Use INSERT ... RETURNING, or the same transaction, or databases.*.pool.mode = session.");
            case Effect.Begin _ when refusesTransactions() -> noTransactions();
            default -> null;
        };
    }

    private boolean mayNot() {
        return context.config().pinning().policy() == PinningConfig.Policy.REFUSE && held.isEmpty();
    }

    private static Refusal refused(PinReason reason) {
        return Refusal.of(RefusalReason.PINNING_REFUSED, "not possible in transaction pooling: " + reason.word(),
                "pinning.policy = allow lets such a client keep a backend connection.");
    }

    boolean refusesTransactions() {
        return pool.mode() == PoolMode.STATEMENT;
    }

    Refusal noTransactions() {
        return Refusal.of(RefusalReason.TRANSACTION_REFUSED, "transactions are not possible in statement pooling",
                "The mode is databases." + pool.shared().key().database() + ".pool.mode.");
    }
}
