package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.config.TimeoutsConfig;
import org.pgkeel.proxy.login.ClientIdentity;
import org.pgkeel.proxy.pool.CloseReason;
import org.pgkeel.proxy.pool.PoolSlice;
import org.pgkeel.proxy.pool.SharedPool;
import org.pgkeel.proxy.pool.Waiter;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.DirectWriter;
import org.pgkeel.proxy.relay.Lessee;
import org.pgkeel.proxy.relay.Loss;
import org.pgkeel.proxy.relay.Outgoing;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.statement.PinReason;
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
/// | Idle     | an INSERT that shares its commit | Sharing  |
/// | Sharing  | committed, refused, or to run by itself | Idle |
/// | Waiting  | refused, or cancelled            | Idle     |
/// | Leased   | settled outside of a transaction, not pinned | Idle |
/// | Leased   | backend lost, nothing under way, or it fails | Idle |
/// | Leased   | backend lost, to be asked again  | Waiting  |
/// | Leased   | backend lost, outcome to be found out | Resolving |
/// | Resolving | outcome known                   | Idle, Waiting |
/// | Leased   | the client says goodbye, replies owed | Departed |
/// | any      | closed                           | Closed   |
///
/// Threading: confined to its channel's event loop.
public final class ClientSession extends ChannelInboundHandlerAdapter implements Lessee, Waiter<BackendConnection> {
    private static final Logger log = LoggerFactory.getLogger(ClientSession.class);

    /// How often a backend is looked after whose client said goodbye before it had its replies.
    private static final Duration DEPARTED_CHECK = Duration.ofMillis(200);
    /// A client that listens and was refused a backend asks for one again after this time.
    private static final Duration LISTEN_RETRY = Duration.ofSeconds(1);

    /// Where the client is in its session.
    public enum State { GREETING, IDLE, WAITING, SHARING, LEASED, RESOLVING, DEPARTED, CLOSED }

    private final SessionContext context;
    private final DatabasePool pool;
    private final ClientIdentity identity;
    private final Channel channel;
    private final Outgoing toClient;
    private final Pins pins;
    private final ClientSettings settings;
    private final ClientStatements statements;
    private final SqlStatementNames sqlNames = new SqlStatementNames(this);
    private final Portals portals = new Portals();
    private final SessionEffects effects;
    private final Repetition repetition = new Repetition();
    private final RequestWalk walk;
    private final CancelKeys.Key cancelKey;
    private final Runnable onClose;
    private final SessionTimes times = new SessionTimes(System.nanoTime());
    private State state = State.GREETING;
    private int place;
    private @Nullable BackendConnection backend;
    private boolean releaseDeferred;
    private boolean awaitsReplies;
    private @Nullable SharedStatement shapeAsked;
    private final CommitPath commit = new CommitPath(this);
    private @Nullable LostTransaction lostTransaction;
    private @Nullable Comeback comeback;
    private @Nullable InsertSharing sharing;
    private final StallWatch stalls = new StallWatch();
    /// Where it waits, or has waited last; null if that is nowhere.
    private @Nullable PoolSlice<BackendConnection> waitsAt;
    /// Since there are rules about replicas.
    private @Nullable SessionRoutes routes;

    /// @param startup settings of the StartupMessage
    /// @param onClose called once, when the client is gone
    public ClientSession(SessionContext context, DatabasePool pool, ClientIdentity identity, Settings startup, Channel channel, Runnable onClose) {
        this.context = context;
        this.pool = pool;
        this.identity = identity.without(pool.shared().key().user(), pool.shared().key().database());
        this.channel = channel;
        this.pins = new Pins(context, pool);
        this.settings = new ClientSettings(context, pool, pins, startup);
        this.statements = new ClientStatements(context, pool, settings);
        this.effects = new SessionEffects(context, pool, settings, pins, statements, portals);
        this.toClient = new Outgoing(context.buffers(), new DirectWriter(channel));
        this.walk = new RequestWalk(this);
        this.cancelKey = context.cancelKeys().issue(this, identity.protocolMinor() >= 2 ? 32 : 4);
        this.onClose = onClose;
    }

    /// Greets the client, at once or when a backend has said what to tell it.
    /// @param early what the client sent beyond its login; released here
    public void start(ByteBuf early) {
        context.opened(this);
        channel.pipeline().addLast(this);
        if (early.isReadable()) walk.read(early);
        else early.release();
        if (state != State.GREETING) return;   // what it sent with its login has ended it
        pool.greetings().of(settings.startup()).ifPresentOrElse(this::greet, this::askBackend);
    }

    // --- the greeting

    private void askBackend() {
        BackendConnection leased = lease(pool.shared(), System.nanoTime());
        if (leased != null) leased(leased);
        else readAgain();
    }

    private void greetFrom(BackendConnection leased) {
        leased.beginLease(this);
        backend = leased;
        new Greeter(settings.startup(), new Greeter.Listener() {
            @Override
            public void learned(BackendConnection asked, Settings applied, SequencedMap<String, String> parameterStatus) {
                if (backend != asked || state == State.CLOSED) return;
                backend = null;
                asked.endLease(applied, System.nanoTime());
                pool.greetings().learn(settings.startup(), parameterStatus);
                greet(parameterStatus);
            }

            @Override
            public void refused(BackendConnection asked, byte[] errorBody) {
                if (backend != asked || state == State.CLOSED) return;
                backend = null;
                asked.abandon(CloseReason.SETTINGS_FAILED, System.nanoTime());
                closeWith(SessionMessages.fatal(errorBody), ClientClose.STARTUP_REFUSED.word());
            }
        }).ask(leased);
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
        return isWaiting() || state == State.SHARING || state == State.RESOLVING || shapeAsked != null || repetition.isUnderWay() || commit.awaitsAnswer() || routes != null && routes.holds();
    }

    /// The client is held until the backend has said what the rows of a statement look like there.
    void askShape(SharedStatement statement) {
        shapeAsked = statement;
    }

    @Override
    public void shapeFound(SharedStatement statement, long shape) {
        statements.shapeFound(statement, shape);
        shapeAsked = null;
        // Not from here: the walk of the replies is not over.
        channel.eventLoop().execute(this::resumeReading);
    }

    @Nullable BackendConnection backend() {
        return backend;
    }

    /// What it has prepared.
    ClientStatements statements() {
        return statements;
    }

    Portals portals() {
        return portals;
    }

    /// What its statements do to it.
    SessionEffects effects() {
        return effects;
    }

    Repetition repetition() {
        return repetition;
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

    private @Nullable BackendConnection lease(SharedPool<BackendConnection> from, long now) {
        PoolSlice<BackendConnection> slice = from.slice(context.index());
        waitsAt = slice;
        return slice.lease(this, now);
    }

    /// @param in what the client has sent
    /// @param at where its next unit begins
    /// @return a backend now; null when the client has to wait, or was refused
    @Nullable BackendConnection acquire(ByteBuf in, int at) {
        if (context.coalesces() && sharesNext(in, at)) return null;
        SharedPool<BackendConnection> from = pool.shared();
        RouteRules rules = context.rules();
        if (rules != null && looksInto()) {
            if (routes == null) routes = new SessionRoutes(this, context, times.wasEverReady());
            from = routes.choose(rules, in, at, System.nanoTime());
            if (from == null) {
                waitForReplica();
                return null;
            }
        }
        return acquireFrom(from);
    }

    private @Nullable BackendConnection acquireFrom(SharedPool<BackendConnection> from) {
        BackendConnection leased = lease(from, times.requestNanos());
        if (leased != null) {
            begin(leased);
            return leased;
        }
        if (state == State.IDLE) {
            state = State.WAITING;
            times.waits(System.nanoTime());
        }
        return null;
    }

    // --- INSERTs that share commits

    private boolean sharesNext(ByteBuf in, int at) {
        if (state != State.IDLE || !looksInto() || !pins.isEmpty() || settings.meaningIsOwn() || settings.tracksTransaction()) return false;
        InsertSharing mine = sharing;
        if (mine == null) sharing = mine = new InsertSharing(this, context);
        if (!mine.takes(in, at)) return false;
        state = State.SHARING;
        times.waits(times.requestNanos());
        return true;
    }

    /// The client was answered.
    /// @param bytes of its request
    void shared(int bytes) {
        times.ready(System.nanoTime());
        pool.shared().slice(context.index()).stats().queryEnded(times.queryNanos());
        if (routes != null) routes.wrote(times.readyNanos());
        walk.drop(bytes);
        if (sharesNoMore() && context.draining()) drain();
    }

    /// The request that was taken runs by itself.
    void sharedNot() {
        sharesNoMore();
    }

    private boolean sharesNoMore() {
        if (state != State.SHARING) return false;
        state = State.IDLE;
        readAgain();
        walk.resume();
        return isOpen() && state == State.IDLE;
    }

    void sharedRefused(Refusal refusal) {
        if (state == State.SHARING) refused(refusal);
    }

    void sharedLost(String why) {
        closeWith(SessionMessages.fatal(Refusal.of(RefusalReason.BACKEND_LOST, "the connection to the server was lost: " + why)), RefusalReason.BACKEND_LOST.word());
    }

    /// No replica is fit for what the client asks.
    private void waitForReplica() {
        Optional<Refusal> refusal = routes == null ? Optional.empty() : routes.refusal();
        if (state == State.IDLE) times.waits(System.nanoTime());
        state = State.WAITING;
        waitsAt = null;
        if (refusal.isPresent()) context.loop().execute(() -> ifWaitingForReplica(() -> refused(refusal.get())));
        else if (routes != null) context.loop().schedule(() -> ifWaitingForReplica(this::lookAgain), routes.waitMillis(), TimeUnit.MILLISECONDS);
    }

    private void ifWaitingForReplica(Runnable then) {
        if (state == State.WAITING && waitsAt == null) then.run();
    }

    /// The client asks anew for where its unit is to run.
    private void lookAgain() {
        state = State.IDLE;
        readAgain();
        walk.resume();
    }

    boolean isOnReplica() {
        return routes != null && routes.onReplica();
    }

    /// The end of a batch was given to the backend.
    /// @return whether what follows it has to wait until it is answered
    boolean waitsBehind() {
        return routes != null && routes.batchSent();
    }

    @Override
    public int requestBytes() {
        return walk.pendingBytes();
    }

    private void begin(BackendConnection leased) {
        times.leased(leased.sinceNanos());
        state = State.LEASED;
        backend = leased;
        leased.beginLease(this);
        if (routes != null) routes.begin(leased);
        settings.tracker().lease(leased.applied());
        if (pins.owesListen()) pins.listenAgain(leased, () -> write(SessionMessages.listensAgain()));
        if (!looksInto()) settings.beforeBatch(leased);
    }

    @Override
    public void leased(BackendConnection leased) {
        if (state == State.GREETING) {
            greetFrom(leased);
            return;
        }
        Comeback back = comeback;
        comeback = null;
        begin(leased);
        if (back != null) leased.suppressReplies(back.suppressed());
        readAgain();
        walk.resume();
    }

    @Override
    public void refused(Refusal refusal) {
        if (state == State.WAITING && routes != null && routes.isRefusedHere(waitsAt, refusal)) {
            lookAgain();
            return;
        }
        comeback = null;
        if (routes != null) routes.over();
        context.stats().refused(refusal.reason().word());
        if (state == State.GREETING) {
            closeWith(SessionMessages.fatal(refusal), refusal.reason().word());
            return;
        }
        state = State.IDLE;
        if (sharing != null) sharing.aloneOver();
        readAgain();
        walk.refusePending(
                () -> write(SessionMessages.error(refusal), SessionMessages.readyForQuery()),
                () -> write(SessionMessages.error(refusal)));
        if (pins.owesListen()) context.loop().schedule(this::listenAgain, LISTEN_RETRY.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// A Sync of a client that is outside of a transaction and has no backend.
    void answerSync() {
        write(SessionMessages.readyForQuery());
    }

    void write(ByteBuf... messages) {
        for (ByteBuf message : messages) channel.write(message, channel.voidPromise());
        channel.flush();
    }

    /// The first message of a batch of the simple protocol is about to be sent.
    void queryBegins(BackendConnection leased) {
        statements.queryBegins(leased);
    }

    /// A message of the extended protocol is about to be sent.
    void beginBatch(BackendConnection leased) {
        if (!leased.exchange().batchOpen()) beforeBatch(leased);
    }

    /// Brings the backend to the client's state, if nothing of the client is under way on it.
    void beforeBatch(BackendConnection leased) {
        settings.beforeBatch(leased);
    }

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

    ClientSettings settings() {
        return settings;
    }

    Pins pins() {
        return pins;
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
    public void completed(Object subject, String commandTag) {
        effects.completed(leasedBackend(), subject, commandTag);
    }

    @Override
    public @Nullable String parameterStatus(String name, String value) {
        return settings.parameterStatus(name, value);
    }

    @Override
    public void failed() {
        settings.tracker().error();
        commit.failed();
    }

    @Override
    public byte @Nullable [] inItsWords(byte[] errorBody) {
        return statements.inItsWords(errorBody);
    }

    @Override
    public void notNamed(byte[] name, @Nullable SharedStatement before) {
        statements.restore(name, before);
    }

    @Override
    public void planOutdated() {
        pool.shared().catalogChanged();
    }

    @Override
    public boolean mayRepeat() {
        BackendConnection leased = leasedBackend();
        return state == State.LEASED && repetition.begins(leased);
    }

    @Override
    public void repeat() {
        repetition.ends();
        BackendConnection leased = leasedBackend();
        byte[] again = leased.requests().copy();
        leased.requests().clear();
        settings.tracker().readyForQuery(TransactionStatus.of(leased.exchange().status()));
        settings.transactionEnded();
        portals.over();
        statements.answered(leased.exchange().batchesAnswered());
        commit.watch().over();
        if (routes != null) routes.asksHereAgain();
        walk.again(again);
        log.debug("client {}: its unnamed statement had a plan that does not fit any more, it is asked again", identity.address());
        // Not from here: the walk of the replies is not over.
        context.loop().execute(this::resumeReading);
    }

    @Override
    public byte readyForQuery(byte status) {
        if (routes != null && state == State.LEASED) {
            if (routes.isTurnedAway()) return 0;
            routes.answered(leasedBackend(), status, commit.mayHaveWritten());
        }
        leasedBackend().requests().answered();
        if (recovers()) answered(status);
        if (settings.failed()) return 'I';
        settings.tracker().readyForQuery(TransactionStatus.of(status));
        if (status == 'I') {
            if (settings.transactionEnded()) context.catalogueDoubted(pool, System.nanoTime());
            portals.over();
        }
        times.ready(System.nanoTime());
        leasedBackend().slice().stats().queryEnded(times.queryNanos());
        return status;
    }

    @Override
    public void settled(byte status) {
        BackendConnection leased = leasedBackend();
        if (state == State.LEASED && routes != null && routes.isTurnedAway()) {
            turnAway(leased, status);
            return;
        }
        leased.requests().clear();
        boolean mayHaveReset = settings.answered() && !settings.startup().isEmpty();
        if (settings.failed()) {
            settings.failureHandled();
            leaseEnds();
            state = State.IDLE;
            leased.abandon(CloseReason.SETTINGS_FAILED, System.nanoTime());
            if (awaitsReplies) context.loop().execute(this::resumeReading);
            return;
        }
        if (mayHaveReset && status != 'E' && state == State.LEASED && !settings.tracker().inStep()) {
            settings.restoreStartup(leased, status);
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
        if (status == 'I' && pins.wantVerification() && !walk.midMessage()) {
            pins.verify(leased);
            return;
        }
        boolean onReplica = isOnReplica();
        if (onReplica && walk.pendingBytes() > 0) context.loop().execute(this::resumeReading);
        if (status != 'I' || !pins.isEmpty() || !looksInto()) return;
        if (walk.midMessage()) {
            releaseDeferred = true;
            return;
        }
        leased.slice().stats().transactionEnded(times.transactionNanos());
        leaseEnds();
        state = State.IDLE;
        Settings left = settings.tracker().release();
        if (!onReplica && recovers() && pool.isCatalogueDue(times.readyNanos()) && pool.claimCatalogue(times.readyNanos())) leased.endLeaseAsking(left, CatalogueQuestion.SQL, new CatalogueQuestion(pool), times.readyNanos());
        else leased.endLease(left, times.readyNanos());
        if (context.draining()) drain();
    }

    private void leaseEnds() {
        backend = null;
        if (sharing != null) sharing.aloneOver();
        if (routes != null) routes.end();
    }

    /// A replica could not do what the client asked, and the client does not know: it is asked elsewhere.
    private void turnAway(BackendConnection leased, byte status) {
        boolean whole = !leased.requests().isIncomplete();
        byte[] requests = leased.requests().copy();
        leased.requests().clear();
        takeBack();
        settings.backendLost();
        leaseEnds();
        state = State.IDLE;
        if (status == 'I') leased.endLease(settings.tracker().release(), times.readyNanos());
        else leased.endLeaseDirty(settings.tracker().release(), false, times.readyNanos());
        if (routes != null) routes.asksElsewhere();
        if (whole) walk.again(requests);
        else write(SessionMessages.error(Refusal.of(RefusalReason.PRIMARY_LOST, "a replica gave the read up, retry it")), SessionMessages.readyForQuery());
        goOn();
    }

    @Override
    public boolean turnsAway(byte[] errorBody, int visible) {
        return state == State.LEASED && routes != null && routes.turnsAway(leasedBackend(), errorBody, visible);
    }

    /// The replica is lost, and the client has this many replies to what it asked: it is asked elsewhere.
    void askElsewhere(int suppressed) {
        if (routes != null) routes.asksElsewhere(suppressed);
        goOn();
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
    public boolean outlivesBackend() {
        return pool.clientsOutliveBackends();
    }

    @Override
    public void backendLost(Loss loss) {
        BackendConnection lost = backend;
        LossRules.Node node = !isOnReplica() || routes == null ? LossRules.Node.PRIMARY : routes.isTurnedAway() ? LossRules.Node.REPLICA_TURNED_AWAY : LossRules.Node.REPLICA;
        leaseEnds();
        if (state == State.CLOSED || lost == null) return;
        if (routes != null && node == LossRules.Node.PRIMARY) routes.wrote(System.nanoTime());
        else if (routes != null) routes.lost(lost);
        if (state == State.GREETING && outlivesBackend()) {
            askBackend();
            return;
        }
        if (state == State.LEASED && recovers() && loss.ending() != Loss.Ending.TOLD && isOpen()) {
            new LostBackend(this, lost, loss, node).handle();
            return;
        }
        settings.backendLost();
        if (loss.ending() == Loss.Ending.TOLD) close(ClientClose.SERVER_FATAL);
        else closeLost(loss);
    }

    /// The client cannot go on.
    void closeLost(Loss loss) {
        settings.backendLost();
        closeWith(SessionMessages.fatal(Refusal.of(RefusalReason.BACKEND_LOST, "the connection to the server was lost: " + loss.why())),
                RefusalReason.BACKEND_LOST.word());
    }

    /// An administrator ended the client's session on a server that lives on: so it ends.
    /// @param lastWords the server's: the ErrorResponse behind its length
    void ended(byte[] lastWords) {
        state = State.IDLE;
        closeWith(SessionMessages.fatal(lastWords), ClientClose.SERVER_FATAL.word());
    }

    private BackendConnection leasedBackend() {
        BackendConnection leased = backend;
        if (leased == null) throw new IllegalStateException("no lease in state " + state);
        return leased;
    }

    // --- when the backend is lost

    /// The client stays when its backend is lost, and what it asks is kept until it is answered.
    boolean recovers() {
        return pool.clientsOutliveBackends();
    }

    /// What the client asked is not the backend's any more; the client is as it was before it asked.
    void takeBack() {
        statements.undo();
        portals.over();
        repetition.lost();
        effects.lost();
        pins.lost();
        shapeAsked = null;
        awaitsReplies = false;
        commit.backendLost();
        releaseDeferred = false;
        if (walk.midMessage()) walk.dropMessage();
        times.ready(System.nanoTime());
    }

    RequestWalk walk() {
        return walk;
    }

    /// What kept the client from being read is over.
    void readOn() {
        readAgain();
        walk.resume();
    }

    /// The client goes on without a backend, with what it sent and was not answered first.
    void goOn() {
        state = State.IDLE;
        context.loop().execute(() -> {
            readAgain();
            if (isOpen() && state == State.IDLE && backend == null) walk.resume();
            listenAgain();
        });
    }

    /// Notifications come over a backend: a client that listens needs one, though it asks nothing.
    private void listenAgain() {
        if (state != State.IDLE || backend != null || lostTransaction != null || !pins.owesListen()) return;
        times.requested(System.nanoTime());
        acquireFrom(pool.shared());
    }

    /// What was not answered is asked again, ahead of whoever waits.
    void askAgain(Comeback back) {
        comeback = back;
        state = State.WAITING;
        times.waits(System.nanoTime());
        waitsAt = pool.shared().slice(context.index());
        waitsAt.leaseAgain(this, times.waitingSinceNanos());
    }

    void resolving() {
        state = State.RESOLVING;
    }

    void lose(LostTransaction transaction) {
        lostTransaction = transaction;
    }

    @Nullable LostTransaction lostTransaction() {
        return lostTransaction;
    }

    /// A message of a client whose transaction was lost.
    void answerLost(ByteBuf in, byte type, int at, int next, boolean whole) {
        if (type == FrontendType.TERMINATE) {
            terminated();
            return;
        }
        LostTransaction lost = lostTransaction;
        if (lost == null) throw new IllegalStateException("no transaction was lost");
        ByteBuf out = channel.alloc().buffer(64);
        if (whole) lost.message(in, type, at, next, out);
        else lost.tooLong(type, out);
        if (out.isReadable()) channel.writeAndFlush(out, channel.voidPromise());
        else out.release();
        if (lost.isOver()) {
            lostTransaction = null;
            statements.forgetUnnamed();
            if (context.draining()) drain();
            else if (pins.owesListen()) context.loop().execute(this::listenAgain);
        }
    }

    private void answered(byte status) {
        BackendConnection leased = leasedBackend();
        statements.answered(leased.exchange().batchesAnswered());
        commit.answered(leased, status);
    }

    /// Its way to a commit.
    CommitPath commit() {
        return commit;
    }

    @Override
    public void marked(ByteBuf in, int from, int to) {
        commit.marked(in, from, to);
    }

    // --- cancel, time, the end

    /// A CancelRequest of the client came.
    /// @param delivered called on this event loop when there is nothing left to do for it
    public void cancel(Runnable delivered) {
        BackendConnection leased = backend;
        if (state == State.WAITING) {
            if (waitsAt != null) waitsAt.leave(this);
            refused(Refusal.of(RefusalReason.CANCELLED_WHILE_WAITING, "canceling statement due to user request"));
        }
        if (state == State.SHARING && sharing != null && sharing.withdraw()) {
            refused(Refusal.of(RefusalReason.CANCELLED_WHILE_WAITING, "canceling statement due to user request"));
        }
        // A cancelled wait for a synchronous standby looks like a success, and is none.
        if (leased == null || leased.exchange().settled() || commit.isUnderWay()) {
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
        if (isWaiting() || state == State.SHARING || state == State.RESOLVING) return;
        BackendConnection leased = backend;
        String stalled = stalls.look(stall(), nowNanos);
        if (stalled != null) log.error("client {}: stalled, {}: {}, {} bytes pending, backend {}", identity.address(), stalled, stall(), walk.pendingBytes(), leased == null ? "none" : leased.greeting().address());
        TimeLimit over = times.exceeded(leased, nowNanos, timeouts);
        if (over == null) return;
        if (over == TimeLimit.QUERY && leased != null) context.canceller().cancel(leased, () -> { });
        end(over.reason(), over.message());
    }

    private Stall stall() {
        BackendConnection leased = backend;
        boolean owes = leased != null && (leased.exchange().owed() > 0 || !leased.exchange().allSeen());
        boolean takes = leased != null && leased.isWritable() && channel.isWritable() && !leased.exchange().full();
        return new Stall(state, walk.hasWholeMessage(), shapeAsked != null || commit.awaitsAnswer(), awaitsReplies, owes, takes,
                toClient.isWithholding() && leased != null && leased.exchange().settled());
    }

    /// Tells the client why, and closes.
    public void end(RefusalReason reason, String message) {
        context.stats().refused(reason.word());
        closeWith(SessionMessages.fatal(Refusal.of(reason, message)), reason.word());
    }

    /// Ends the session now if it is outside of a transaction, else when it has come out of it.
    void drain() {
        if ((state == State.IDLE && lostTransaction == null) || state == State.GREETING) end(RefusalReason.SHUTDOWN, "the proxy shuts down");
    }

    /// The client said goodbye: what it asked for before is still done.
    void terminated() {
        if (backend != null && backend.exchange().owed() > 0 && state == State.LEASED) {
            state = State.DEPARTED;
            channel.close();
            watchDeparted();
        } else {
            close(ClientClose.TERMINATED);
        }
    }

    /// Ends a departed session whose backend waits for messages that will never come: rows of a COPY, or a Sync.
    private void watchDeparted() {
        BackendConnection leased = backend;
        if (state != State.DEPARTED || leased == null) return;
        if (leased.exchange().copyIn() || leased.exchange().owed() == 0) leave(ClientClose.TERMINATED.word());
        else context.loop().schedule(this::watchDeparted, DEPARTED_CHECK.toMillis(), TimeUnit.MILLISECONDS);
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
        if (wasWaiting && waitsAt != null) waitsAt.leave(this);
        BackendConnection leased = backend;
        if (leased != null) giveBackGone(leased);
        if (sharing != null) sharing.leave();
        walk.release();
        toClient.discard();
        context.closed(this);
        onClose.run();
    }

    /// The client of this lease is gone.
    private void giveBackGone(BackendConnection leased) {
        leaseEnds();
        long now = System.nanoTime();
        var exchange = leased.exchange();
        if (!exchange.settled() || walk.midMessage()) {
            boolean running = !exchange.allSeen();   // also behind a Flush, without a Sync
            if (running) context.canceller().cancel(leased, () -> { });
            leased.abandon(running ? CloseReason.QUERY_ABANDONED : CloseReason.MID_MESSAGE, now);
        } else if (pool.target().isReplication()) {
            leased.abandon(CloseReason.DEDICATED, now);
        } else if (exchange.status() == 'I' && pins.isEmpty() && looksInto()) {
            leased.endLease(settings.tracker().release(), now);
        } else {
            boolean clearsAll = !pins.isEmpty() || !looksInto() || settings.tracker().pending();
            leased.endLeaseDirty(clearsAll ? Settings.NONE : settings.tracker().applied(), clearsAll, now);
        }
    }

    // --- Netty

    @Override
    public void channelRead(ChannelHandlerContext handler, Object message) {
        times.requested(System.nanoTime());
        if (isOpen()) walk.read((ByteBuf) message);
        else ((ByteBuf) message).release();
    }

    /// The client broke the protocol: it is told, and closed.
    void violated(ProtocolViolation violation) {
        log.info("client {}: {}", identity.address(), violation.getMessage());
        end(RefusalReason.PROTOCOL_VIOLATION, violation.getMessage());
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

    public Set<PinReason> pinnedBy() {
        return pins.held();
    }

    public long connectedNanos() {
        return times.connectedNanos();
    }

    public long requestNanos() {
        return times.requestNanos();
    }

    /// Since when it has waited for a backend, if it waits.
    public long waitingSinceNanos() {
        return times.waitingSinceNanos();
    }

    /// Unique in this process, and what the client takes for its backend's process id.
    public int id() {
        return cancelKey.pid();
    }

    public int preparedStatements() {
        return statements.size();
    }

    public Optional<BackendConnection> leasedConnection() {
        return Optional.ofNullable(backend);
    }

    public String applicationName() {
        return settings.tracker().desired().get("application_name").orElse("");
    }
}
