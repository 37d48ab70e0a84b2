package org.pgkeel.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StartupPacketTest {
    private static final int PROTOCOL_3_0 = 3 << 16;

    private static ByteBuf packet(int code, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.ISO_8859_1);
        return Unpooled.buffer().writeInt(8 + bytes.length).writeInt(code).writeBytes(bytes);
    }

    private static StartupPacket decode(ByteBuf in) {
        return StartupPacket.decode(in, StartupPacket.BYTES_MAX).orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 4, 7, 10_001, 0x47455420, Integer.MAX_VALUE})
    void an_impossible_length_is_refused_from_its_four_bytes_alone(int length) {
        assertThatThrownBy(() -> StartupPacket.decode(Unpooled.buffer().writeInt(length), StartupPacket.BYTES_MAX))
                .isInstanceOf(ProtocolViolation.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "", "\0", "user", "user\0", "user\0alice", "user\0alice\0", "user\0alice\0\0\0", "user\0\0\0", "database\0app\0\0",
            "user\0alice\0user\0bob\0\0", "user\0alice\0user\0alice\0\0", "user\0a\0database\0x\0database\0y\0\0",
            "user\0al\u00ffice\0\0", "user\0\u00c0\u0080\0\0", "user\0alice\0database\0\u00ed\u00a0\u0080\0\0"})
    void malformed_parameters_are_a_violation(String body) {
        assertThatThrownBy(() -> decode(packet(PROTOCOL_3_0, body))).isInstanceOf(ProtocolViolation.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2 << 16, 4 << 16, 80877101, 80877105, -1})
    void another_protocol_is_a_violation(int code) {
        assertThatThrownBy(() -> decode(packet(code, "user\0alice\0\0"))).isInstanceOf(ProtocolViolation.class);
    }

    @Test void a_minor_version_of_the_future_is_read_for_negotiation() {
        assertThat(decode(packet(PROTOCOL_3_0 | 9999, "user\0alice\0_pq_.x\0" + "1\0\0")))
                .isInstanceOfSatisfying(StartupMessage.class, startup -> {
                    assertThat(startup.minor()).isEqualTo(9999);
                    assertThat(startup.parameters()).containsEntry("_pq_.x", "1");
                });
    }

    @Test void of_many_parameters_no_more_are_read_than_anybody_has() {
        assertThat(decode(packet(PROTOCOL_3_0, "user\0alice\0" + parameters(199) + "\0"))).isInstanceOf(StartupMessage.class);
        assertThatThrownBy(() -> decode(packet(PROTOCOL_3_0, "user\0alice\0" + parameters(200) + "\0"))).isInstanceOf(ProtocolViolation.class).hasMessageContaining("200");
    }

    private static String parameters(int count) {
        return IntStream.range(0, count).mapToObj(i -> "p" + i + "\0v\0").collect(Collectors.joining());
    }

    @Test void of_a_setting_named_twice_the_last_one_counts() {
        assertThat(decode(packet(PROTOCOL_3_0, "user\0alice\0TimeZone\0UTC\0a\0b\0TimeZone\0CET\0\0")))
                .isInstanceOfSatisfying(StartupMessage.class, startup ->
                        assertThat(startup.parameters().sequencedEntrySet())
                                .containsExactly(Map.entry("user", "alice"), Map.entry("a", "b"), Map.entry("TimeZone", "CET")));
    }

    @Test void the_database_is_the_users_name_if_none_is_given() {
        var parameters = new LinkedHashMap<>(Map.of("user", "alice"));
        assertThat(StartupMessage.of(parameters).database()).isEqualTo("alice");
        parameters.put("database", "");
        assertThat(StartupMessage.of(parameters).database()).isEqualTo("alice");
        parameters.put("database", "app");
        assertThat(StartupMessage.of(parameters).database()).isEqualTo("app");
    }

    @Test void bytes_that_do_not_belong_to_a_request_are_a_violation() {
        assertThatThrownBy(() -> decode(packet(SslRequest.CODE, "x"))).isInstanceOf(ProtocolViolation.class);
        assertThatThrownBy(() -> decode(packet(GssEncRequest.CODE, "x"))).isInstanceOf(ProtocolViolation.class);
    }

    @Test void a_cancel_key_has_4_to_256_bytes() {
        for (int bytes : new int[] {4, 32, 256}) {
            assertThat(decode(packet(CancelRequest.CODE, "pid_" + "k".repeat(bytes))))
                    .isInstanceOfSatisfying(CancelRequest.class, cancel -> {
                        assertThat(cancel.secretKey()).hasSize(bytes);
                        assertThat(cancel.toString()).doesNotContain("107");
                    });
        }
        for (int bytes : new int[] {0, 3, 257}) {
            assertThatThrownBy(() -> decode(packet(CancelRequest.CODE, "pid_" + "k".repeat(bytes))))
                    .isInstanceOf(ProtocolViolation.class);
        }
        assertThatThrownBy(() -> decode(packet(CancelRequest.CODE, "pi"))).isInstanceOf(ProtocolViolation.class);
    }
}
