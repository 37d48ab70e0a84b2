package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

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
        written += message.readableBytes();
        to.writeCopy(message, message.readerIndex(), message.writerIndex());
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
        written += until - from;
        to.write(buf, from, until);
    }

    private void writeComposed() {
        if (!composing) return;
        composing = false;
        written += composed.readableBytes();
        if (composed.isReadable()) to.writeCopy(composed, composed.readerIndex(), composed.writerIndex());
        if (composed.capacity() > LoopBuffers.READ_BYTES) composed.release();
        composed = Unpooled.EMPTY_BUFFER;
    }
}
