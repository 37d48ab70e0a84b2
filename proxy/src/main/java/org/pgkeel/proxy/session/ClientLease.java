package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.pool.CloseReason;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Loss;
import org.pgkeel.proxy.settings.Settings;

/// The backend that one client has, from the lease until it is given back: gives it what a turn of the client has composed, and decides when it goes
/// back. What its side tells comes through [LeaseListener].
///
/// It goes back when all that was asked is answered outside of a transaction, the client is not inside of a message, nothing pins it, and no message
/// waits for the answers. Before that the settings that a RESET took away are restored, and doubtful pins are asked after.
///
/// Invariant: there is a backend in the states LEASED and DEPARTED, may be one in GREETING, and is none in any other.
///
/// Threading: confined to the session's event loop.
final class ClientLease {
    private final ClientSession session;
    private final SessionContext context;
    private final DatabasePool pool;
    private final ClientSocket socket;
    private final ClientSettings settings;
    private final Pins pins;
    private final SessionTimes times;
    private final LeasePath path;
    private final LeaseListener listener;
    private @Nullable BackendConnection backend;
    /// All is answered, but the client was inside of a message.
    private boolean releaseDeferred;
    /// A message waits for the answers to those before it.
    private boolean awaitsReplies;

    ClientLease(ClientSession session) {
        this.session = session;
        this.context = session.context();
        this.pool = session.pool();
        this.socket = session.socket();
        this.settings = session.settings();
        this.pins = session.pins();
        this.times = session.times();
        this.path = session.path();
        this.listener = new LeaseListener(session, this);
    }

    @Nullable BackendConnection backend() {
        return backend;
    }

    /// The backend, whose client hears something.
    BackendConnection leased() {
        BackendConnection leased = backend;
        if (leased == null) throw new IllegalStateException("no lease in state " + session.state());
        return leased;
    }

    // --- its begin and end

    /// What the client asks goes to this backend from here on.
    void begin(BackendConnection leased) {
        times.leased(leased.sinceNanos());
        session.becomes(ClientSession.State.LEASED);
        borrow(leased);
        session.commit().begins(leased);
        SessionRoutes routes = path.routes();
        if (routes != null) routes.begin(leased);
        settings.tracker().lease(leased.applied());
        if (pins.owesListen()) pins.listenAgain(leased, () -> socket.write(SessionMessages.listensAgain()));
        if (!session.looksInto()) settings.beforeBatch(leased);
    }

    /// The backend is asked for the client, which has not asked anything itself yet.
    void borrow(BackendConnection leased) {
        backend = leased;
        leased.beginLease(listener);
    }

    /// What was borrowed is not needed any more; the caller gives it back.
    /// @return false if it is not the client's any more
    boolean returns(BackendConnection borrowed) {
        if (backend != borrowed) return false;
        backend = null;
        return true;
    }

    private void ends() {
        backend = null;
        session.sharing().aloneOver();
        SessionRoutes routes = path.routes();
        if (routes != null) routes.end();
    }

    /// The client is gone: its backend is given back as it stands.
    void clientGone() {
        BackendConnection leased = backend;
        if (leased == null) return;
        ends();
        long now = System.nanoTime();
        var exchange = leased.exchange();
        if (!exchange.settled() || session.walk().midMessage() || leased.outgoing().isPending()) {
            boolean running = !exchange.allSeen();   // also behind a Flush, without a Sync
            if (running) context.canceller().cancel(leased, () -> { });
            leased.abandon(running ? CloseReason.QUERY_ABANDONED : CloseReason.MID_MESSAGE, now);
        } else if (pool.target().isReplication() || pins.outliveDiscard()) {
            leased.abandon(CloseReason.DEDICATED, now);
        } else if (exchange.status() == 'I' && pins.isEmpty() && session.looksInto()) {
            leased.endLease(settings.tracker().release(), now);
        } else {
            boolean clearsAll = !pins.isEmpty() || !session.looksInto() || settings.tracker().pending();
            leased.endLeaseDirty(clearsAll ? Settings.NONE : settings.tracker().applied(), clearsAll, now);
        }
    }

    // --- what the client sends

    /// What the next message means depends on how those before it end: it waits until they are answered.
    /// @return false if they are; else what stands before the message has been run
    boolean waitsForReplies(BackendConnection leased, ByteBuf in, int from, int at) {
        if (leased.exchange().allSeen()) return false;
        socket.pauseReading();
        leased.outgoing().run(in, from, at);
        leased.awaitReplies();
        awaitsReplies = true;
        return true;
    }

    boolean awaitsReplies() {
        return awaitsReplies;
    }

    /// The turn's requests are composed: they leave.
    void sent(BackendConnection leased, ByteBuf in, int from, int to) {
        leased.outgoing().lastRun(in, from, to);
        leased.slice().stats().received(leased.outgoing().takeWritten());
        leased.endOfRequests();
        if (!leased.isWritable()) socket.pauseReading();
        if (releaseDeferred && !session.walk().midMessage()) {
            releaseDeferred = false;
            if (leased.exchange().settled()) settled(leased.exchange().status());
        }
    }

    // --- whether it goes back

    /// Everything asked so far has been answered.
    /// @param status byte of the last ReadyForQuery
    void settled(byte status) {
        BackendConnection leased = leased();
        SessionRoutes routes = path.routes();
        if (session.state() == ClientSession.State.LEASED && routes != null && routes.isTurnedAway()) {
            turnAway(leased, routes, status);
            return;
        }
        leased.requests().clear();
        if (session.sharing().aloneAnswered() && session.waiting().size() > 0) context.loop().execute(this::next);
        boolean mayHaveReset = settings.answered() && !settings.startup().isEmpty();
        if (settings.failed()) {
            settings.failureHandled();
            ends();
            leased.abandon(CloseReason.SETTINGS_FAILED, System.nanoTime());
            if (session.state() == ClientSession.State.DEPARTED) {
                session.end().departed();
                return;
            }
            session.becomes(ClientSession.State.IDLE);
            if (awaitsReplies || session.waiting().size() > 0) context.loop().execute(this::next);
            return;
        }
        if (mayHaveReset && status != 'E' && session.state() == ClientSession.State.LEASED && !settings.tracker().inStep()) {
            settings.restoreStartup(leased, status);
            return;
        }
        if (session.state() == ClientSession.State.DEPARTED) {
            session.end().departed();
            return;
        }
        if (status == 'I' && pins.wantVerification() && !awaitsReplies && !session.walk().midMessage()) {
            pins.verify(leased);
            return;
        }
        if (routes != null) routes.settled();
        if (awaitsReplies) {
            // The message that waited goes on with this lease: given back now, it might have to wait for ever.
            context.loop().execute(this::resumeReading);
            return;
        }
        boolean onReplica = path.isOnReplica();
        if (onReplica && session.waiting().size() > 0) context.loop().execute(this::next);
        if (status != 'I') return;
        boolean keeps = !pins.isEmpty() || !session.looksInto();
        if (keeps && context.draining()) session.end().drain();
        if (keeps) return;
        if (session.walk().midMessage()) releaseDeferred = true;
        else giveBack(leased, onReplica);
    }

    /// The client has a backend, outside of a transaction, and asks nothing of it.
    boolean isIdle() {
        BackendConnection leased = backend;
        return leased != null && leased.exchange().settled() && leased.exchange().status() == 'I' && !awaitsReplies && !session.walk().midMessage() && session.waiting().size() == 0;
    }

    private void giveBack(BackendConnection leased, boolean onReplica) {
        leased.slice().stats().transactionEnded(times.transactionNanos());
        ends();
        session.becomes(ClientSession.State.IDLE);
        Settings left = settings.tracker().release();
        long now = times.readyNanos();
        if (!onReplica && session.recovers() && pool.isCatalogueDue(now) && pool.claimCatalogue(now)) leased.endLeaseAsking(left, CatalogueQuestion.SQL, new CatalogueQuestion(pool), now);
        else leased.endLease(left, now);
        if (context.draining()) session.end().drain();
    }

    /// A replica could not do what the client asked, and the client does not know: it is asked elsewhere.
    private void turnAway(BackendConnection leased, SessionRoutes routes, byte status) {
        boolean whole = !leased.requests().isIncomplete();
        byte[] requests = leased.requests().copy();
        leased.requests().clear();
        // The server lives on, with what the unit's own statements may have left in it.
        boolean outlivesDiscard = pins.outliveDiscard();
        boolean clearsAll = !pins.isEmpty();
        takeBack();
        settings.backendLost();
        ends();
        session.becomes(ClientSession.State.IDLE);
        long now = times.readyNanos();
        if (outlivesDiscard) leased.abandon(CloseReason.DEDICATED, now);
        else if (status == 'I' && !clearsAll) leased.endLease(settings.tracker().release(), now);
        else leased.endLeaseDirty(clearsAll ? Settings.NONE : settings.tracker().release(), clearsAll, now);
        if (whole) routes.asksElsewhere();
        else path.unitOver();
        if (whole) session.waiting().again(requests);
        else socket.write(SessionMessages.error(Refusal.of(RefusalReason.PRIMARY_LOST, "a replica gave the read up, retry it")), SessionMessages.readyForQuery());
        session.progress().goesOn();
    }

    /// What stood before it is answered.
    private void next() {
        times.requested(System.nanoTime());
        resumeReading();
    }

    /// There is room for what the client asks; a message that waited for answers has them.
    void resumeReading() {
        awaitsReplies = false;
        session.progress().resumes();
    }

    // --- when the backend is lost

    /// The connection is gone, and closed already.
    void lost(Loss loss) {
        BackendConnection lost = backend;
        SessionRoutes routes = path.routes();
        LossRules.Node node = !path.isOnReplica() || routes == null ? LossRules.Node.PRIMARY : routes.isTurnedAway() ? LossRules.Node.REPLICA_TURNED_AWAY : LossRules.Node.REPLICA;
        ends();
        if (lost == null) return;
        if (routes == null || node == LossRules.Node.PRIMARY) path.wrote(System.nanoTime());
        else routes.lost(lost);
        if (routes != null) routes.unitLost();
        session.backendLost(lost, loss, node);
    }

    /// What the client asked is not the backend's any more; the client is as it was before it asked.
    void takeBack() {
        session.statements().undo();
        session.portals().over();
        session.shapes().lost();
        session.repetition().lost();
        session.effects().lost();
        pins.lost();
        session.commit().backendLost();
        awaitsReplies = false;
        releaseDeferred = false;
        if (session.walk().midMessage()) session.walk().dropMessage();
        times.ready(System.nanoTime());
    }
}
