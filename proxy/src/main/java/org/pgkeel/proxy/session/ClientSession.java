package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Locale;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.config.PinningConfig;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.config.TimeoutsConfig;
import org.pgkeel.proxy.login.ClientIdentity;
import org.pgkeel.proxy.pool.CloseReason;
import org.pgkeel.proxy.pool.Waiter;
import org.pgkeel.proxy.prepare.NamedStatements;
import org.pgkeel.proxy.prepare.RowShape;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.Aside;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.DirectWriter;
import org.pgkeel.proxy.relay.ErrorBody;
import org.pgkeel.proxy.relay.Lessee;
import org.pgkeel.proxy.relay.Outgoing;
import org.pgkeel.proxy.relay.PendingParse;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.settings.SettingsDiff;
import org.pgkeel.proxy.settings.SettingsTracker;
import org.pgkeel.proxy.statement.Effect;
import org.pgkeel.proxy.statement.PinReason;
import org.pgkeel.proxy.statement.StatementScan;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One client, from its login to its end.
///
/// | from     | event                            | to       |
/// |----------|----------------------------------|----------|
/// | Greeting | the client was told all          | Idle     |
/// | Idle     | a request, a backend is free     | Leased   |
/// | Idle     | a request, none is free          | Waiting  |
/// | Waiting  | leased                           | Leased   |
/// | Waiting  | refused, or cancelled            | Idle     |
/// | Leased   | settled outside of a transaction, not pinned | Idle |
/// | Leased   | the client says goodbye, replies owed | Departed |
/// | any      | closed                           | Closed   |
///
/// Threading: confined to its channel's event loop.
public final class ClientSession extends ChannelInboundHandlerAdapter implements Lessee, Waiter<BackendConnection> {
    private static final Logger log = LoggerFactory.getLogger(ClientSession.class);

    /// Where the client is in its session.
    public enum State { GREETING, IDLE, WAITING, LEASED, DEPARTED, CLOSED }

    private final SessionContext context;
    private final DatabasePool pool;
    private final ClientIdentity identity;
    private final Channel channel;
    private final Outgoing toClient;
    private final SettingsTracker tracker;
    private final Settings startup;
    private final NamedStatements names = new NamedStatements();
    private final SqlStatementNames sqlNames = new SqlStatementNames(this);
    private Map<SharedStatement, PendingParse> madeByExecute = Map.of();
    private final RequestWalk walk;
    private final CancelKeys.Key cancelKey;
    private final Runnable onClose;
    private final long connectedNanos;
    private State state = State.GREETING;
    private int place;
    private @Nullable BackendConnection backend;
    private Set<PinReason> pins = Set.of();
    private int effectsExpected;
    private boolean settingsFailed;
    private boolean releaseDeferred;
    private boolean awaitsReplies;
    private long leasedNanos;
    private long requestNanos;
    private long readyNanos;
    private boolean changedCatalog;
    private @Nullable SharedStatement shapeAsked;
    private Set<SharedStatement> outdated = Set.of();
    private long waitingSinceNanos;
    /// Reported parameters that changed since the greeting, as the client knows them.
    private Map<String, String> lastTold = Map.of();
    private Settings meaningOf = Settings.NONE;
    private Settings meaning = Settings.NONE;

    /// @param startup settings of the StartupMessage
    /// @param onClose called once, when the client is gone
    public ClientSession(SessionContext context, DatabasePool pool, ClientIdentity identity, Settings startup, Channel channel, Runnable onClose) {
        this.context = context;
        this.pool = pool;
        this.identity = identity.without(pool.shared().key().user(), pool.shared().key().database());
        this.channel = channel;
        this.startup = context.settings().intern(startup);
        this.tracker = new SettingsTracker(this.startup, context.settings());
        this.toClient = new Outgoing(context.buffers(), new DirectWriter(channel));
        this.walk = new RequestWalk(this);
        this.cancelKey = context.cancelKeys().issue(this, identity.protocolMinor() >= 2 ? 32 : 4);
        this.onClose = onClose;
        this.connectedNanos = System.nanoTime();
        this.requestNanos = connectedNanos;
        this.waitingSinceNanos = connectedNanos;
    }

    /// Greets the client, at once or when a backend has said what to tell it.
    /// @param early what the client sent beyond its login; released here
    public void start(ByteBuf early) {
        context.opened(this);
        channel.pipeline().addLast(this);
        if (early.isReadable()) read(early);
        else early.release();
        if (state != State.GREETING) return;   // what it sent with its login has ended it
        pool.greetings().of(startup).ifPresentOrElse(this::greet, this::askBackend);
    }

    // --- the greeting

    private void askBackend() {
        BackendConnection leased = pool.shared().slice(context.index()).lease(this, System.nanoTime());
        if (leased != null) leased(leased);
        else readAgain();
    }

    private void greetFrom(BackendConnection leased) {
        leased.beginLease(this);
        backend = leased;
        var told = new LinkedHashMap<>(leased.greeting().parameterStatus());
        if (startup.isEmpty()) {
            giveBackAfterGreeting(leased, leased.applied());
            learned(told);
            return;
        }
        String reset = SettingsDiff.sql(leased.applied(), Settings.NONE);
        if (!reset.isEmpty()) leased.aside(reset, new GreetingAside(told, false));
        leased.aside(SettingsDiff.sql(Settings.NONE, startup), new GreetingAside(told, true));
        leased.outgoing().finish();
    }

    private final class GreetingAside implements Aside {
        private final SequencedMap<String, String> told;
        private final boolean last;
        private byte @Nullable [] error;

        GreetingAside(SequencedMap<String, String> told, boolean last) {
            this.told = told;
            this.last = last;
        }

        @Override
        public void error(byte[] errorBody) {
            error = errorBody;
        }

        @Override
        public void parameterStatus(String name, String value) {
            if (told.containsKey(name) || last) told.put(name, value);
        }

        @Override
        public void done(byte status) {
            BackendConnection leased = backend;
            if (leased == null || state == State.CLOSED) return;
            if (error != null) {
                backend = null;
                leased.abandon(CloseReason.SETTINGS_FAILED, System.nanoTime());
                closeWith(SessionMessages.fatal(error), ClientClose.STARTUP_REFUSED.word());
            } else if (last) {
                giveBackAfterGreeting(leased, startup);
                learned(told);
            }
        }
    }

    private void giveBackAfterGreeting(BackendConnection leased, Settings applied) {
        backend = null;
        leased.endLease(applied, System.nanoTime());
    }

    private void learned(SequencedMap<String, String> told) {
        pool.greetings().learn(startup, told);
        greet(told);
    }

    private void greet(SequencedMap<String, String> parameterStatus) {
        ByteBuf out = channel.alloc().buffer(512);
        SessionMessages.greeting(out, parameterStatus, cancelKey.pid(), cancelKey.secret());
        state = State.IDLE;
        context.stats().login("ok");
        channel.writeAndFlush(out, channel.voidPromise());
        if (!isOpen()) return;   // the write found that the client is gone
        readAgain();
        if (context.draining()) drain();
        else walk.resume();
    }

    // --- what the walk asks

    SessionContext context() {
        return context;
    }

    boolean isOpen() {
        return state != State.CLOSED && state != State.DEPARTED;
    }

    public boolean isWaiting() {
        return state == State.WAITING || state == State.GREETING;
    }

    /// Nothing of what the client sends can be worked on now.
    boolean isHeld() {
        return isWaiting() || shapeAsked != null;
    }

    /// How often the catalogue has changed, as far as the proxy saw.
    int generation() {
        return pool.shared().catalogGeneration();
    }

    /// The client is held until the backend has said what the rows of a statement look like there.
    void askShape(SharedStatement statement) {
        shapeAsked = statement;
    }

    /// The statement's rows look different since the client was told about them.
    boolean isOutdated(SharedStatement statement) {
        return outdated.contains(statement);
    }

    @Override
    public void shapeFound(SharedStatement statement, long shape) {
        if (shape != RowShape.UNKNOWN && shape != statement.rowShape()) {
            if (outdated.isEmpty()) outdated = Collections.newSetFromMap(new IdentityHashMap<>());
            outdated.add(statement);
        }
        shapeAsked = null;
        // Not from here: the walk of the replies is not over.
        channel.eventLoop().execute(this::resumeReading);
    }

    @Nullable BackendConnection backend() {
        return backend;
    }

    NamedStatements names() {
        return names;
    }

    SqlStatementNames sqlNames() {
        return sqlNames;
    }

    /// Messages are looked into: the next transaction may run on another backend.
    boolean looksInto() {
        return pool.mode() != PoolMode.SESSION;
    }

    /// A closed channel is left alone: its descriptor may be somebody else's already.
    private void readAgain() {
        if (channel.isOpen()) channel.config().setAutoRead(true);
    }

    /// What the next message means depends on how those before it end: it waits until they are answered.
    /// @return false if they are; else what stands before the message has been run
    boolean waitsForReplies(BackendConnection leased, ByteBuf in, int from, int at) {
        if (leased.exchange().allSeen()) return false;
        pauseReading();
        leased.outgoing().run(in, from, at);
        leased.awaitReplies();
        awaitsReplies = true;
        return true;
    }

    void pauseReading() {
        channel.config().setAutoRead(false);
    }

    /// @return a backend now; null when the client has to wait, or was refused
    @Nullable BackendConnection acquire() {
        BackendConnection leased = pool.shared().slice(context.index()).lease(this, requestNanos);
        if (leased != null) {
            begin(leased);
            return leased;
        }
        if (state == State.IDLE) {
            state = State.WAITING;
            waitingSinceNanos = System.nanoTime();
        }
        return null;
    }

    private void begin(BackendConnection leased) {
        leasedNanos = leased.sinceNanos();
        requestNanos = leasedNanos;
        state = State.LEASED;
        backend = leased;
        leased.beginLease(this);
        tracker.lease(leased.applied());
        if (!looksInto() && !tracker.inStep()) sync(leased);
    }

    @Override
    public void leased(BackendConnection leased) {
        if (state == State.GREETING) {
            greetFrom(leased);
            return;
        }
        begin(leased);
        readAgain();
        walk.resume();
    }

    @Override
    public void refused(Refusal refusal) {
        context.stats().refused(refusal.reason().word());
        if (state == State.GREETING) {
            closeWith(SessionMessages.fatal(refusal), refusal.reason().word());
            return;
        }
        state = State.IDLE;
        readAgain();
        walk.refusePending(
                () -> write(SessionMessages.error(refusal), SessionMessages.readyForQuery()),
                () -> write(SessionMessages.error(refusal)));
    }

    /// A Sync of a client that is outside of a transaction and has no backend.
    void answerSync() {
        write(SessionMessages.readyForQuery());
    }

    private void write(ByteBuf... messages) {
        for (ByteBuf message : messages) channel.write(message, channel.voidPromise());
        channel.flush();
    }

    /// The first message of a batch of the simple protocol is about to be sent.
    void queryBegins(BackendConnection leased) {
        walk.extended().forgetUnnamed(leased);
    }

    /// A message of the extended protocol is about to be sent.
    void beginBatch(BackendConnection leased) {
        if (!leased.exchange().batchOpen()) beforeBatch(leased);
    }

    /// Brings the backend to the client's state, if nothing of the client is under way on it.
    void beforeBatch(BackendConnection leased) {
        if (tracker.inStep()) return;
        if (!leased.exchange().settled()) return;
        if (leased.exchange().status() != 'I') {
            if (leased.exchange().status() == 'T' && !tracker.inStep()) syncInTransaction(leased);
            return;
        }
        sync(leased);
    }

    private void sync(BackendConnection leased) {
        leased.aside(SettingsDiff.sql(surelyKnown(tracker.applied()), surelyKnown(tracker.desired())), new Syncing(() -> settingsFailed = true, false));
    }

    /// After a RESET of what the client gave at startup. If it fails the transaction has failed, and the client is told why.
    private void syncInTransaction(BackendConnection leased) {
        leased.aside(SettingsDiff.statements(surelyKnown(tracker.applied()), surelyKnown(tracker.desired())), new Syncing(tracker::error, true));
    }

    private final class Syncing implements Aside {
        private final Runnable onFailure;
        private final boolean tellsClient;
        private boolean broken;

        Syncing(Runnable onFailure, boolean tellsClient) {
            this.onFailure = onFailure;
            this.tellsClient = tellsClient;
        }

        @Override
        public void error(byte[] errorBody) {
            broken = true;
        }

        @Override
        public boolean tellsClient(String name, String value) {
            if (!tellsClient || value.equals(lastTold.getOrDefault(name, greeted(name)))) return false;
            if (lastTold.isEmpty()) lastTold = new HashMap<>();
            lastTold.put(name, value);
            return true;
        }

        @Override
        public void done(byte status) {
            if (broken) onFailure.run();
            else tracker.synced();
        }
    }

    /// A RESET took away what the client gave at startup, which is what it resets to in a session of its own: it gets that back
    /// at once, and is told.
    private void restoreStartup(BackendConnection leased, byte status) {
        if (status == 'T') syncInTransaction(leased);
        else leased.aside(SettingsDiff.sql(surelyKnown(tracker.applied()), surelyKnown(tracker.desired())), new Syncing(() -> settingsFailed = true, true));
        leased.outgoing().finish();
    }

    /// A client that used `set_config` with values that its text does not tell keeps its backend, and may have become somebody
    /// else there: whom it is is not touched.
    private Settings surelyKnown(Settings settings) {
        return pins.contains(PinReason.SET_CONFIG) ? settings.without("role").without("session_authorization") : settings;
    }

    private static final Aside NOTHING = new Aside() {
        @Override
        public void error(byte[] errorBody) {}

        @Override
        public void done(byte status) {}
    };

    /// The turn's requests are composed: they leave.
    void sent(BackendConnection leased, ByteBuf in, int from, int to) {
        leased.outgoing().lastRun(in, from, to);
        leased.slice().stats().received(leased.outgoing().takeWritten());
        leased.endOfRequests();
        if (!leased.isWritable()) pauseReading();
        if (releaseDeferred && !walk.midMessage()) {
            releaseDeferred = false;
            if (leased.exchange().settled()) settled(leased.exchange().status());
        }
    }

    /// Statements of this text may mean something else than for other clients with the same settings.
    boolean meaningIsOwn() {
        return tracker.localTouched() || effectsExpected > 0 || changedCatalog || pins.contains(PinReason.TEMP_TABLE);
    }

    /// The settings that decide what a statement's text means.
    Settings meaning() {
        Settings desired = tracker.desired();
        if (desired != meaningOf) {
            meaningOf = desired;
            meaning = context.settings().intern(desired.semanticKey());
        }
        return meaning;
    }

    boolean standardConformingStrings() {
        return !tracker.desired().get("standard_conforming_strings").map("off"::equalsIgnoreCase).orElse(false);
    }

    /// BEGIN, COMMIT and ROLLBACK matter: settings of the open transaction hang on how it ends.
    boolean tracksTransaction(BackendConnection leased) {
        return tracker.pending() || effectsExpected > 0 || pool.mode() == PoolMode.STATEMENT;
    }

    boolean mustHear(BackendConnection leased, SharedStatement statement) {
        return (statement.flags() & (StatementScan.LOOK_CLOSER | StatementScan.DDL)) != 0
                || (statement.flags() & StatementScan.TRANSACTION_CONTROL) != 0 && tracksTransaction(leased);
    }

    boolean refusesTransactions() {
        return pool.mode() == PoolMode.STATEMENT;
    }

    Refusal noTransactions() {
        return Refusal.of(RefusalReason.TRANSACTION_REFUSED, "transactions are not possible in statement pooling",
                "The mode is databases." + pool.shared().key().database() + ".pool.mode.");
    }

    /// Why a statement with these effects cannot be run here; null if it can.
    @Nullable Refusal refusalOf(List<Effect> effects) {
        for (Effect effect : effects) {
            Refusal refusal = refusalOf(effect);
            if (refusal != null) return refusal;
        }
        return null;
    }

    @Nullable Refusal refusalOf(Effect effect) {
        return switch (effect) {
            case Effect.Pin(var reason) when refusesPins() -> pinningRefused(reason);
            case Effect.Listen _ when refusesPins() -> pinningRefused(PinReason.LISTEN);
            case Effect.SessionSequence _ when pins.isEmpty() && backend != null && backend.exchange().settled()
                    && backend.exchange().status() == 'I' -> Refusal.of(RefusalReason.PINNING_REFUSED,
                    "currval and lastval have no meaning outside of the transaction that drew the number",
                    "Use INSERT ... RETURNING, or the same transaction, or databases.*.pool.mode = session.");
            case Effect.Begin _ when refusesTransactions() -> noTransactions();
            default -> null;
        };
    }

    private boolean refusesPins() {
        return context.config().pinning().policy() == PinningConfig.Policy.REFUSE && pins.isEmpty();
    }

    private static Refusal pinningRefused(PinReason reason) {
        return Refusal.of(RefusalReason.PINNING_REFUSED, "not possible in transaction pooling: " + reason.word(),
                "pinning.policy = allow lets such a client keep a backend connection.");
    }

    /// A statement with these effects is about to be sent. A session-level lock outlives an error, so it pins from here.
    void announce(List<Effect> effects) {
        effectsExpected++;
        for (Effect effect : effects) {
            if (effect instanceof Effect.Pin(var reason) && reason == PinReason.ADVISORY_LOCK) pin(reason);
            if (effect instanceof Effect.Ddl) changedCatalog = true;
        }
    }

    void madeByExecute(SharedStatement statement, PendingParse made) {
        if (madeByExecute.isEmpty()) madeByExecute = new IdentityHashMap<>();
        madeByExecute.put(statement, made);
    }

    Object subjectOf(SharedStatement statement) {
        PendingParse made = madeByExecute.isEmpty() ? null : madeByExecute.remove(statement);
        return made == null ? statement.effects() : made;
    }

    /// Has the backend know a statement before a Query that uses it.
    void prepareForQuery(BackendConnection leased, SharedStatement statement) {
        if (leased.statements().has(statement) || leased.exchange().batchOpen() || leased.exchange().status() == 'E') return;
        if (statement.kind() == SharedStatement.Kind.SQL_PREPARE) {
            leased.aside(SqlStatementNames.command(statement), new Preparing(leased, statement));
        } else {
            ByteBuf batch = channel.alloc().buffer(statement.body().length + 64);
            batch.writeByte('P').writeInt(statement.name().length + statement.body().length + 5).writeBytes(statement.name()).writeByte(0).writeBytes(statement.body());
            batch.writeByte('S').writeInt(4);
            leased.asideBatch(batch, new Preparing(leased, statement));
            batch.release();
        }
        SharedStatement evicted = leased.statements().add(statement, leased.exchange().openBatch());
        if (evicted != null) deallocate(leased, evicted);
    }

    private static void deallocate(BackendConnection leased, SharedStatement statement) {
        leased.aside("DEALLOCATE " + new String(statement.name(), StandardCharsets.US_ASCII), new Aside() {
            @Override
            public void error(byte[] errorBody) {
                // In a transaction that failed meanwhile it stays; else it was not there.
                if (ErrorBody.hasSqlState(errorBody, "25P02")) leased.statements().keep(statement);
            }

            @Override
            public void done(byte status) {}
        });
    }

    /// A Query is about to make this statement: it must not be there before.
    void forgetForQuery(BackendConnection leased, SharedStatement statement) {
        if (!leased.statements().has(statement) || leased.exchange().batchOpen() || leased.exchange().status() == 'E') return;
        leased.statements().remove(statement);
        deallocate(leased, statement);
    }

    private record Preparing(BackendConnection backend, SharedStatement statement) implements Aside {
        @Override
        public void error(byte[] errorBody) {
            backend.statements().remove(statement);
        }

        @Override
        public void done(byte status) {
            backend.statements().confirm(statement);
        }
    }

    // --- pins

    /// The client keeps its backend until what it holds there is gone.
    void pin(PinReason reason) {
        if (pool.mode() != PoolMode.TRANSACTION) return;
        if (pins.isEmpty()) pins = EnumSet.noneOf(PinReason.class);
        if (pins.add(reason)) context.stats().pinned(reason.word());
    }

    private void unpin(PinReason reason) {
        if (!pins.isEmpty()) pins.remove(reason);
    }

    // --- what the backend's side tells

    @Override
    public Outgoing toClient() {
        return toClient;
    }

    @Override
    public boolean isWritable() {
        return state == State.DEPARTED || channel.isWritable();
    }

    @Override
    @SuppressWarnings("unchecked")
    public void completed(Object subject, String commandTag) {
        BackendConnection leased = leasedBackend();
        if (subject instanceof PendingParse made) {
            leased.statements().keep(made.statement());
            return;
        }
        List<Effect> effects = (List<Effect>) subject;
        tracker.completed(effects, commandTag);
        for (Effect effect : effects) happened(leased, effect);
    }

    private void happened(BackendConnection leased, Effect effect) {
        switch (effect) {
            case Effect.Pin(var reason) -> pin(reason);
            case Effect.Listen _ -> pin(PinReason.LISTEN);
            case Effect.UnlistenAll _ -> unpin(PinReason.LISTEN);
            case Effect.CloseAll _ -> unpin(PinReason.HOLD_CURSOR);
            case Effect.AdvisoryUnlockAll _ -> unpin(PinReason.ADVISORY_LOCK);
            case Effect.Discard(var what) when what == Effect.Discard.What.TEMP -> unpin(PinReason.TEMP_TABLE);
            case Effect.DiscardAll _ -> {
                pins = Set.of();
                forgetStatements(leased);
            }
            case Effect.DeallocateAll _ -> {
                names.clear();
                leased.statements().clear();
            }
            case Effect.Deallocate(var name) -> {
                SharedStatement gone = names.remove(SqlStatementNames.bytes(name.value()));
                if (gone != null) leased.statements().remove(gone);
            }
            case Effect.Ddl _ -> pool.shared().catalogChanged();
            case Effect.SetParameter _, Effect.SetLocal _, Effect.ResetParameter _, Effect.ResetAll _, Effect.Discard _, Effect.Begin _,
                 Effect.Commit _, Effect.Rollback _, Effect.Savepoint _, Effect.RollbackTo _, Effect.Release _, Effect.PrepareTransaction _,
                 Effect.PrepareStatement _, Effect.ExecuteStatement _, Effect.Unlisten _, Effect.AdvisoryUnlock _, Effect.SessionSequence _ -> { }
        }
    }

    private void forgetStatements(BackendConnection leased) {
        names.clear();
        outdated = Set.of();
        walk.extended().forgetAll();
        leased.statements().clear();
    }

    @Override
    public @Nullable String parameterStatus(String name, String value) {
        tracker.parameterStatus(name, value);
        String key = name.toLowerCase(Locale.ROOT);
        Optional<String> desired = tracker.desired().get(key);
        String truth = value;
        // After a RESET the backend is back at its own default, the client at what it gave at startup; the backend will follow.
        if (desired.isPresent() && !desired.equals(tracker.applied().get(key)) && desired.equals(startup.get(key))) {
            truth = greeted(name).isEmpty() ? desired.get() : greeted(name);
            if (truth.equals(lastTold.getOrDefault(name, truth))) return null;
        }
        if (lastTold.isEmpty()) lastTold = new HashMap<>();
        lastTold.put(name, truth);
        return truth;
    }

    /// What the client was told of a parameter at its login.
    private String greeted(String name) {
        return pool.greetings().of(startup).map(greeting -> greeting.getOrDefault(name, "")).orElse("");
    }

    @Override
    public void failed() {
        tracker.error();
    }

    @Override
    public void notNamed(byte[] name, @Nullable SharedStatement before) {
        if (name.length == 0) walk.extended().restoreUnnamed(before);
        else if (before == null) names.remove(name);
        else names.put(name, before);
    }

    @Override
    public byte readyForQuery(byte status) {
        if (settingsFailed) return 'I';
        tracker.readyForQuery(TransactionStatus.of(status));
        if (status == 'I') {
            changedCatalog = false;
            walk.extended().transactionEnded();
        }
        readyNanos = System.nanoTime();
        leasedBackend().slice().stats().queryEnded(readyNanos - requestNanos);
        return status;
    }

    @Override
    public void settled(byte status) {
        BackendConnection leased = leasedBackend();
        boolean mayHaveReset = effectsExpected > 0 && !startup.isEmpty() && !settingsFailed;
        effectsExpected = 0;
        if (mayHaveReset && status != 'E' && state == State.LEASED && !tracker.inStep()) {
            restoreStartup(leased, status);
            return;
        }
        if (settingsFailed) {
            settingsFailed = false;
            tracker.backendLost();
            backend = null;
            state = State.IDLE;
            leased.abandon(CloseReason.SETTINGS_FAILED, System.nanoTime());
            if (awaitsReplies) context.loop().execute(this::resumeReading);
            return;
        }
        if (state == State.DEPARTED) {
            leave(ClientClose.TERMINATED.word());
            return;
        }
        if (awaitsReplies) {
            // The message that waited goes on with this lease: given back now, it might have to wait for ever.
            context.loop().execute(this::resumeReading);
            return;
        }
        if (status != 'I' || !pins.isEmpty() || !looksInto()) return;
        if (walk.midMessage()) {
            releaseDeferred = true;
            return;
        }
        leased.slice().stats().transactionEnded(readyNanos - leasedNanos);
        backend = null;
        state = State.IDLE;
        leased.endLease(tracker.release(), readyNanos);
        if (context.draining()) drain();
    }

    @Override
    public void resumeReading() {
        awaitsReplies = false;
        readAgain();
        if (isOpen()) walk.resume();
    }

    @Override
    public ByteBuf errorFor(Object refusal) {
        context.stats().refused(((Refusal) refusal).reason().word());
        return SessionMessages.error((Refusal) refusal);
    }

    @Override
    public void backendLost(String why, boolean fatal) {
        backend = null;
        tracker.backendLost();
        if (state == State.CLOSED) return;
        if (fatal) {
            close(ClientClose.SERVER_FATAL);
        } else {
            closeWith(SessionMessages.fatal(Refusal.of(RefusalReason.BACKEND_LOST, "the connection to the server was lost: " + why)),
                    RefusalReason.BACKEND_LOST.word());
        }
    }

    private BackendConnection leasedBackend() {
        BackendConnection leased = backend;
        if (leased == null) throw new IllegalStateException("no lease in state " + state);
        return leased;
    }

    // --- cancel, time, the end

    /// A CancelRequest of the client came.
    /// @param delivered called on this event loop when there is nothing left to do for it
    public void cancel(Runnable delivered) {
        BackendConnection leased = backend;
        if (state == State.WAITING) {
            pool.shared().slice(context.index()).leave(this);
            refused(Refusal.of(RefusalReason.CANCELLED_WHILE_WAITING, "canceling statement due to user request"));
        }
        if (leased == null || leased.exchange().settled()) {
            delivered.run();
            return;
        }
        context.stats().cancelRequested();
        leased.cancelBegan();
        context.canceller().cancel(leased, () -> {
            leased.cancelEnded();
            delivered.run();
        });
    }

    /// Ends the session if one of its limits is over.
    void tick(long nowNanos, TimeoutsConfig timeouts) {
        BackendConnection leased = backend;
        long quiet = nowNanos - requestNanos;
        if (leased == null || state == State.GREETING) {
            if (state == State.IDLE && over(quiet, timeouts.clientIdle().toNanos())) {
                end(RefusalReason.CLIENT_IDLE_TIMEOUT, "idle for longer than timeouts.client-idle");
            }
        } else if (leased.exchange().owed() > 0) {
            if (over(quiet, timeouts.query().toNanos())) {
                context.canceller().cancel(leased, () -> { });
                end(RefusalReason.QUERY_TIMEOUT, "canceling statement: it ran longer than timeouts.query");
            } else if (over(nowNanos - leasedNanos, timeouts.transaction().toNanos()) && leased.exchange().status() != 'I') {
                end(RefusalReason.TRANSACTION_TIMEOUT, "the transaction lasted longer than timeouts.transaction");
            }
        } else if (leased.exchange().status() != 'I' || leased.exchange().batchOpen()) {
            if (over(quiet, timeouts.idleInTransaction().toNanos())) {
                end(RefusalReason.IDLE_IN_TRANSACTION_TIMEOUT, "idle in transaction for longer than timeouts.idle-in-transaction");
            } else if (over(nowNanos - leasedNanos, timeouts.transaction().toNanos())) {
                end(RefusalReason.TRANSACTION_TIMEOUT, "the transaction lasted longer than timeouts.transaction");
            }
        } else if (over(quiet, timeouts.clientIdle().toNanos())) {
            end(RefusalReason.CLIENT_IDLE_TIMEOUT, "idle for longer than timeouts.client-idle");
        }
    }

    private static boolean over(long nanos, long limitNanos) {
        return limitNanos > 0 && nanos >= limitNanos;
    }

    /// Tells the client why, and closes.
    public void end(RefusalReason reason, String message) {
        context.stats().refused(reason.word());
        closeWith(SessionMessages.fatal(Refusal.of(reason, message)), reason.word());
    }

    /// Ends the session now if it is outside of a transaction, else when it has come out of it.
    void drain() {
        if (state == State.IDLE || state == State.GREETING) end(RefusalReason.SHUTDOWN, "the proxy shuts down");
    }

    /// The client said goodbye: what it asked for before is still done.
    void terminated() {
        if (backend != null && backend.exchange().owed() > 0 && state == State.LEASED) {
            state = State.DEPARTED;
            channel.close();
        } else {
            close(ClientClose.TERMINATED);
        }
    }

    private void closeWith(ByteBuf lastWords, String reason) {
        if (state == State.CLOSED) {
            lastWords.release();
            return;
        }
        channel.writeAndFlush(lastWords).addListener(ChannelFutureListener.CLOSE);
        leave(reason);
    }

    private void close(ClientClose reason) {
        channel.close();
        leave(reason.word());
    }

    /// Gives back all that the client holds. Nothing happens the second time.
    /// @param reason why, for counting: a word of [ClientClose] or [RefusalReason]
    private void leave(String reason) {
        if (state == State.CLOSED) return;
        if (state == State.GREETING) context.stats().login(reason);
        else context.stats().clientClosed(reason);
        boolean wasWaiting = isWaiting();
        state = State.CLOSED;
        context.cancelKeys().withdraw(cancelKey.pid());
        if (wasWaiting) pool.shared().slice(context.index()).leave(this);
        BackendConnection leased = backend;
        if (leased != null) giveBackGone(leased);
        walk.release();
        context.closed(this);
        onClose.run();
    }

    /// The client of this lease is gone.
    private void giveBackGone(BackendConnection leased) {
        backend = null;
        long now = System.nanoTime();
        var exchange = leased.exchange();
        if (!exchange.settled() || walk.midMessage()) {
            if (exchange.owed() > 0) context.canceller().cancel(leased, () -> { });
            leased.abandon(exchange.owed() > 0 ? CloseReason.QUERY_ABANDONED : CloseReason.MID_MESSAGE, now);
        } else if (pool.target().isReplication()) {
            leased.abandon(CloseReason.DEDICATED, now);
        } else if (exchange.status() == 'I' && pins.isEmpty() && looksInto()) {
            leased.endLease(tracker.release(), now);
        } else {
            boolean clearsAll = !pins.isEmpty() || !looksInto() || tracker.pending();
            leased.endLeaseDirty(clearsAll ? Settings.NONE : tracker.applied(), clearsAll, now);
        }
    }

    // --- Netty

    @Override
    public void channelRead(ChannelHandlerContext handler, Object message) {
        requestNanos = System.nanoTime();
        if (isOpen()) read((ByteBuf) message);
        else ((ByteBuf) message).release();
    }

    private void read(ByteBuf message) {
        try {
            walk.read(message);
        } catch (ProtocolViolation violation) {
            log.info("client {}: {}", identity.address(), violation.getMessage());
            end(RefusalReason.PROTOCOL_VIOLATION, violation.getMessage());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext handler) {
        if (state != State.DEPARTED) leave(ClientClose.DISCONNECTED.word());
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext handler) {
        // A client that does not take its replies is not read from either: it must not pile up more of them.
        if (channel.isOpen()) channel.config().setAutoRead(channel.isWritable());
        BackendConnection leased = backend;
        if (leased != null && channel.isWritable()) leased.resumeReading();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext handler, Throwable cause) {
        if (cause instanceof IOException) {
            if (state != State.DEPARTED) close(ClientClose.DISCONNECTED);
            return;
        }
        log.error("client {}: closed after a bug", identity.address(), cause);
        end(RefusalReason.INTERNAL_ERROR, "internal error");
    }

    // --- for the console

    int place() {
        return place;
    }

    void place(int newPlace) {
        place = newPlace;
    }

    public State state() {
        return state;
    }

    public ClientIdentity identity() {
        return identity;
    }

    public DatabasePool pool() {
        return pool;
    }

    public Channel channel() {
        return channel;
    }

    public Set<PinReason> pins() {
        return pins;
    }

    public long connectedNanos() {
        return connectedNanos;
    }

    public long requestNanos() {
        return requestNanos;
    }

    /// Since when it has waited for a backend, if it waits.
    public long waitingSinceNanos() {
        return waitingSinceNanos;
    }

    /// Unique in this process, and what the client takes for its backend's process id.
    public int id() {
        return cancelKey.pid();
    }

    public int preparedStatements() {
        return names.size();
    }

    public Optional<BackendConnection> leasedConnection() {
        return Optional.ofNullable(backend);
    }

    public String applicationName() {
        return tracker.desired().get("application_name").orElse("");
    }
}
