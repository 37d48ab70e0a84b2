package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/// Collects what goes to one peer in one turn, so that it leaves in one write: runs of relayed bytes, and messages of the
/// proxy's own between them. A turn in which nothing is changed is written from the read buffer, without a copy.
///
/// Threading: confined to one event loop; a turn ends before another begins.
public final class Outgoing {
    private final LoopBuffers buffers;
    private final DirectWriter to;
    private ByteBuf composed = Unpooled.EMPTY_BUFFER;
    private boolean composing;
    private long written;
    private @Nullable ByteBuf withheld;
    private int withheldMax;

    public Outgoing(LoopBuffers buffers, DirectWriter to) {
        this.buffers = buffers;
        this.to = to;
    }

    /// Room for `bytes` of the proxy's own, behind all that was given before.
    public ByteBuf room(int bytes) {
        if (composing && composed.writableBytes() < bytes) writeComposed();
        if (!composing) {
            composed = bytes <= LoopBuffers.READ_BYTES ? buffers.scratch() : buffers.allocator().directBuffer(bytes);
            composing = true;
        }
        return composed;
    }

    /// Relayed bytes that something else will follow or precede in this turn.
    public void run(ByteBuf buf, int from, int until) {
        int bytes = until - from;
        if (bytes == 0) return;
        if (bytes > LoopBuffers.READ_BYTES / 2) {
            writeComposed();
            write(buf, from, until);
        } else {
            room(bytes).writeBytes(buf, from, bytes);
        }
    }

    /// Relayed bytes that end the turn.
    public void lastRun(ByteBuf buf, int from, int until) {
        if (composing) {
            run(buf, from, until);
            writeComposed();
        } else if (from < until) {
            write(buf, from, until);
        }
    }

    /// Written at once, out of turn: nothing for this peer is composed.
    /// @param message of the proxy's own; not kept
    void writeNow(ByteBuf message) {
        if (withheld != null && keep(message, message.readerIndex(), message.writerIndex())) return;
        written += message.readableBytes();
        to.writeCopy(message, message.readerIndex(), message.writerIndex());
    }

    /// From now on nothing leaves: it is kept until [#deliver] or [#discard].
    /// @param bytesMax with more than this everything leaves, and what follows it
    public void withhold(int bytesMax) {
        if (withheld != null) return;
        withheld = buffers.allocator().directBuffer(256);
        withheldMax = bytesMax;
    }

    /// Whether what is written now is kept.
    public boolean isWithholding() {
        return withheld != null;
    }

    /// What was kept leaves, with the next write.
    public void deliver() {
        ByteBuf kept = withheld;
        if (kept == null) return;
        if (composing) {   // belongs behind what was kept
            kept.writeBytes(composed, composed.readerIndex(), composed.readableBytes());
            endComposing();
        }
        withheld = null;
        run(kept, kept.readerIndex(), kept.writerIndex());
        kept.release();
    }

    /// What was kept will never leave.
    public void discard() {
        if (composing) endComposing();
        if (withheld != null) withheld.release();
        withheld = null;
    }

    /// @return false if there was too much: it is on its way then
    private boolean keep(ByteBuf buf, int from, int until) {
        ByteBuf kept = withheld;
        if (kept == null) return false;
        if (kept.readableBytes() + until - from <= withheldMax) {
            kept.writeBytes(buf, from, until - from);
            return true;
        }
        withheld = null;
        written += kept.readableBytes();
        to.writeCopy(kept, kept.readerIndex(), kept.writerIndex());
        kept.release();
        return false;
    }

    /// Ends the turn.
    public void finish() {
        writeComposed();
    }

    /// Something is composed and not written.
    public boolean isPending() {
        return composing;
    }

    /// Bytes written since the last call.
    public long takeWritten() {
        long bytes = written;
        written = 0;
        return bytes;
    }

    private void write(ByteBuf buf, int from, int until) {
        if (withheld != null && keep(buf, from, until)) return;
        written += until - from;
        to.write(buf, from, until);
    }

    private void writeComposed() {
        if (!composing) return;
        if (composed.isReadable() && (withheld == null || !keep(composed, composed.readerIndex(), composed.writerIndex()))) {
            written += composed.readableBytes();
            to.writeCopy(composed, composed.readerIndex(), composed.writerIndex());
        }
        endComposing();
    }

    private void endComposing() {
        composing = false;
        composed.release();
        composed = Unpooled.EMPTY_BUFFER;
    }
}
