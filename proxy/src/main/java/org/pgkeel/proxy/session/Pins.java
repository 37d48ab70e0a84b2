package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.PinningConfig;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.Aside;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.statement.Effect;
import org.pgkeel.proxy.statement.PinReason;

/// Why one client keeps its backend connection: state in it that no other backend could take over.
///
/// Texts tell when a pin is made, not always when it has become needless: an unlock may have been one of two, or not have been run, a lock not obtained,
/// a table created and rolled back, an UNLISTEN too. So the backend is asked what is left, outside of a transaction, when a pin is new or something
/// happened that could have lifted it, and only then.
///
/// Threading: confined to the session's event loop.
final class Pins {
    private final SessionContext context;
    private final DatabasePool pool;
    /// Reasons that the backend can be asked for.
    private static final Set<PinReason> VERIFIABLE = EnumSet.of(PinReason.TEMP_TABLE, PinReason.ADVISORY_LOCK, PinReason.HOLD_CURSOR, PinReason.LISTEN);

    /// More than any client listens to; further ones are not remembered.
    private static final int CHANNELS_MAX = 1000;

    private Set<PinReason> held = Set.of();
    /// What of it has been there when the client heard last of an end that does not undo it.
    private Set<PinReason> lasting = Set.of();
    /// What was lost with a backend, and the client does not know.
    private Set<PinReason> missing = Set.of();
    /// What the client listens to.
    private Set<String> channels = Set.of();
    /// The backend that the client listened on is gone, and no other knows of it yet.
    private boolean owesListen;
    /// What is held may be gone from the backend.
    private boolean inDoubt;
    /// Counts what could make a backend's word about pins outdated.
    private int changes;

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

    /// Something is held that stays in the backend whatever is done to it.
    boolean outliveDiscard() {
        return held.stream().anyMatch(PinReason::outlivesDiscard);
    }

    /// The client keeps its backend until what it holds there is gone.
    void add(PinReason reason) {
        if (pool.mode() == PoolMode.SESSION) return;
        if (held.isEmpty()) held = EnumSet.noneOf(PinReason.class);
        changes++;
        if (!held.add(reason)) return;
        context.stats().pinned(reason.word());
        inDoubt = true;
    }

    /// The backend is gone, and what the client held there.
    void lost() {
        if (held.contains(PinReason.LISTEN) && !channels.isEmpty()) owesListen = true;
        for (PinReason reason : lasting) {
            if (!reason.isMissed() || !held.contains(reason)) continue;
            if (missing.isEmpty()) missing = EnumSet.noneOf(PinReason.class);
            missing.add(reason);
        }
        lasting = Set.of();
        held = Set.of();
        inDoubt = false;
        changes++;
    }

    /// A batch is answered. What a transaction has made is gone with it when it is lost, and its client knows that; but a session's lock outlives it.
    void answered(byte status) {
        if (held.isEmpty()) {
            lasting = Set.of();
        } else if (status == 'I') {
            if (!lasting.equals(held)) lasting = EnumSet.copyOf(held);
        } else if (held.contains(PinReason.ADVISORY_LOCK) && !lasting.contains(PinReason.ADVISORY_LOCK)) {
            lasting = lasting.isEmpty() ? EnumSet.of(PinReason.ADVISORY_LOCK) : EnumSet.copyOf(lasting);
            lasting.add(PinReason.ADVISORY_LOCK);
        }
    }

    /// Something was lost that the client does not know of.
    boolean areMissing() {
        return !missing.isEmpty();
    }

    /// The client is told what it has lost, once.
    Refusal missed() {
        String what = missing.stream().map(PinReason::word).collect(Collectors.joining(", "));
        missing = Set.of();
        return Refusal.of(RefusalReason.PIN_LOST, "failover: what the session kept on its server is lost with it: " + what,
                "The session goes on without it; DISCARD ALL as the first statement is taken for knowing this.");
    }

    /// It wants to keep nothing.
    void missesNothing() {
        missing = Set.of();
    }

    private void doubt(PinReason reason) {
        if (held.contains(reason)) inDoubt = true;
    }

    /// The backend, settled outside of a transaction, should be asked whether the pins are still needed.
    boolean wantVerification() {
        return inDoubt && !held.isEmpty() && VERIFIABLE.containsAll(held);
    }

    /// Asks the backend what is left of what pins the client, and lifts the pins that are needless.
    void verify(BackendConnection leased) {
        inDoubt = false;
        leased.aside(question(), new Verification());
        leased.outgoing().finish();
    }

    /// Answered by the initials of what is left. What lies in a schema depends on it, tables as well as functions, and
    /// `pg_depend` has an index for that.
    private String question() {
        var sql = new StringBuilder("select pg_catalog.concat(''");
        if (held.contains(PinReason.TEMP_TABLE)) {
            sql.append(", (select 't' from pg_catalog.pg_depend where refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass"
                    + " and refobjid = pg_catalog.pg_my_temp_schema() limit 1)"
                    + ", (select 't' where pg_catalog.current_setting('search_path') operator(pg_catalog.~) E'^\\\\W*(user\\\\W+)?pg_temp\\\\M')");
        }
        if (held.contains(PinReason.ADVISORY_LOCK)) {
            sql.append(", (select 'a' from pg_catalog.pg_locks where locktype = 'advisory' and pid = pg_catalog.pg_backend_pid() limit 1)");
        }
        if (held.contains(PinReason.LISTEN)) sql.append(", (select 'l' from pg_catalog.pg_listening_channels() limit 1)");
        if (held.contains(PinReason.HOLD_CURSOR)) sql.append(", (select 'h' from pg_catalog.pg_cursors where is_holdable limit 1)");
        return sql.append(')').toString();
    }

    private static byte initial(PinReason reason) {
        return (byte) reason.word().charAt(0);
    }

    /// What the backend said is not believed when it failed, nor when the client has sent something since that pins it.
    private final class Verification implements Aside {
        private final int changesBefore = changes;
        private final Set<PinReason> needless = EnumSet.noneOf(PinReason.class);

        @Override
        public void row(ByteBuf in, int from, int bytes) {
            for (PinReason reason : held) {
                if (in.indexOf(from, from + bytes, initial(reason)) < 0) needless.add(reason);
            }
        }

        @Override
        public void error(byte[] errorBody) {
            needless.clear();
        }

        @Override
        public void done(byte status) {
            if (changes == changesBefore) needless.forEach(Pins.this::remove);
            else inDoubt = true;
        }
    }

    /// A statement with these effects is about to be sent. What outlives an error pins from here.
    void announced(List<Effect> effects) {
        for (Effect effect : effects) {
            if (effect instanceof Effect.Pin(var reason) && reason.outlivesErrors()) add(reason);
        }
    }

    /// A statement with this effect has completed.
    void happened(Effect effect) {
        switch (effect) {
            case Effect.Pin(var reason) -> add(reason);
            case Effect.SetToBound _ -> add(PinReason.SET_CONFIG);
            case Effect.Listen(var channel) -> {
                add(PinReason.LISTEN);
                if (channels.isEmpty()) channels = new LinkedHashSet<>();
                if (channels.size() < CHANNELS_MAX) channels.add(channel);
            }
            case Effect.Unlisten(var channel) -> {
                doubt(PinReason.LISTEN);
                if (!channels.isEmpty()) channels.remove(channel);
            }
            case Effect.UnlistenAll _ -> {
                doubt(PinReason.LISTEN);
                channels = Set.of();
            }
            case Effect.CloseAll _ -> remove(PinReason.HOLD_CURSOR);
            case Effect.Discard(var what) when what == Effect.Discard.What.TEMP -> doubt(PinReason.TEMP_TABLE);
            case Effect.DiscardAll _ -> {
                if (!held.isEmpty()) held.removeIf(reason -> !reason.outlivesDiscard());
                channels = Set.of();
            }
            case Effect.AdvisoryUnlock _, Effect.AdvisoryUnlockAll _ -> doubt(PinReason.ADVISORY_LOCK);
            case Effect.CloseCursor _ -> doubt(PinReason.HOLD_CURSOR);
            case Effect.Ddl _ -> doubt(PinReason.TEMP_TABLE);
            case Effect.SetParameter _, Effect.SetLocal _, Effect.ResetParameter _, Effect.ResetAll _, Effect.Discard _, Effect.Begin _,
                 Effect.Commit _, Effect.Rollback _, Effect.Savepoint _, Effect.RollbackTo _, Effect.Release _, Effect.PrepareTransaction _,
                 Effect.PrepareStatement _, Effect.ExecuteStatement _, Effect.Deallocate _, Effect.DeallocateAll _,
                 Effect.SessionSequence _, Effect.TemporaryTable _, Effect.VacateDatabase _ -> { }
        }
    }

    /// The client listens, and no backend knows of it.
    boolean owesListen() {
        return owesListen;
    }

    /// Registers on a new backend, before anything else is asked there, what the client listened to on the one before. It stays pinned, if it works;
    /// a backend that refuses is not one to listen on, and the next may be.
    /// @param done called when it has worked
    void listenAgain(BackendConnection leased, Runnable done) {
        var sql = new StringBuilder();
        for (String channel : channels) sql.append("LISTEN \"").append(channel.replace("\"", "\"\"")).append("\";");
        leased.aside(sql.toString(), new Aside() {
            private boolean refused;

            @Override
            public void error(byte[] errorBody) {
                refused = true;
            }

            @Override
            public void done(byte status) {
                if (refused) return;
                owesListen = false;
                add(PinReason.LISTEN);
                done.run();
            }
        });
        leased.outgoing().finish();
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
