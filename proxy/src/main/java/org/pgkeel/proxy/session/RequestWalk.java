package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Outgoing;

/// Walks what a client sends, message by message, and forwards it to the leased backend. A lease is asked for when the
/// first message that needs one is there as a whole (or is large): half a message holds no backend.
///
/// Threading: confined to the session's event loop.
final class RequestWalk {
    /// A message longer than this is given a backend before it is whole; a shorter one is waited for.
    static final int WAITED_FOR_BYTES_MAX = 16 * 1024;

    /// A message's type and length.
    private static final int HEADER_BYTES = 5;

    private final ClientSession session;
    private final ClientLease lease;
    private final ClientMessages messages;
    private final WaitingBytes waiting;
    private final ClientProgress progress;
    private final int messageBytesMax;
    private final int rerunBytesMax;
    /// Bytes of the message that the client is inside of which have not come yet.
    private int skip;
    /// They go nowhere.
    private boolean skipDropped;
    /// Where the bytes begin that are not in the log of the backend's requests yet.
    private int unlogged;
    /// The client's batch was refused before it had a backend: the rest of it is dropped.
    private boolean droppingUntilSync;

    RequestWalk(ClientSession session) {
        this.session = session;
        var limits = session.context().config().limits();
        this.messageBytesMax = limits.messageBytes();
        this.rerunBytesMax = limits.rerunBytes();
        this.lease = session.lease();
        this.messages = new ClientMessages(session);
        this.waiting = session.waiting();
        this.progress = session.progress();
    }

    Parsing parsing() {
        return messages.parsing();
    }

    /// The client is inside of a message that is relayed as it comes.
    boolean midMessage() {
        return skip > 0 && !skipDropped;
    }

    /// @param arrived released here
    void read(ByteBuf arrived) {
        walk(waiting.takeWith(arrived));
    }

    /// The message that is relayed as it comes goes nowhere from here on.
    void dropMessage() {
        skipDropped = true;
    }

    /// The rest of the batch goes nowhere; its Sync is answered.
    void dropUntilSync() {
        droppingUntilSync = true;
    }

    /// A whole message waits.
    boolean hasWholeMessage() {
        return skip == 0 && waiting.beginWithWholeMessage();
    }

    /// What waits ends with the client's goodbye.
    boolean goodbyeWaits() {
        return waiting.endWith(FrontendType.TERMINATE, skip);
    }

    /// There is a lease now, or room for more requests.
    void resume() {
        ByteBuf all = waiting.take();
        if (all == null) return;
        session.times().resumed(System.nanoTime());
        walk(all);
    }

    private void walk(ByteBuf in) {
        boolean mine = true;
        try {
            int at = forward(in);
            if (at < in.writerIndex() && session.isOpen()) {
                mine = false;
                keep(in, at);
            }
        } catch (ProtocolViolation violation) {
            // Here, not where Netty calls: a client that waited is walked in the turn of the one that gave the backend back, or by a task.
            session.end().violated(violation);
        } catch (RuntimeException | Error broken) {
            session.end().broken(broken);
        } finally {
            if (mine) in.release();
        }
    }

    private void keep(ByteBuf in, int at) {
        waiting.keep(in, at);
        session.path().hasSentMore();
        if (progress.isHeld() && waiting.size() >= WaitingBytes.BYTES_MAX) session.socket().pauseReading();
    }

    /// The request that waits for a backend will not get one: it is taken out of what is pending. What follows it goes on
    /// once its answer is written.
    /// @param answerQuery     tells the client, ReadyForQuery included
    /// @param answerUntilSync tells the client; ReadyForQuery follows when its Sync comes
    void refusePending(Runnable answerQuery, Runnable answerUntilSync) {
        if (waiting.size() < HEADER_BYTES) return;
        ByteBuf all = waiting.peek();
        byte type = all.getByte(all.readerIndex());
        // It has asked for nothing: it is a client that listens, and waits by itself. What it has sent is the rest of something that has failed.
        if (skip > 0 || droppingUntilSync || !asks(type)) {
            resume();
            return;
        }
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
        if (progress.isHeld()) return at;
        int from = at;
        if (skip > 0) {
            int part = Math.min(skip, end - at);
            skip -= part;
            at += part;
            if (skipDropped) from = at;
        }
        BackendConnection backend = lease.backend();
        unlogged = at;
        if (backend != null && skip == 0 && session.commit().copy().isDue(backend)) {
            backend.outgoing().run(in, from, at);
            session.commit().copy().end(backend);
            from = at;
        }
        while (end - at >= HEADER_BYTES) {
            byte type = in.getByte(at);
            int length = in.getInt(at + 1);
            if (length < 4 || length - 4 > messageBytesMax) throw tooLong(type, length);
            int next = at + 1 + length;
            if (droppingUntilSync && type != FrontendType.SYNC && type != FrontendType.TERMINATE) {
                from = next;
            } else if (backend == null && session.failedTransaction().isOpen()) {
                if (next > end && length <= WaitingBytes.BYTES_MAX / 2) return at;
                if (session.failedTransaction().isLeftBy(in, type, at, next, next <= end)) continue;
                session.failedTransaction().answer(in, type, at, next, next <= end);
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
                if (lease.waitsForReplies(backend, in, from, at)) from = at;
                else session.socket().pauseReading();
                break;
            } else if (backend.exchange().skipping() && type != FrontendType.SYNC && type != FrontendType.TERMINATE) {
                from = dropped(backend.outgoing(), in, from, at, next);
                if (type == FrontendType.FLUSH) session.commit().flush();   // the error may be withheld
            } else {
                boolean takesData = backend.exchange().copyIn();   // passes over a Sync
                int verdict = messages.message(backend, in, type, length, from, at, next);
                if (verdict == HELD) from = at;
                if (verdict == INCOMPLETE || verdict == HELD) break;
                if (!session.isOpen()) return end;
                from = verdict;
                boolean endsBatch = type == FrontendType.SYNC && !takesData || type == FrontendType.QUERY || type == FrontendType.FUNCTION_CALL;
                if (endsBatch) batchEnds(backend, in, Math.min(next, end));
                if (session.commit().probe().awaitsAnswer() || endsBatch && next <= end && (session.path().waitsBehind() || session.sharing().waitsBehind())) {
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
        } else if (unlogged < at) {
            notKept(backend, at);
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
        else notKept(backend, to);
        session.repetition().batchEnds(backend.exchange());
    }

    /// A reload may add the watch before it is answered: then nobody knows what it was.
    private void notKept(BackendConnection backend, int to) {
        backend.requests().incomplete();
        session.commit().watch().mayEnd();
        unlogged = to;
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

    private static boolean asks(byte type) {
        return switch (type) {
            case FrontendType.QUERY, FrontendType.PARSE, FrontendType.BIND, FrontendType.DESCRIBE, FrontendType.CLOSE, FrontendType.EXECUTE, FrontendType.FUNCTION_CALL -> true;
            default -> false;
        };
    }

    private static boolean needsBackend(byte type) {
        if (asks(type)) return true;
        return switch (type) {
            case FrontendType.SYNC, FrontendType.FLUSH, FrontendType.COPY_DATA, FrontendType.COPY_DONE, FrontendType.COPY_FAIL,
                 FrontendType.TERMINATE -> false;
            default -> throw new ProtocolViolation("unknown message type " + (type & 0xFF));
        };
    }

    /// What a server outside of a transaction answers without a look at its data: CopyData that came too late is ignored.
    private int withoutBackend(ByteBuf in, byte type, int length, int at, int next) {
        if (type == FrontendType.SYNC) session.socket().write(SessionMessages.readyForQuery());
        else if (type == FrontendType.TERMINATE) session.end().terminated();
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
