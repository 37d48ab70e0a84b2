package org.pgkeel.proxy.relay;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;

/// Direct memory that is used up when a test says so. Threading: confined to one thread.
public final class ScarceMemory extends AbstractByteBufAllocator {
    private final UnpooledByteBufAllocator real = new UnpooledByteBufAllocator(true);
    private boolean exhausted;

    public ScarceMemory() {
        super(true);
    }

    public void exhausted(boolean now) {
        exhausted = now;
    }

    public long usedBytes() {
        return real.metric().usedDirectMemory();
    }

    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
        return real.heapBuffer(initialCapacity, maxCapacity);
    }

    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        if (exhausted) throw new OutOfMemoryError("direct memory");
        return real.directBuffer(initialCapacity, maxCapacity);
    }

    @Override
    public boolean isDirectBufferPooled() {
        return false;
    }
}
