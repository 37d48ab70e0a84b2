package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/// One event loop's buffers. All its channels read into one buffer in turn: an idle client holds none, and a read
/// allocates nothing. The buffer is free again when the read has been relayed; when a slow peer keeps part of it, the
/// next read gets a new one.
///
/// Threading: confined to its event loop.
public final class LoopBuffers implements RecvByteBufAllocator {
    /// Bytes of one read at most.
    public static final int READ_BYTES = 64 * 1024;
    /// Free bytes in front of what was read: room for a few messages of the proxy's own.
    public static final int HEADROOM_BYTES = 64;
    private static final int READS_PER_TURN_MAX = 16;

    private final ByteBufAllocator allocator;
    private ByteBuf read;
    private ByteBuf scratch;

    public LoopBuffers(ByteBufAllocator allocator) {
        this.allocator = allocator;
        this.read = allocator.directBuffer(HEADROOM_BYTES + READ_BYTES, HEADROOM_BYTES + READ_BYTES);
        this.scratch = allocator.directBuffer(READ_BYTES, READ_BYTES);
    }

    /// A buffer to compose one write in; empty, and nobody else's until it is released.
    public ByteBuf scratch() {
        if (scratch.refCnt() != 1) scratch = insteadOf(scratch, READ_BYTES);
        return scratch.clear().retain();
    }

    /// The buffer is the one that all channels of the loop read into: who keeps its bytes copies them.
    public boolean isShared(ByteBuf buf) {
        return buf == read;
    }

    public ByteBufAllocator allocator() {
        return allocator;
    }

    @Override
    public Handle newHandle() {
        return new ReadHandle();
    }

    /// To be called when the loop ends.
    public void release() {
        read.release();
        scratch.release();
    }

    /// The old one goes when there is another: without memory for that it is still known as kept by somebody, and stays as it is.
    private ByteBuf insteadOf(ByteBuf kept, int bytes) {
        ByteBuf other = allocator.directBuffer(bytes, bytes);
        kept.release();
        return other;
    }

    private ByteBuf readBuffer() {
        if (read.refCnt() != 1) read = insteadOf(read, HEADROOM_BYTES + READ_BYTES);
        read.setIndex(HEADROOM_BYTES, HEADROOM_BYTES);
        return read.retain();
    }

    private final class ReadHandle implements ExtendedHandle {
        private ChannelConfig config;
        private LoopBuffers of = LoopBuffers.this;
        private int attempted;
        private int last;
        private int reads;

        @Override
        public ByteBuf allocate(ByteBufAllocator ignored) {
            return of.readBuffer();
        }

        @Override
        public int guess() {
            return READ_BYTES;
        }

        @Override
        public void reset(ChannelConfig ofChannel) {
            config = ofChannel;
            // Netty keeps a channel's handle for ever; one that has moved to another loop reads into that loop's buffer.
            if (ofChannel.getRecvByteBufAllocator() instanceof LoopBuffers now) of = now;
            attempted = 0;
            last = 0;
            reads = 0;
        }

        @Override
        public void incMessagesRead(int messages) {
            reads += messages;
        }

        @Override
        public void lastBytesRead(int bytes) {
            last = bytes;
        }

        @Override
        public int lastBytesRead() {
            return last;
        }

        @Override
        public void attemptedBytesRead(int bytes) {
            attempted = bytes;
        }

        @Override
        public int attemptedBytesRead() {
            return attempted;
        }

        @Override
        public boolean continueReading() {
            return last > 0 && last == attempted && reads < READS_PER_TURN_MAX && config.isAutoRead();
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMore) {
            return continueReading();
        }

        @Override
        public void readComplete() {}
    }
}
