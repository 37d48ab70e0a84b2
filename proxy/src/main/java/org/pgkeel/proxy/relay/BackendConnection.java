package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.outcome.Origin;
import org.pgkeel.failover.topology.Reign;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.backend.BackendGreeting;
import org.pgkeel.proxy.backend.UnreplicatedCommit;
import org.pgkeel.proxy.pool.CloseReason;
import org.pgkeel.proxy.pool.PoolSlice;
import org.pgkeel.proxy.pool.PooledConnection;
import org.pgkeel.proxy.prepare.BackendStatements;
import org.pgkeel.proxy.settings.Settings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One backend: its state on the server, and the lease it serves. Its socket is [BackendSocket]; what is read from that goes through [ReplyWalk].
///
/// Threading: confined to an event loop; [#moveTo] hands it to another one while it is idle.
public final class BackendConnection extends PooledConnection {
    private static final Logger log = LoggerFactory.getLogger(BackendConnection.class);

    private final long id;
    private final BackendSocket socket;
    private BackendGreeting greeting;
    private final BackendStatements statements;
    private final ReplyWalk walk = new ReplyWalk(this);
    private final Turnover turnover = new Turnover(this);
    private int epoch;
    private PoolSlice<BackendConnection> slice;
    private final Exchange exchange = new Exchange();
    private @Nullable Lessee lessee;
    private @Nullable Diversion diversion;
    private Settings applied = Settings.NONE;
    private boolean awaitsReplies;
    private final RequestLog requests = new RequestLog();
    private Reign reign = Reign.NONE;
    private Origin origin = new Origin(Reign.NONE.address(), 0, Reign.NONE.lifetime());

    /// @param id        unique in this process
    /// @param channel   logged in, nothing but TLS in its pipeline, not reading
    /// @param buffersOf the buffers of an event loop
    public BackendConnection(long id, Channel channel, BackendGreeting greeting, PoolSlice<BackendConnection> slice, int statementsMax,
                             Function<EventLoop, LoopBuffers> buffersOf, long nowNanos) {
        super(nowNanos, withJitter(slice.shared().settings().timeouts().serverLifetime().toNanos()));
        this.id = id;
        this.greeting = greeting;
        this.slice = slice;
        this.epoch = slice.shared().epoch();
        this.statements = new BackendStatements(statementsMax);
        this.socket = new BackendSocket(channel, slice.eventLoop(), buffersOf, this);
    }

    /// The server's run as primary that the connection belongs to.
    /// @param begun of the pool when it began to connect: whatever has changed since, this connection goes where it went before
    public void serves(Reign lasting, int begun) {
        reign = lasting;
        epoch = begun;
        origin = new Origin(lasting.address(), lasting.timeline(), lasting.lifetime());
    }

    /// It was opened to a replica, and that is the primary now.
    public void promoted() {
        greeting = greeting.ofPrimary();
    }

    public Reign reign() {
        return reign;
    }

    /// It is one of a replica's.
    boolean isToReplica() {
        return slice.shared().key().isToReplica();
    }

    /// The run of the server, for what is learnt of its transactions.
    public Origin origin() {
        return origin;
    }

    /// Starts to read.
    /// @param early bytes that came behind the login; released here
    public void start(ByteBuf early) {
        walk.read(early);
        socket.resumeReading();
    }

    // --- for the client that has leased it

    /// Binds the connection to its client. The caller has it from the pool.
    public void beginLease(Lessee client) {
        walk.leaseBegins();
        lessee = client;
    }

    /// Binds the connection to somebody who reads it by itself, and who ends that with [#undivert]. The caller has it from the pool.
    public void divert(Diversion reader) {
        diversion = reader;
    }

    /// What was asked in the diversion is answered: the connection is in no transaction, and can be given back.
    public void undivert() {
        diversion = null;
        statements.unnamed(null);
    }

    /// The client gives it back: settled, outside of a transaction.
    /// @param nowApplied the settings that the backend has now
    public void endLease(Settings nowApplied, long nowNanos) {
        lessee = null;
        awaitsReplies = false;
        applied = nowApplied;
        resumeReading();   // the last client may have been too slow for what was read
        if (epoch != slice.shared().epoch()) {
            slice.close(this, CloseReason.RECYCLED, nowNanos);
        } else if (isSpent()) {
            slice.close(this, CloseReason.DEDICATED, nowNanos);
        } else if (turnover.cancelsUnderWay() > 0) {
            slice.releaseUnclean(this, nowNanos);
        } else {
            slice.release(this, nowNanos);
        }
    }

    /// It is to be lent to nobody any more: its settings stay, or a cancel that was meant for its last client may still come.
    boolean isSpent() {
        return applied.stay() || turnover.isSpent() || exchange.isMuddled();
    }

    /// As [#endLease]; before anybody else gets the connection it is asked something.
    /// @param sql     leaves nothing behind in the session
    /// @param answers hears nothing any more if the connection is lost
    public void endLeaseAsking(Settings nowApplied, String sql, Aside answers, long nowNanos) {
        lessee = null;
        awaitsReplies = false;
        applied = nowApplied;
        resumeReading();
        slice.releaseUnclean(this, nowNanos);
        turnover.ask(sql, answers);
    }

    /// The client is gone; the connection is settled, but state may be left in it: an open transaction, or more.
    /// @param nowApplied the settings that the backend has once the transaction is rolled back
    /// @param clearsAll  all session state is discarded
    public void endLeaseDirty(Settings nowApplied, boolean clearsAll, long nowNanos) {
        lessee = null;
        applied = nowApplied;
        resumeReading();
        slice.releaseUnclean(this, nowNanos);
        turnover.reset(clearsAll);
    }

    /// The client is gone in the middle of something: the connection is of no use any more.
    public void abandon(CloseReason reason, long nowNanos) {
        lessee = null;
        diversion = null;
        slice.close(this, reason, nowNanos);
    }

    /// Where messages for the backend go.
    public Outgoing outgoing() {
        return socket.outgoing();
    }

    public Exchange exchange() {
        return exchange;
    }

    public BackendStatements statements() {
        return statements;
    }

    /// What its client has asked and was not answered.
    public RequestLog requests() {
        return requests;
    }

    /// The client has the first replies of its next batch already, from a backend that was lost.
    public void suppressReplies(int count) {
        walk.suppress(count);
    }

    /// The client's next replies are withheld, see [Outgoing#withhold].
    public void withholdReplies(int bytesMax) {
        Lessee client = lessee;
        if (client == null || client.toClient().isWithholding()) return;
        walk.withholds();
        client.toClient().withhold(bytesMax);
    }

    /// Another server is the primary now: nothing that comes from this one counts any more.
    @Override
    protected void fence() {
        if (state() != State.CLOSED && state() != State.MOVING) lost(CloseReason.FENCED, "another server is the primary now", Loss.Ending.FENCED);
    }

    /// The settings that the backend has, while nobody leases it.
    public Settings applied() {
        return applied;
    }

    public BackendGreeting greeting() {
        return greeting;
    }

    public Channel channel() {
        return socket.channel();
    }

    public PoolSlice<BackendConnection> slice() {
        return slice;
    }

    public long id() {
        return id;
    }

    /// Cancel requests for it that the server has not been told yet.
    public int cancelsUnderWay() {
        return turnover.cancelsUnderWay();
    }

    /// It will be closed when it is given back: RECONNECT, its age, or a changed configuration.
    public boolean closesWhenReleased(long nowNanos) {
        return epoch != slice.shared().epoch() || tooOld(nowNanos);
    }

    @Nullable Lessee lessee() {
        return lessee;
    }

    /// Whoever has the lease: a reply is for it.
    Lessee client() {
        Lessee client = lessee;
        if (client == null) throw new IllegalStateException("a reply for nobody");
        return client;
    }

    /// The server takes its requests no slower than they come.
    public boolean isWritable() {
        return socket.isWritable();
    }

    /// The client can take replies again.
    public void resumeReading() {
        socket.resumeReading();
    }

    void pauseReading() {
        socket.pauseReading();
    }

    /// Sends a Query of the proxy's own; it leaves with the next write.
    public void aside(String sql, Aside replies) {
        exchange.asideSent(replies);
        walk.beginAside(exchange);
        statements.unnamed(null);   // a Query ends the unnamed statement
        byte[] text = sql.getBytes(StandardCharsets.UTF_8);
        ByteBuf out = socket.outgoing().room(text.length + 6);
        out.writeByte(FrontendType.QUERY).writeInt(text.length + 5).writeBytes(text).writeByte(0);
        exchange.querySent();
    }

    /// Sends messages of the proxy's own, a whole batch up to Sync; they leave with the next write.
    /// @param messages not kept
    public void asideBatch(ByteBuf messages, Aside replies) {
        exchange.asideSent(replies);
        walk.beginAside(exchange);
        socket.outgoing().room(messages.readableBytes()).writeBytes(messages);
        exchange.syncSent();
    }

    /// Sends a Sync of the proxy's own; it leaves with the next write. Who has it sent counts it, in the [Exchange] or in its [Block].
    public void sync() {
        socket.outgoing().room(5).writeByte(FrontendType.SYNC).writeInt(4);
    }

    /// A ParseComplete that no backend will send is due to the client at this place of its replies.
    /// @param undo the [PendingName]; for the unnamed statement what it was before, or null
    public void replyParseComplete(@Nullable Object undo) {
        walk.insertHere(ReplyPlan.Action.THEN_PARSE_COMPLETE, undo);
    }

    /// A CloseComplete that no backend will send is due to the client at this place of its replies.
    /// @param undo null if nothing is closed
    public void replyCloseComplete(@Nullable PendingName undo) {
        walk.insertHere(ReplyPlan.Action.THEN_CLOSE_COMPLETE, undo);
    }

    /// The client's next message may be sent only when everything before it is answered, as the server may skip it: it is asked to say
    /// what it has to say, and [Lessee#resumeReading] follows.
    public void awaitReplies() {
        if (awaitsReplies) return;
        awaitsReplies = true;
        socket.outgoing().room(5).writeByte(FrontendType.FLUSH).writeInt(4);
        exchange.flushSent();
    }

    boolean awaitsReplies() {
        return awaitsReplies;
    }

    void continueWhenAllSeen() {
        Lessee client = lessee;
        if (client == null || !exchange.allSeen() && !exchange.copyIn()) return;
        awaitsReplies = false;
        socket.channel().eventLoop().execute(client::resumeReading);
    }

    /// The client has sent all it had: replies of the proxy's own that no reply of the backend will follow leave now.
    public void endOfRequests() {
        walk.flushInsertions();
    }

    // --- cancel

    /// A CancelRequest is on its way: the connection is not lent to anybody else before it has arrived.
    public void cancelBegan() {
        turnover.cancelBegan();
    }

    /// Nobody knows whether the server has got a cancel for it, or will get it yet: it is lent to nobody any more. [#cancelEnded] follows.
    public void cancelLost() {
        turnover.cancelLost();
    }

    /// The server has been told. A cancel that came too late for the statement must not hit the next client's: the
    /// connection answers a check first.
    public void cancelEnded() {
        turnover.cancelEnded();
    }

    // --- for the pool

    @Override
    protected boolean isOpen() {
        return socket.isActive();
    }

    @Override
    protected boolean isStale() {
        return epoch != slice.shared().epoch();
    }

    @Override
    protected void check() {
        turnover.check(CloseReason.CHECK_FAILED);
    }

    @Override
    protected void disconnect(CloseReason reason) {
        log.debug("backend {} pid {}: closed, {}", greeting.address(), greeting.pid(), reason.word());
        if (exchange.settled()) socket.terminate();
        socket.close();
        Diversion reader = diversion;
        diversion = null;
        // Not from here: the pool is in the middle of something.
        if (reader != null) socket.channel().eventLoop().execute(() -> reader.lost(Loss.Ending.BROKEN, "the proxy closed the connection: " + reason.word()));
    }

    @Override
    @SuppressWarnings("unchecked")
    protected void joins(PoolSlice<?> other) {
        slice = (PoolSlice<BackendConnection>) other;
    }

    @Override
    protected void moveTo(PoolSlice<?> target, Runnable then) {
        socket.moveTo(target.eventLoop(), () -> joins(target), then);
    }

    // --- for its socket

    /// @param arrived released here
    /// @throws ProtocolViolation if the server breaks the protocol; [#brokeProtocol] is to follow
    /// @throws UnreplicatedCommit if what it says next means nothing; [#isNotBelieved] is to follow
    void read(ByteBuf arrived) {
        Diversion reader = diversion;
        if (reader != null) reader.read(arrived);
        else walk.read(arrived);
        // What the server says last to nobody is not waited for: the connection must not be lent once more.
        boolean saidFarewell = !(walk.farewell() instanceof Farewell.Unsaid);
        if (saidFarewell && lessee == null && diversion == null && state() == State.IDLE) lost(CloseReason.SERVER_FATAL, "", Loss.Ending.SHUT_DOWN);
    }

    void brokeProtocol(ProtocolViolation violation) {
        lost(CloseReason.PROTOCOL_BROKEN, "the server broke the protocol: " + violation.getMessage(), Loss.Ending.BROKEN);
    }

    void isNotBelieved(UnreplicatedCommit why) {
        lost(CloseReason.UNREPLICATED, why.getMessage(), Loss.Ending.FENCED);
    }

    /// The socket is closed, by whomever.
    void streamEnded(Loss.Ending told) {
        // A server that ends says so between two messages; behind half of one, something on the way may have swallowed more.
        Loss.Ending ending = walk.isWithinMessage() ? Loss.Ending.BROKEN : told;
        walk.release();
        if (state() == State.CLOSED || state() == State.MOVING) return;
        String why = "the server closed the connection";
        switch (walk.farewell()) {
            case Farewell.Unsaid _ -> lost(CloseReason.LOST, why, ending);
            case Farewell.Unread _ -> lost(CloseReason.SERVER_FATAL, why, ending);
            case Farewell.Kept _ -> lost(CloseReason.SERVER_FATAL, why, Loss.Ending.SHUT_DOWN);
            case Farewell.Told _ -> lost(CloseReason.SERVER_FATAL, why, Loss.Ending.TOLD);
        }
    }

    /// The stream from the server lost its meaning, or ended.
    private void lost(CloseReason reason, String why, Loss.Ending how) {
        Lessee client = lessee;
        Diversion reader = diversion;
        Loss loss = client == null ? null : walk.loss(why, how, exchange, client);
        lessee = null;
        diversion = null;
        slice.close(this, reason, System.nanoTime());
        if (client != null) client.backendLost(loss);
        if (reader != null) reader.lost(how, why);
    }
}
