package org.pgkeel.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoopBuffersTest {
    private final ScarceMemory allocator = new ScarceMemory();
    private final LoopBuffers buffers = new LoopBuffers(allocator);
    private final LoopBuffers.Handle handle = buffers.newHandle();

    @AfterEach
    void nothing_is_left() {
        buffers.release();
        assertThat(allocator.usedBytes()).isZero();
    }

    @Test
    void reads_use_one_buffer_in_turn() {
        ByteBuf first = handle.allocate(allocator);
        first.writeInt(1);
        first.release();
        ByteBuf second = buffers.newHandle().allocate(allocator);
        assertThat(second).isSameAs(first);
        assertThat(second.isReadable()).isFalse();
        assertThat(second.readerIndex()).isEqualTo(LoopBuffers.HEADROOM_BYTES);
        assertThat(second.writableBytes()).isEqualTo(LoopBuffers.READ_BYTES);
        assertThat(buffers.isShared(second)).isTrue();
        second.release();
    }

    /// One is still composing, or a bug has ended its turn early.
    @Test
    void what_somebody_composes_nobody_else_composes_in() {
        ByteBuf first = buffers.scratch().writeInt(1);
        ByteBuf second = buffers.scratch().writeInt(2);
        assertThat(first.getInt(0)).isOne();
        assertThat(second.getInt(0)).isEqualTo(2);
        first.release();
        second.release();
        ByteBuf third = buffers.scratch();
        assertThat(third).isSameAs(second);
        assertThat(third.isReadable()).isFalse();
        third.release();
    }

    @Test
    void a_part_that_somebody_keeps_is_not_overwritten() {
        ByteBuf first = handle.allocate(allocator);
        first.writeInt(42);
        ByteBuf kept = first.retainedSlice(first.readerIndex(), 4);
        first.release();
        ByteBuf second = handle.allocate(allocator);
        assertThat(second).isNotSameAs(first);
        second.writeInt(7);
        assertThat(kept.getInt(0)).isEqualTo(42);
        kept.release();
        second.release();
    }

    /// Another client's bytes would go to who has not read its own yet.
    @Test
    void what_somebody_keeps_is_not_overwritten_either_when_there_was_no_memory_for_another_buffer() {
        ByteBuf first = handle.allocate(allocator);
        ByteBuf kept = first.writeInt(42).retainedSlice(first.readerIndex(), 4);
        first.release();
        ByteBuf composed = buffers.scratch().writeInt(43);

        allocator.exhausted(true);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> handle.allocate(allocator)).isInstanceOf(OutOfMemoryError.class);
            assertThatThrownBy(buffers::scratch).isInstanceOf(OutOfMemoryError.class);
        }
        allocator.exhausted(false);
        ByteBuf second = handle.allocate(allocator);
        second.writeInt(7);
        ByteBuf other = buffers.scratch().writeInt(8);
        assertThat(kept.getInt(0)).isEqualTo(42);
        assertThat(composed.getInt(0)).isEqualTo(43);
        second.release();
        kept.release();
        composed.release();
        other.release();
    }
}
