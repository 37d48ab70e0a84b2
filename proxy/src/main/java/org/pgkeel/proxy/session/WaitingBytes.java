package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.relay.LoopBuffers;

/// What a client has sent and could not be worked on yet: half a message, or what it sends while it waits. Nothing is held while nothing waits.
///
/// Invariant: the bytes are the client's own and never those of a buffer that the event loop reads into again.
///
/// Threading: confined to the session's event loop.
final class WaitingBytes {
    /// While a client waits it is read up to here.
    static final int BYTES_MAX = LoopBuffers.READ_BYTES;

    private final LoopBuffers buffers;
    private @Nullable ByteBuf bytes;

    WaitingBytes(LoopBuffers buffers) {
        this.buffers = buffers;
    }

    int size() {
        ByteBuf waiting = bytes;
        return waiting == null ? 0 : waiting.readableBytes();
    }

    /// They begin with a whole message, if they begin with a message.
    boolean beginWithWholeMessage() {
        ByteBuf waiting = bytes;
        return waiting != null && waiting.readableBytes() >= 5 && waiting.getInt(waiting.readerIndex() + 1) < waiting.readableBytes();
    }

    /// They end with a whole message of this type.
    /// @param first so many bytes are of a message that has begun before
    boolean endWith(byte type, int first) {
        ByteBuf waiting = bytes;
        if (waiting == null) return false;
        int end = waiting.writerIndex();
        byte last = 0;
        int at = waiting.readerIndex() + first;
        while (at + 5 <= end) {
            last = waiting.getByte(at);
            int length = waiting.getInt(at + 1);
            if (length < 4 || length >= end - at) return false;
            at += 1 + length;
        }
        return at == end && last == type;
    }

    /// The bytes, which stay here.
    ByteBuf peek() {
        if (bytes == null) throw new IllegalStateException("nothing waits");
        return bytes;
    }

    /// @return what waits, the caller's to release; null if that is nothing
    @Nullable ByteBuf take() {
        ByteBuf all = bytes;
        bytes = null;
        return all;
    }

    /// @param arrived released here, or returned
    /// @return what waits and, behind it, what has arrived; the caller's to release
    ByteBuf takeWith(ByteBuf arrived) {
        ByteBuf all = bytes;
        if (all == null) return arrived;
        try {
            if (all.refCnt() == 1) {
                all.discardReadBytes().writeBytes(arrived);
            } else {
                // Part of it is queued for a slow server: its bytes must stay where they are.
                ByteBuf both = all.alloc().buffer(all.readableBytes() + arrived.readableBytes()).writeBytes(all).writeBytes(arrived);
                all.release();
                all = both;
            }
        } finally {
            arrived.release();
        }
        bytes = null;
        return all;
    }

    /// @param in what waits from `at` on; released here, or kept
    void keep(ByteBuf in, int at) {
        if (!buffers.isShared(in)) {
            bytes = in.readerIndex(at);
            return;
        }
        try {
            bytes = in.alloc().buffer(in.writerIndex() - at).writeBytes(in, at, in.writerIndex() - at);
        } finally {
            in.release();
        }
    }

    /// Messages are to be worked on ahead of those that wait: they were sent to a backend that was lost.
    void again(byte[] messages) {
        if (messages.length == 0) return;
        ByteBuf after = bytes;
        ByteBuf both = buffers.allocator().buffer(messages.length + (after == null ? 0 : after.readableBytes())).writeBytes(messages);
        if (after != null) {
            both.writeBytes(after);
            after.release();
        }
        bytes = both;
    }

    /// The first of the bytes are dealt with.
    void drop(int count) {
        if (count == 0) return;
        ByteBuf all = peek().skipBytes(count);
        if (all.isReadable()) return;
        all.release();
        bytes = null;
    }

    void release() {
        if (bytes != null) bytes.release();
        bytes = null;
    }
}
