package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Exchange;
import org.pgkeel.proxy.relay.LoopBuffers;
import org.pgkeel.proxy.relay.Outgoing;
import org.pgkeel.proxy.statement.PinReason;

/// Walks what a client sends, message by message, and forwards it to the leased backend. A lease is asked for when the
/// first message that needs one is there as a whole (or is large): half a message holds no backend.
///
/// Threading: confined to the session's event loop.
final class RequestWalk {
    /// A message longer than this is given a backend before it is whole; a shorter one is waited for.
    private static final int WAITED_FOR_BYTES_MAX = 16 * 1024;
    /// While a client waits for a backend it is read up to here.
    private static final int PENDING_BYTES_MAX = LoopBuffers.READ_BYTES;

    private final ClientSession session;
    private final ClientLease lease;
    private final SimpleQuery simple;
    private final Parsing parsing;
    private final ExtendedQuery extended;
    private final int messageBytesMax;
    private final int inspectedBytesMax;
    /// Bytes that could not be worked on yet: half a message, or a client that waits.
    private @Nullable ByteBuf pending;
    private int skip;
    private boolean skipDropped;
    /// Where the bytes begin that are not in the log of the backend's requests yet.
    private int unlogged;
    private final int rerunBytesMax;
    /// The client's batch was refused before it had a backend: the rest of it is dropped.
    private boolean droppingUntilSync;

    RequestWalk(ClientSession session) {
        this.session = session;
        var limits = session.context().config().limits();
        this.messageBytesMax = limits.messageBytes();
        this.inspectedBytesMax = limits.inspectedStatementBytes();
        this.rerunBytesMax = limits.rerunBytes();
        this.lease = session.lease();
        this.simple = new SimpleQuery(session);
        this.parsing = new Parsing(session);
        this.extended = new ExtendedQuery(session);
    }

    Parsing parsing() {
        return parsing;
    }

    /// The client is inside of a message that is relayed as it comes.
    boolean midMessage() {
        return skip > 0 && !skipDropped;
    }

    void release() {
        if (pending != null) pending.release();
        pending = null;
    }

    /// @param arrived released here
    void read(ByteBuf arrived) {
        if (pending == null) {
            walk(arrived);
            return;
        }
        ByteBuf all = pending;
        pending = null;
        if (all.refCnt() == 1) {
            all.discardReadBytes().writeBytes(arrived);
        } else {
            // Part of it is queued for a slow server: its bytes must stay where they are.
            ByteBuf both = all.alloc().buffer(all.readableBytes() + arrived.readableBytes()).writeBytes(all).writeBytes(arrived);
            all.release();
            all = both;
        }
        arrived.release();
        walk(all);
    }

    /// Messages are to be worked on ahead of those that wait: they were sent to a backend that was lost.
    void again(byte[] messages) {
        if (messages.length == 0) return;
        ByteBuf after = pending;
        ByteBuf both = session.context().buffers().allocator().buffer(messages.length + (after == null ? 0 : after.readableBytes())).writeBytes(messages);
        if (after != null) {
            both.writeBytes(after);
            after.release();
        }
        pending = both;
    }

    /// The message that is relayed as it comes goes nowhere from here on.
    void dropMessage() {
        skipDropped = true;
    }

    /// The rest of the batch goes nowhere; its Sync is answered.
    void dropUntilSync() {
        droppingUntilSync = true;
    }

    /// Bytes that wait.
    int pendingBytes() {
        ByteBuf waiting = pending;
        return waiting == null ? 0 : waiting.readableBytes();
    }

    /// A whole message waits.
    boolean hasWholeMessage() {
        ByteBuf waiting = pending;
        if (waiting == null || waiting.readableBytes() < 5 || skip > 0) return false;
        return waiting.getInt(waiting.readerIndex() + 1) < waiting.readableBytes();
    }

    /// The bytes that wait, beginning with a whole message; they stay here.
    ByteBuf waiting() {
        if (pending == null) throw new IllegalStateException("nothing waits");
        return pending;
    }

    /// The first of the bytes that wait are dealt with.
    void drop(int bytes) {
        ByteBuf all = waiting().skipBytes(bytes);
        if (all.isReadable()) return;
        all.release();
        pending = null;
    }

    /// There is a lease now, or room for more requests.
    void resume() {
        ByteBuf all = pending;
        if (all == null) return;
        pending = null;
        walk(all);
    }

    private void walk(ByteBuf in) {
        int at = in.readerIndex();
        try {
            at = forward(in);
        } catch (ProtocolViolation violation) {
            // Here, not where Netty calls: a client that waited is walked in the turn of the one that gave the backend back.
            session.violated(violation);
        } finally {
            if (at < in.writerIndex() && session.isOpen()) keep(in, at);
            else in.release();
        }
    }

    private void keep(ByteBuf in, int at) {
        if (session.context().buffers().isShared(in)) {
            pending = in.alloc().buffer(in.writerIndex() - at).writeBytes(in, at, in.writerIndex() - at);
            in.release();
        } else {
            pending = in.readerIndex(at);
        }
        if (session.isHeld() && pending.readableBytes() >= PENDING_BYTES_MAX) session.pauseReading();
    }

    /// The request that waits for a backend will not get one: it is taken out of what is pending. What follows it goes on
    /// once its answer is written.
    /// @param answerQuery     tells the client, ReadyForQuery included
    /// @param answerUntilSync tells the client; ReadyForQuery follows when its Sync comes
    void refusePending(Runnable answerQuery, Runnable answerUntilSync) {
        ByteBuf all = pending;
        if (all == null) return;
        byte type = all.getByte(all.readerIndex());
        if (type == FrontendType.QUERY || type == FrontendType.FUNCTION_CALL) {
            int bytes = 1 + all.getInt(all.readerIndex() + 1);
            int there = Math.min(bytes, all.readableBytes());
            all.skipBytes(there);
            skip = bytes - there;
            skipDropped = true;
            answerQuery.run();
        } else {
            droppingUntilSync = true;
            answerUntilSync.run();
        }
        resume();
    }

    /// @return where the bytes begin that could not be worked on
    private int forward(ByteBuf in) {
        int at = in.readerIndex();
        int end = in.writerIndex();
        if (session.isHeld()) return at;
        int from = at;
        if (skip > 0) {
            int part = Math.min(skip, end - at);
            skip -= part;
            at += part;
            if (skipDropped) from = at;
        }
        BackendConnection backend = lease.backend();
        unlogged = at;
        while (end - at >= 5) {
            byte type = in.getByte(at);
            int length = in.getInt(at + 1);
            if (length < 4 || length - 4 > messageBytesMax) throw tooLong(type, length);
            int next = at + 1 + length;
            if (droppingUntilSync && type != FrontendType.SYNC && type != FrontendType.TERMINATE) {
                from = next;
            } else if (backend == null && session.lostTransaction() != null) {
                if (next > end && length <= PENDING_BYTES_MAX / 2) return at;
                session.answerLost(in, type, at, next, next <= end);
                if (!session.isOpen()) return end;
                from = next;
            } else if (backend == null) {
                unlogged = at;
                if (!needsBackend(type)) {
                    droppingUntilSync = false;
                    from = withoutBackend(in, type, length, at, next);
                    if (!session.isOpen()) return end;
                } else {
                    if (next > end && length <= WAITED_FOR_BYTES_MAX) return at;
                    backend = session.acquire(in, at);
                    if (backend == null) return at;
                    continue;
                }
            } else if (backend.exchange().full()) {
                session.pauseReading();
                break;
            } else if (backend.exchange().skipping() && type != FrontendType.SYNC && type != FrontendType.TERMINATE) {
                from = dropped(backend.outgoing(), in, from, at, next);
            } else {
                int verdict = leased(backend, in, type, length, from, at, next);
                if (verdict == HELD) from = at;
                if (verdict == INCOMPLETE || verdict == HELD) break;
                if (!session.isOpen()) return end;
                from = verdict;
                boolean endsBatch = type == FrontendType.SYNC || type == FrontendType.QUERY || type == FrontendType.FUNCTION_CALL;
                if (endsBatch) batchEnds(backend, in, Math.min(next, end));
                if (session.commit().awaitsAnswer() || endsBatch && next <= end && session.path().waitsBehind()) {
                    at = Math.min(next, end);
                    break;
                }
            }
            if (next > end) {
                skip = next - end;
                skipDropped = from >= next;
                if (from > end) from = end;
                at = end;
            } else {
                at = next;
            }
        }
        if (backend == null) return at;
        if (keepsRequests()) {
            log(backend, in, at, false);
            if (skip > 0) backend.requests().incomplete();
        }
        lease.sent(backend, in, from, at);
        return at;
    }

    /// What the client asks is kept until it is answered: it might have to be asked again.
    private boolean keepsRequests() {
        return session.recovers() || session.repetition().isPossible();
    }

    private void batchEnds(BackendConnection backend, ByteBuf in, int to) {
        if (keepsRequests()) log(backend, in, to, true);
        else unlogged = to;
        session.repetition().batchEnds(backend.exchange());
    }

    private void log(BackendConnection backend, ByteBuf in, int to, boolean batchEnds) {
        if (unlogged < to) backend.requests().append(in, unlogged, to, rerunBytesMax);
        if (batchEnds) backend.requests().batchEnds();
        unlogged = to;
    }

    /// The message is not whole, and has to be.
    static final int INCOMPLETE = -1;
    /// The message has to wait; what came before it was given to the backend.
    static final int HELD = -2;

    /// One message for the leased backend.
    /// @return where the run of bytes to relay begins now: `from` to relay the message as it is, `next` if it was dealt
    ///         with; [#INCOMPLETE] to wait for more of it, [#HELD] if it waits
    private int leased(BackendConnection backend, ByteBuf in, byte type, int length, int from, int at, int next) {
        Exchange exchange = backend.exchange();
        boolean whole = next <= in.writerIndex();
        if (type == FrontendType.TERMINATE) {
            lease.sent(backend, in, from, at);
            session.terminated();
            return next;
        }
        if (!session.looksInto()) return unseen(exchange, type, from);
        if (session.commit().mustSettleFirst(exchange, type) && lease.waitsForReplies(backend, in, from, at)) return HELD;
        switch (type) {
            case FrontendType.QUERY -> {
                if (mustWait(backend, in, from, at)) return HELD;
                if (length > inspectedBytesMax) {
                    session.pins().add(PinReason.STATEMENT_NOT_INSPECTED);
                    session.statements().queryBegins(backend);
                    session.settings().beforeBatch(backend);
                    session.commit().watch().unwatchable();
                    exchange.querySent();
                    return from;
                }
                if (!whole) return INCOMPLETE;
                return simple.query(backend, in, from, at, next);
            }
            case FrontendType.PARSE -> {
                if (!whole && length <= inspectedBytesMax) return INCOMPLETE;
                return parsing.parse(backend, in, from, at, next);
            }
            case FrontendType.BIND -> {
                return extended.bind(backend, in, from, at, next);
            }
            case FrontendType.DESCRIBE, FrontendType.CLOSE -> {
                if (!whole) return INCOMPLETE;
                return extended.describeOrClose(backend, in, type, from, at, next);
            }
            case FrontendType.EXECUTE -> {
                if (!whole) return INCOMPLETE;
                return extended.execute(backend, in, from, at, next);
            }
            case FrontendType.SYNC -> {
                return extended.sync(backend, in, from, at);
            }
            case FrontendType.FUNCTION_CALL -> {
                if (mustWait(backend, in, from, at)) return HELD;
                session.settings().beforeBatch(backend);
                session.commit().watch().unwatchable();
                exchange.querySent();
                return from;
            }
            case FrontendType.COPY_DONE, FrontendType.COPY_FAIL -> {
                exchange.copyEndSent();
                return from;
            }
            case FrontendType.COPY_DATA -> {
                backend.requests().incomplete();
                return from;
            }
            case FrontendType.FLUSH -> {
                session.commit().flush();
                return from;
            }
            default -> throw new ProtocolViolation("unknown message type " + (type & 0xFF));
        }
    }

    /// A Query behind messages of the extended protocol without a Sync: the server skips it if one of them fails, and then does not answer it.
    private boolean mustWait(BackendConnection backend, ByteBuf in, int from, int at) {
        return backend.exchange().batchOpen() && lease.waitsForReplies(backend, in, from, at);
    }

    /// A message on a backend that is the client's until it leaves: counted, not looked into.
    private int unseen(Exchange exchange, byte type, int from) {
        switch (type) {
            case FrontendType.QUERY, FrontendType.FUNCTION_CALL -> exchange.querySent();
            case FrontendType.SYNC -> exchange.syncSent();
            case FrontendType.PARSE, FrontendType.BIND, FrontendType.DESCRIBE, FrontendType.CLOSE -> exchange.messageSent();
            case FrontendType.EXECUTE -> exchange.executeSent();
            case FrontendType.COPY_DONE, FrontendType.COPY_FAIL -> exchange.copyEndSent();
            case FrontendType.FLUSH, FrontendType.COPY_DATA -> { }
            default -> throw new ProtocolViolation("unknown message type " + (type & 0xFF));
        }
        return from;
    }

    private static boolean needsBackend(byte type) {
        return switch (type) {
            case FrontendType.QUERY, FrontendType.PARSE, FrontendType.BIND, FrontendType.DESCRIBE, FrontendType.CLOSE,
                 FrontendType.EXECUTE, FrontendType.FUNCTION_CALL -> true;
            case FrontendType.SYNC, FrontendType.FLUSH, FrontendType.COPY_DATA, FrontendType.COPY_DONE, FrontendType.COPY_FAIL,
                 FrontendType.TERMINATE -> false;
            default -> throw new ProtocolViolation("unknown message type " + (type & 0xFF));
        };
    }

    /// What a server outside of a transaction answers without a look at its data: CopyData that came too late is ignored.
    private int withoutBackend(ByteBuf in, byte type, int length, int at, int next) {
        if (type == FrontendType.SYNC) session.answerSync();
        else if (type == FrontendType.TERMINATE) session.terminated();
        return next;
    }

    /// The message goes nowhere.
    private static int dropped(Outgoing out, ByteBuf in, int from, int at, int next) {
        out.run(in, from, at);
        return next;
    }

    private static ProtocolViolation tooLong(byte type, int length) {
        return new ProtocolViolation("message type " + (type & 0xFF) + ": length " + length);
    }
}
