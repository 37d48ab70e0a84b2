package org.pgkeel.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestLogTest {
    private final RequestLog log = new RequestLog();

    private void append(String text, int max) {
        ByteBuf in = Unpooled.copiedBuffer(text, java.nio.charset.StandardCharsets.US_ASCII);
        log.append(in, 0, in.readableBytes(), max);
        in.release();
    }

    private String all() {
        return new String(log.copy(), java.nio.charset.StandardCharsets.US_ASCII);
    }

    @Test
    void what_is_answered_goes_and_the_first_unanswered_batch_is_told_apart() {
        append("one", 100);
        log.batchEnds();
        append("two", 100);
        log.batchEnds();
        append("open", 100);
        assertThat(all()).isEqualTo("onetwoopen");
        assertThat(log.firstBatchBytes()).isEqualTo(3);
        log.answered();
        assertThat(all()).isEqualTo("twoopen");
        assertThat(log.firstBatchBytes()).isEqualTo(3);
        log.answered();
        assertThat(log.firstBatchBytes()).as("of an open batch all there is").isEqualTo(4);
        log.answered();   // of something that does not stand here
        assertThat(all()).isEqualTo("open");
    }

    @Test
    void beyond_its_limit_it_is_incomplete_until_nothing_is_owed() {
        append("12345", 8);
        log.batchEnds();
        append("6789", 8);
        assertThat(log.isIncomplete()).isTrue();
        assertThat(log.isEmpty()).isTrue();
        append("x", 8);
        log.batchEnds();
        log.answered();
        assertThat(log.isIncomplete()).isTrue();
        log.clear();
        assertThat(log.isIncomplete()).isFalse();
        append("again", 8);
        assertThat(all()).isEqualTo("again");
    }

    /// Against a queue of batches.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void it_is_what_a_queue_of_batches_would_be(long seed) {
        var random = new SplittableRandom(seed);
        var complete = new ArrayDeque<byte[]>();
        var open = new ByteArrayOutputStream();
        for (int step = 0; step < 20_000; step++) {
            switch (random.nextInt(8)) {
                case 0, 1, 2, 3 -> {
                    var bytes = new byte[random.nextInt(60)];
                    random.nextBytes(bytes);
                    ByteBuf in = Unpooled.wrappedBuffer(bytes);
                    log.append(in, 0, bytes.length, Integer.MAX_VALUE / 2);
                    open.writeBytes(bytes);
                }
                case 4, 5 -> {
                    log.batchEnds();
                    complete.add(open.toByteArray());
                    open.reset();
                }
                case 6 -> {
                    if (complete.isEmpty()) continue;
                    log.answered();
                    complete.remove();
                }
                default -> {
                    if (random.nextInt(50) != 0) continue;
                    log.clear();
                    complete.clear();
                    open.reset();
                }
            }
            var all = new ByteArrayOutputStream();
            complete.forEach(all::writeBytes);
            all.writeBytes(open.toByteArray());
            assertThat(log.copy()).as("seed %d, step %d", seed, step).isEqualTo(all.toByteArray());
            assertThat(log.firstBatchBytes()).isEqualTo(complete.isEmpty() ? open.size() : complete.peek().length);
        }
    }
}
