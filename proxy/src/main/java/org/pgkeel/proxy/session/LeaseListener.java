package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Lessee;
import org.pgkeel.proxy.relay.Loss;
import org.pgkeel.proxy.relay.Outgoing;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the backend's side tells of one client's lease: passed on to the part of the session that it concerns.
///
/// Threading: confined to the session's event loop.
final class LeaseListener implements Lessee {
    private static final Logger log = LoggerFactory.getLogger(LeaseListener.class);

    private final ClientSession session;
    private final ClientLease lease;
    private final SessionContext context;
    private final Outgoing toClient;
    private final ClientSettings settings;
    private final Pins pins;
    private final ClientStatements statements;
    private final Portals portals;
    private final CommitPath commit;
    private final SessionTimes times;
    private final LeasePath path;

    LeaseListener(ClientSession session, ClientLease lease) {
        this.session = session;
        this.lease = lease;
        this.context = session.context();
        this.toClient = session.toClient();
        this.settings = session.settings();
        this.pins = session.pins();
        this.statements = session.statements();
        this.portals = session.portals();
        this.commit = session.commit();
        this.times = session.times();
        this.path = session.path();
    }

    // --- its client

    @Override
    public Outgoing toClient() {
        return toClient;
    }

    @Override
    public boolean isWritable() {
        return session.state() == ClientSession.State.DEPARTED || session.socket().isWritable();
    }

    @Override
    public boolean outlivesBackend() {
        return session.recovers();
    }

    @Override
    public void resumeReading() {
        lease.resumeReading();
    }

    // --- what its statements did

    @Override
    public void completed(Object subject, String commandTag) {
        session.effects().completed(lease.leased(), subject, commandTag);
    }

    @Override
    public @Nullable String parameterStatus(String name, String value) {
        return settings.parameterStatus(name, value);
    }

    @Override
    public boolean knows(String name, String value) {
        return settings.isKnown(name, value);
    }

    @Override
    public void failed() {
        settings.tracker().error();
        commit.failed();
    }

    @Override
    public ByteBuf errorFor(Object refusal) {
        context.stats().refused(((Refusal) refusal).reason().word());
        return SessionMessages.error((Refusal) refusal);
    }

    @Override
    public void broken(Throwable cause) {
        session.end().broken(cause);
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
    public void shapeFound(SharedStatement statement, long shape) {
        session.shapes().answered(statement, shape);
        // Not from here: the walk of the replies is not over.
        context.loop().execute(this::resumeReading);
    }

    // --- batches that are asked once more

    @Override
    public void planOutdated() {
        session.pool().shared().catalogChanged();
    }

    @Override
    public boolean mayRepeat() {
        return session.state() == ClientSession.State.LEASED && session.repetition().begins(lease.leased());
    }

    @Override
    public boolean mayRepeatOutside() {
        BackendConnection leased = lease.leased();
        boolean may = session.state() == ClientSession.State.LEASED && commit.enclosure().refusesEnd() && session.repetition().beginsOutside(leased);
        if (may) {
            statements.undo();
            commit.enclosure().giveUp(leased);
        }
        return may;
    }

    @Override
    public void repeat() {
        session.repetition().ends();
        BackendConnection leased = lease.leased();
        byte[] again = leased.requests().copy();
        leased.requests().clear();
        settings.tracker().readyForQuery(TransactionStatus.of(leased.exchange().status()));
        settings.transactionEnded();
        portals.over();
        statements.answered(leased.exchange().batchesAnswered());
        commit.watch().over();
        SessionRoutes routes = path.routes();
        if (routes != null) routes.asksHereAgain();
        session.sharing().aloneAnswered();
        session.waiting().again(again);
        log.debug("client {}: what it asked failed by the proxy's own doing, and is asked again", session.identity().address());
        // Not from here: the walk of the replies is not over.
        context.loop().execute(this::resumeReading);
    }

    @Override
    public boolean turnsAway(byte[] errorBody, int visible) {
        SessionRoutes routes = path.routes();
        // What the client keeps there it would lose elsewhere.
        return session.state() == ClientSession.State.LEASED && routes != null && pins.isEmpty() && routes.turnsAway(lease.leased(), errorBody, visible);
    }

    // --- its way to a commit

    @Override
    public boolean mayWrite() {
        return commit.watch().mayHaveWritten();
    }

    @Override
    public boolean commits() {
        return commit.isWatched() && commit.watch().isSent();
    }

    @Override
    public boolean commitIsTracked() {
        return commits() && commit.watch().knowledge(true) == LossRules.Knowledge.ASKED;
    }

    @Override
    public void marked(ByteBuf in, int from, int to) {
        commit.marked(in, from, to);
    }

    @Override
    public void keeps(ByteBuf in, int from, int to) {
        commit.keep(in, from, to);
    }

    @Override
    public byte[] takeKept() {
        return commit.takeKept();
    }

    @Override
    public void blockGoesOn(byte status) {
        commit.enclosure().goesOn(lease.leased(), status);
    }

    // --- what ends

    @Override
    public byte readyForQuery(byte status) {
        BackendConnection leased = lease.leased();
        SessionRoutes routes = path.routes();
        long now = System.nanoTime();
        if (routes != null && session.state() == ClientSession.State.LEASED) {
            if (routes.isTurnedAway()) return 0;
            routes.answered(leased, status, commit.mayHaveWritten(), now);
        } else if (routes == null && commit.mayHaveWritten()) {
            path.wrote(now);
        }
        path.deaths().forget();
        leased.requests().answered();
        statements.answered(leased.exchange().batchesAnswered());   // also behind the end of a watch
        commit.answered(leased, status);
        if (settings.failed()) return 'I';
        settings.tracker().readyForQuery(TransactionStatus.of(status));
        pins.answered(status);
        if (status == 'I') {
            if (settings.transactionEnded()) context.catalogueDoubted(session.pool(), now);
            portals.over();
        }
        times.ready(now);
        leased.slice().stats().queryEnded(times.queryNanos());
        return status;
    }

    @Override
    public void settled(byte status) {
        BackendConnection leased = lease.leased();
        lease.settled(status);
        if (lease.backend() == leased) leased.slice().goesOn(leased);
    }

    @Override
    public void backendLost(Loss loss) {
        lease.lost(loss);
    }
}
