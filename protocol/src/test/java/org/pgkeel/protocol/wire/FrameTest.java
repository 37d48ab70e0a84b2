package org.pgkeel.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameTest {
    private static final FrameLimits LIMITS = FrameLimits.frontend(20_000);

    private static ByteBuf header(char type, int length) {
        return Unpooled.buffer().writeByte(type).writeInt(length);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 3, 20_005, Integer.MAX_VALUE})
    void an_impossible_length_is_refused_from_the_header_alone(int length) {
        assertThatThrownBy(() -> Frame.decode(header('Q', length), LIMITS)).isInstanceOf(ProtocolViolation.class);
    }

    @Test void the_longest_allowed_message_is_waited_for() {
        assertThat(Frame.decode(header('Q', 20_004), LIMITS)).isEmpty();
        assertThat(Frame.decode(header('S', FrameLimits.SMALL_BODY_BYTES_MAX + 4), LIMITS)).isEmpty();
        assertThatThrownBy(() -> Frame.decode(header('S', FrameLimits.SMALL_BODY_BYTES_MAX + 5), LIMITS))
                .isInstanceOf(ProtocolViolation.class).hasMessage("message 'S': 10001 bytes where 10000 are allowed");
    }

    @Test void limits_know_which_types_may_come_when() {
        assertThat(FrameLimits.frontendLogin().bodyBytesMax((byte) 'p')).isEqualTo(FrameLimits.LOGIN_BODY_BYTES_MAX);
        assertThatThrownBy(() -> FrameLimits.frontendLogin().bodyBytesMax((byte) 'Q')).isInstanceOf(ProtocolViolation.class);
        assertThatThrownBy(() -> LIMITS.bodyBytesMax((byte) 'p')).isInstanceOf(ProtocolViolation.class);
        assertThatThrownBy(() -> FrameLimits.backendLogin().bodyBytesMax((byte) 'D')).isInstanceOf(ProtocolViolation.class);
        assertThat(FrameLimits.backend(1 << 30).bodyBytesMax((byte) 'D')).isEqualTo(1 << 30);
        assertThatThrownBy(() -> FrameLimits.backend(9).bodyBytesMax((byte) 'p')).isInstanceOf(ProtocolViolation.class);
    }

    @Test void a_burst_is_cut_into_its_frames() {
        var channel = new EmbeddedChannel(new FrameDecoder(LIMITS));
        ByteBuf burst = header('Q', 6).writeByte('a').writeByte(0);
        burst.writeBytes(header('S', 4)).writeBytes(header('X', 4));
        channel.writeInbound(burst);
        for (char type : "QSX".toCharArray()) {
            Frame frame = channel.readInbound();
            assertThat(frame.type()).isEqualTo((byte) type);
            frame.release();
        }
        assertThat(channel.finish()).isFalse();
    }

    @Test void a_broken_stream_is_reported_once_and_then_discarded() {
        var channel = new EmbeddedChannel(new FrameDecoder(LIMITS));
        channel.writeInbound(header('S', 4));
        assertThatThrownBy(() -> channel.writeInbound(header('S', -4)))
                .isInstanceOf(DecoderException.class).hasCauseInstanceOf(ProtocolViolation.class);
        channel.writeInbound(header('S', 4));
        Frame beforeTheBreak = channel.readInbound();
        beforeTheBreak.release();
        assertThat(channel.<Object>readInbound()).isNull();
        assertThat(channel.finish()).isFalse();
    }

    @Test void limits_can_change_between_two_frames() {
        var decoder = new FrameDecoder(FrameLimits.frontendLogin());
        var channel = new EmbeddedChannel(decoder);
        channel.writeInbound(header('p', 5).writeByte(0));
        decoder.limits(LIMITS);
        channel.writeInbound(header('S', 4));
        for (char type : "pS".toCharArray()) {
            Frame frame = channel.readInbound();
            assertThat(frame.type()).isEqualTo((byte) type);
            frame.release();
        }
        assertThat(channel.finish()).isFalse();
    }

    @Test void a_frame_does_not_show_its_content() {
        assertThat(new Frame((byte) 'p', Unpooled.wrappedBuffer(new byte[] {'p', 'w', 0}))).hasToString("message 'p' of 3 bytes");
    }
}
