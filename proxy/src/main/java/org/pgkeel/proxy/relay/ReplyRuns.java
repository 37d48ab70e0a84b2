package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;

/// What the client gets of one read: runs of the backend's bytes, ended where a message is left out, with messages of the proxy's own between them.
///
/// A run begins at `from`, which the caller keeps: every method that ends one says where the next begins. A message stands in the buffer from `at` to
/// `next`; of one that is not whole, `next` lies behind what was read. Messages of the proxy's own that are due before anything that the backend has
/// still to say, *insertions*, are written in front of the first byte that goes to the client afterwards, or by [#flush].
///
/// Threading: confined to the connection's event loop.
final class ReplyRuns {
    private static final int INSERTIONS_MAX = LoopBuffers.HEADROOM_BYTES / 5;

    private final BackendConnection connection;
    private final AnsweredBatch answered;
    /// The types of the insertions: they have no body.
    private final byte[] insertions = new byte[INSERTIONS_MAX];
    private int insertionCount;

    ReplyRuns(BackendConnection connection, AnsweredBatch answered) {
        this.connection = connection;
        this.answered = answered;
    }

    /// The client gets the message, if it has not had it already.
    int show(ByteBuf in, int from, int at, int next) {
        return answered.isNews() ? from : drop(in, from, at, next);
    }

    /// The client does not get the message.
    int drop(ByteBuf in, int from, int at, int next) {
        if (from < at) toClient().run(in, withInsertions(in, from), at);
        return next;
    }

    /// As [#drop]; the insertions are given, as the message would have been behind them.
    int dropBehindInsertions(ByteBuf in, int from, int at, int next) {
        int start = drop(in, from, at, next);
        if (insertionCount > 0) toClient().run(in, withInsertions(in, at), at);
        return start;
    }

    /// The client gets another message in its place.
    /// @param other released here
    int replace(ByteBuf in, int from, int at, int next, ByteBuf other) {
        int start = dropBehindInsertions(in, from, at, next);
        toClient().room(other.readableBytes()).writeBytes(other);
        other.release();
        return start;
    }

    /// In front of the message the client gets another one, if it has not had that already.
    /// @param other empty if there is none
    private int putInFront(ByteBuf in, int from, int at, byte[] other) {
        if (other.length == 0 || !answered.isNews()) return from;
        drop(in, from, at, at);
        toClient().room(other.length).writeBytes(other);
        return at;
    }

    /// What comes now, the server says behind a commit: the end of the statement that was committed stands in front of it.
    int behindKept(ByteBuf in, int from, int at) {
        return putInFront(in, from, at, connection.client().takeKept());
    }

    /// Behind the message the client gets one without a body, if it has not had it already.
    int insertBehind(ByteBuf in, int from, int next, byte type) {
        if (!answered.isNews()) return from;
        Outgoing out = toClient();
        if (from < next) out.run(in, withInsertions(in, from), next);
        out.room(5).writeByte(type).writeInt(4);
        return next;
    }

    /// The run ends the turn.
    void last(ByteBuf in, int from, int to) {
        Lessee client = connection.client();
        client.toClient().lastRun(in, withInsertions(in, from), to);
        count(client);
    }

    /// The turn ends with what was given before.
    void finish() {
        Lessee client = connection.lessee();
        if (client == null) return;
        client.toClient().finish();
        count(client);
    }

    private void count(Lessee client) {
        connection.slice().stats().sent(client.toClient().takeWritten());
        if (!client.isWritable()) connection.pauseReading();
    }

    // --- messages that no backend sends

    /// One is due ahead of all that the backend has still to say, if the client has not had it already.
    void insert(byte type) {
        if (!answered.isNews()) return;
        if (insertionCount == INSERTIONS_MAX) flush();
        insertions[insertionCount++] = type;
    }

    /// Insertions that were not written.
    int unwritten() {
        return insertionCount;
    }

    /// They will not be written: the client was never told that they were due.
    void forgetInsertions() {
        insertionCount = 0;
    }

    /// Writes the insertions now. Not by way of the loop's scratch buffer: requests may be composed there now.
    void flush() {
        if (insertionCount == 0) return;
        ByteBuf out = connection.channel().alloc().directBuffer(5 * insertionCount);
        writeInsertions(out);
        toClient().writeNow(out);
        out.release();
    }

    /// Puts the insertions in front of a run: into the free bytes before what was read, where the run begins there.
    private int withInsertions(ByteBuf in, int from) {
        if (insertionCount == 0) return from;
        int bytes = 5 * insertionCount;
        boolean inFront = from == in.readerIndex() && from >= bytes && !toClient().isPending();
        if (!inFront) {
            writeInsertions(toClient().room(bytes));
            return from;
        }
        int at = from - bytes;
        for (int i = 0; i < insertionCount; i++, at += 5) in.setByte(at, insertions[i]).setInt(at + 1, 4);
        insertionCount = 0;
        return from - bytes;
    }

    private void writeInsertions(ByteBuf out) {
        for (int i = 0; i < insertionCount; i++) out.writeByte(insertions[i]).writeInt(4);
        insertionCount = 0;
    }

    private Outgoing toClient() {
        return connection.client().toClient();
    }
}
