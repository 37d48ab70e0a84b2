package org.pgkeel.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.FrontendPhase;
import org.pgkeel.protocol.wire.Frame;
import org.pgkeel.protocol.wire.FrameDecoder;
import org.pgkeel.protocol.wire.FrameLimits;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.protocol.wire.StartupPacket;

/// Laws that hold for every message of both sides.
class MessageCodecTest {
    private static final int BODY_BYTES_MAX = 10_000;

    static List<FrontendMessage> frontend() {
        return MessageSamples.frontend();
    }

    static List<BackendMessage> backend() {
        return MessageSamples.backend();
    }

    static List<StartupPacket> startup() {
        return MessageSamples.startup();
    }

    private static ByteBuf encoded(Consumer<ByteBuf> encode) {
        ByteBuf out = Unpooled.buffer();
        encode.accept(out);
        return out;
    }

    private static FrameLimits limitsOf(FrontendMessage message) {
        return MessageSamples.phaseOf(message) == FrontendPhase.LOGGED_IN
                ? FrameLimits.frontend(BODY_BYTES_MAX) : FrameLimits.frontendLogin();
    }

    private static FrontendMessage decodeFrontend(FrontendMessage like, Frame frame) {
        return FrontendMessage.decode(MessageSamples.phaseOf(like), frame.type(), frame.body());
    }

    @Test void the_samples_hold_every_message() {
        assertThat(classesOf(MessageSamples.frontend())).isEqualTo(leavesOf(FrontendMessage.class));
        assertThat(classesOf(MessageSamples.backend())).isEqualTo(leavesOf(BackendMessage.class));
        assertThat(classesOf(MessageSamples.startup())).isEqualTo(leavesOf(StartupPacket.class));
    }

    private static Set<Class<?>> classesOf(List<?> messages) {
        var classes = new HashSet<Class<?>>();
        for (Object message : messages) classes.add(message.getClass());
        return classes;
    }

    private static Set<Class<?>> leavesOf(Class<?> type) {
        if (!type.isInterface()) return Set.of(type);
        var leaves = new HashSet<Class<?>>();
        Stream.of(type.getPermittedSubclasses()).map(MessageCodecTest::leavesOf).forEach(leaves::addAll);
        return leaves;
    }

    @ParameterizedTest @MethodSource("frontend")
    void a_frontend_message_survives_the_wire_byte_by_byte(FrontendMessage message) {
        Frame frame = byteByByte(encoded(message::encode), limitsOf(message));
        assertThat(decodeFrontend(message, frame)).isEqualTo(message).hasSameHashCodeAs(message);
        assertThat(frame.body().isReadable()).isFalse();
        frame.release();
    }

    @ParameterizedTest @MethodSource("backend")
    void a_backend_message_survives_the_wire_byte_by_byte(BackendMessage message) {
        Frame frame = byteByByte(encoded(message::encode), FrameLimits.backend(BODY_BYTES_MAX));
        assertThat(BackendMessage.decode(frame.type(), frame.body())).isEqualTo(message).hasSameHashCodeAs(message);
        assertThat(frame.body().isReadable()).isFalse();
        frame.release();
    }

    private static Frame byteByByte(ByteBuf bytes, FrameLimits limits) {
        var channel = new EmbeddedChannel(new FrameDecoder(limits));
        while (bytes.readableBytes() > 1) {
            channel.writeInbound(bytes.readBytes(1));
            assertThat(channel.<Object>readInbound()).isNull();
        }
        channel.writeInbound(bytes);
        Frame frame = channel.readInbound();
        assertThat(channel.finish()).isFalse();
        return frame;
    }

    @ParameterizedTest @MethodSource("startup")
    void a_startup_packet_survives_the_wire_byte_by_byte(StartupPacket packet) {
        ByteBuf bytes = encoded(packet::encode);
        for (int length = 0; length < bytes.readableBytes(); length++) {
            ByteBuf part = bytes.slice(0, length);
            assertThat(StartupPacket.decode(part, StartupPacket.BYTES_MAX)).isEmpty();
            assertThat(part.readerIndex()).isZero();
        }
        bytes.writeByte('Q');
        assertThat(StartupPacket.decode(bytes, StartupPacket.BYTES_MAX)).contains(packet);
        assertThat(bytes.readableBytes()).isOne();
    }

    @ParameterizedTest @MethodSource("frontend")
    void a_frontend_body_that_ends_early_is_a_violation_or_another_message(FrontendMessage message) {
        ByteBuf bytes = encoded(message::encode);
        for (int length = Frame.HEADER_BYTES; length < bytes.readableBytes(); length++) {
            ByteBuf body = bytes.slice(Frame.HEADER_BYTES, length - Frame.HEADER_BYTES);
            try {
                FrontendMessage decoded = FrontendMessage.decode(MessageSamples.phaseOf(message), bytes.getByte(0), body);
                assertThat(decoded).isNotEqualTo(message);
            } catch (ProtocolViolation expected) {
                assertThat(expected).hasNoCause();
            }
        }
    }

    @ParameterizedTest @MethodSource("backend")
    void a_backend_body_that_ends_early_is_a_violation_or_another_message(BackendMessage message) {
        ByteBuf bytes = encoded(message::encode);
        for (int length = Frame.HEADER_BYTES; length < bytes.readableBytes(); length++) {
            ByteBuf body = bytes.slice(Frame.HEADER_BYTES, length - Frame.HEADER_BYTES);
            try {
                assertThat(BackendMessage.decode(bytes.getByte(0), body)).isNotEqualTo(message);
            } catch (ProtocolViolation expected) {
                assertThat(expected).hasNoCause();
            }
        }
    }

    @ParameterizedTest @MethodSource("frontend")
    void bytes_behind_a_frontend_message_are_a_violation_unless_the_rest_is_its_content(FrontendMessage message) {
        ByteBuf bytes = encoded(message::encode).writeByte(0);
        ByteBuf body = bytes.slice(Frame.HEADER_BYTES, bytes.readableBytes() - Frame.HEADER_BYTES);
        switch (message) {
            case org.pgkeel.protocol.frontend.CopyData _, org.pgkeel.protocol.frontend.SaslResponse _ ->
                    assertThat(FrontendMessage.decode(MessageSamples.phaseOf(message), bytes.getByte(0), body)).isNotEqualTo(message);
            default -> assertThatThrownBy(() ->
                    FrontendMessage.decode(MessageSamples.phaseOf(message), bytes.getByte(0), body))
                    .isInstanceOf(ProtocolViolation.class);
        }
    }

    @Test void what_may_hold_a_password_is_never_shown() {
        assertThat(Stream.of(new org.pgkeel.protocol.frontend.PasswordMessage("hunter2"),
                new org.pgkeel.protocol.frontend.Query("alter role x password 'hunter2'"),
                new org.pgkeel.protocol.frontend.Parse("", "alter role x password 'hunter2'", List.of()),
                new org.pgkeel.protocol.frontend.SaslResponse(org.pgkeel.protocol.wire.Octets.ofText("hunter2"))).map(Object::toString))
                .allSatisfy(text -> assertThat(text).doesNotContain("hunter2"));
        assertThat(new org.pgkeel.protocol.backend.BackendKeyData(1, new byte[] {77, 78, 79, 80}).toString()).doesNotContain("77");
    }

    @Test void login_answers_are_told_apart_by_the_phase_and_refused_after_it() {
        for (FrontendPhase phase : FrontendPhase.values()) {
            byte wrongType = (byte) (phase == FrontendPhase.LOGGED_IN ? 'p' : 'Q');
            assertThatThrownBy(() -> FrontendMessage.decode(phase, wrongType, Unpooled.wrappedBuffer(new byte[] {'x', 0})))
                    .isInstanceOf(ProtocolViolation.class);
        }
    }

    @Test void an_unknown_type_is_a_violation_on_both_sides() {
        assertThatThrownBy(() -> FrontendMessage.decode(FrontendPhase.LOGGED_IN, (byte) 'y', Unpooled.EMPTY_BUFFER))
                .isInstanceOf(ProtocolViolation.class).hasMessage("message 'y' is not expected from a client");
        assertThatThrownBy(() -> BackendMessage.decode((byte) 0, Unpooled.EMPTY_BUFFER))
                .isInstanceOf(ProtocolViolation.class).hasMessage("message type 0x0 is not expected from a server");
    }
}
