package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOutboundBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.observe.Complaints;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Loss;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How one client's session ends: told why or not, at once, or when a backend that works for a client that has said goodbye is done.
///
/// Invariants: what the session holds is given back once, whoever ends it and however often; nothing of it is used afterwards.
///
/// Threading: confined to the session's event loop.
final class SessionEnd {
    private static final Logger log = LoggerFactory.getLogger(SessionEnd.class);
    /// How often a backend is looked after whose client said goodbye before it had its replies.
    private static final Duration DEPARTED_CHECK = Duration.ofMillis(200);

    private final ClientSession session;
    private final SessionContext context;
    private final Runnable onClose;
    /// The client's socket is closed, and its goodbye waits behind what it asked for.
    private boolean leaving;

    /// @param onClose called once, when the client is gone
    SessionEnd(ClientSession session, Runnable onClose) {
        this.session = session;
        this.context = session.context();
        this.onClose = onClose;
    }

    // --- the proxy ends it

    /// Tells the client why, and closes.
    void refused(RefusalReason reason, String message) {
        context.stats().refused(reason.word());
        told(Refusal.of(reason, message));
    }

    /// The client broke the protocol: it is told, and closed.
    void violated(ProtocolViolation violation) {
        log.info("client {}: {}", session.identity().address(), violation.getMessage());
        refused(RefusalReason.PROTOCOL_VIOLATION, violation.getMessage());
    }

    /// A bug of ours, or no memory for what the client does: it is told, and closed.
    void broken(Throwable cause) {
        if (cause instanceof OutOfMemoryError none) {
            outOfMemory(none);
        } else {
            log.error("client {}: closed after a bug", session.identity().address(), cause);
            refused(RefusalReason.INTERNAL_ERROR, "internal error");
        }
    }

    /// What is queued to a client that does not read is memory that others need: it is not waited for.
    private void outOfMemory(OutOfMemoryError none) {
        long met = context.shortages().of(1, System.nanoTime());
        if (met > 0) log.warn("client {}: closed, no memory for what it does: {}{}", session.identity().address(), none.getMessage(), Complaints.others(met));
        ChannelOutboundBuffer queued = session.channel().unsafe().outboundBuffer();
        boolean reads = queued == null || queued.totalPendingWriteBytes() == 0;
        refused(RefusalReason.OUT_OF_MEMORY, "out of memory: it is not known whether what was under way has happened");
        if (!reads) session.channel().close();
    }

    /// The proxy shuts down. Ends the session now if it is outside of a transaction, else when it has come out of it.
    void drain() {
        ClientSession.State state = session.state();
        boolean idle = state == ClientSession.State.IDLE && !session.failedTransaction().isOpen() || state == ClientSession.State.LEASED && session.lease().isIdle() || session.path().waitsToListen();
        if (idle || state == ClientSession.State.GREETING) refused(RefusalReason.SHUTDOWN, "the proxy shuts down");
    }

    /// The server said why, and the client gets its words.
    /// @param lastWords the server's: the ErrorResponse behind its length
    void inItsWords(byte[] lastWords, ClientClose reason) {
        told(SessionMessages.fatal(lastWords), reason.word());
    }

    /// The client cannot go on without what it had on the backend.
    void lost(Loss loss) {
        session.settings().backendLost();
        backendLost(loss.why());
    }

    void backendLost(String why) {
        told(Refusal.of(RefusalReason.BACKEND_LOST, "the connection to the server was lost: " + why));
    }

    void told(Refusal refusal) {
        told(SessionMessages.fatal(refusal), refusal.reason().word());
    }

    private void told(ByteBuf lastWords, String reason) {
        if (session.state() == ClientSession.State.CLOSED) {
            lastWords.release();
            return;
        }
        session.channel().writeAndFlush(lastWords).addListener(ChannelFutureListener.CLOSE);
        over(reason);
    }

    // --- the client ends it

    /// The client said goodbye: what it asked for before is still done.
    void terminated() {
        BackendConnection leased = session.lease().backend();
        if (leased != null && leased.exchange().owed() > 0 && session.state() == ClientSession.State.LEASED) {
            session.becomes(ClientSession.State.DEPARTED);
            session.channel().close();
            watchDeparted();
        } else {
            close(ClientClose.TERMINATED);
        }
    }

    /// Ends a departed session whose backend waits for messages that will never come: rows of a COPY, or a Sync.
    private void watchDeparted() {
        BackendConnection leased = session.lease().backend();
        if (session.state() != ClientSession.State.DEPARTED || leased == null) return;
        if (leased.exchange().copyIn() || leased.exchange().owed() == 0) departed();
        else context.loop().schedule(this::watchDeparted, DEPARTED_CHECK.toMillis(), TimeUnit.MILLISECONDS);
    }

    /// The backend is done with all that a client asked which has said goodbye.
    void departed() {
        over(ClientClose.TERMINATED.word());
    }

    /// The client's socket is closed, or broken. If it has said goodbye before, and that waits behind something that is under way, it ends with that.
    void disconnected() {
        if (leaving) return;
        switch (session.state()) {
            case DEPARTED -> { }
            case LEASED, RESOLVING -> {
                leaving = session.walk().goodbyeWaits();
                if (!leaving) close(ClientClose.DISCONNECTED);
                else if (session.lease().backend() instanceof BackendConnection leased) leased.resumeReading();   // the client takes no replies any more
            }
            case GREETING, IDLE, WAITING, SHARING, CLOSED -> close(ClientClose.DISCONNECTED);
        }
    }

    // --- the end

    void close(ClientClose reason) {
        session.channel().close();
        over(reason.word());
    }

    /// Gives back all that the client holds. Nothing happens the second time.
    /// @param reason why, for counting: a word of [ClientClose] or [RefusalReason]
    private void over(String reason) {
        ClientSession.State before = session.state();
        if (before == ClientSession.State.CLOSED) return;
        if (before == ClientSession.State.GREETING) context.stats().login(reason);
        else context.stats().clientClosed(reason);
        boolean wasWaiting = session.isWaiting();
        session.becomes(ClientSession.State.CLOSED);
        session.cancel().withdraw();
        if (wasWaiting) session.path().leave();
        session.lease().clientGone();
        session.sharing().leave();
        session.waiting().release();
        session.toClient().discard();
        context.closed(session);
        onClose.run();
    }
}
