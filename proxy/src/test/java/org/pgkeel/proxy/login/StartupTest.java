package org.pgkeel.proxy.login;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.backend.AuthenticationSasl;
import org.pgkeel.protocol.backend.NegotiateProtocolVersion;
import org.pgkeel.protocol.frontend.PasswordMessage;
import org.pgkeel.protocol.wire.CancelRequest;
import org.pgkeel.protocol.wire.GssEncRequest;
import org.pgkeel.protocol.wire.SslRequest;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.proxy.config.AuthMethod;
import org.pgkeel.proxy.config.AuthRule;

class StartupTest {
    private final LoginHarness trusting = new LoginHarness().method(AuthMethod.TRUST);

    private static ByteBuf startup(String user) {
        ByteBuf out = Unpooled.buffer();
        LoginClient.startupMessage(user, "db", 0).encode(out);
        return out;
    }

    @Test
    void a_trusted_client_is_handed_over_with_its_parameters_and_nothing_is_read_until_the_listener_wants_it() {
        try (LoginClient client = trusting.client()) {
            client.startup("alice", "db");
            ClientIdentity identity = client.identity().orElseThrow();
            assertThat(identity.user()).isEqualTo("alice");
            assertThat(identity.database()).isEqualTo("db");
            assertThat(identity.startupParameters()).containsOnly(Map.entry("application_name", "test"));
            assertThat(identity.kind()).isEqualTo(ConnectionKind.TCP);
            assertThat(client.reads()).isFalse();
            assertThat(client.handlers()).isZero();
            assertThat(client.received()).isEmpty();
        }
    }

    @Test
    void a_startup_packet_may_come_byte_by_byte() {
        try (LoginClient client = trusting.client()) {
            client.sendByteByByte(startup("alice"));
            assertThat(client.identity()).isPresent();
        }
    }

    @Test
    void what_is_sent_behind_the_login_is_handed_over() {
        try (LoginClient client = trusting.client()) {
            client.sendBytes(startup("alice").writeBytes("beyond".getBytes()));
            assertThat(client.early).isEqualTo("beyond");
        }
    }

    /// Whoever is to release it may be stopped before.
    @Test
    void no_buffer_is_handed_over_when_nothing_is_sent_behind_the_login() {
        try (LoginClient client = trusting.client()) {
            client.sendBytes(startup("alice"));
            assertThat(client.handedOver).singleElement().isSameAs(Unpooled.EMPTY_BUFFER);
        }
    }

    @Test
    void without_a_database_the_user_name_is_taken() {
        try (LoginClient client = trusting.client()) {
            client.startup("alice", "");
            assertThat(client.identity().orElseThrow().database()).isEqualTo("alice");
        }
    }

    private static LoginClient asksForReplication(LoginHarness harness, String word) {
        LoginClient client = harness.client();
        var parameters = new LinkedHashMap<>(Map.of("user", "alice", "database", "db", "replication", word));
        client.send(StartupMessage.of(parameters));
        return client;
    }

    @Test
    void a_rule_for_a_database_lets_no_physical_replication_in_however_its_word_is_spelt() {
        LoginHarness harness = new LoginHarness().rule(new AuthRule(AuthRule.Connection.HOST, Set.of("db"), Set.of(), List.of(), AuthMethod.TRUST));
        for (String word : List.of("true", "on", "yes", "1", "t", "y", "tr", "tru", "ye", "TRUE", "Tru", "On")) {
            try (LoginClient client = asksForReplication(harness, word)) {
                assertThat(client.last()).as(word).isInstanceOf(AuthenticationSasl.class);
            }
        }
        for (String word : List.of("database", "false", "off", "no", "0", "f", "of", "N")) {
            try (LoginClient client = asksForReplication(harness, word)) {
                assertThat(client.identity()).as(word).isPresent();
            }
        }
    }

    @Test
    void a_word_for_replication_that_the_server_does_not_know_is_refused() {
        for (String word : List.of("", "o", "Database", "truely", "2", "physical", " true")) {
            try (LoginClient client = asksForReplication(trusting, word)) {
                assertThat(client.refusal()).as(word).isEqualTo("22023 invalid value for parameter \"replication\"");
                assertThat(client.isOpen()).isFalse();
            }
        }
    }

    @Test
    void ssl_and_gss_encryption_are_answered_no_once_each() {
        try (LoginClient client = trusting.client()) {
            assertThat(client.send(SslRequest.INSTANCE).answer()).isEqualTo('N');
            assertThat(client.send(GssEncRequest.INSTANCE).answer()).isEqualTo('N');
            client.startup("alice", "db");
            assertThat(client.identity()).isPresent();
        }
        try (LoginClient client = trusting.client()) {
            client.send(SslRequest.INSTANCE).answer();
            client.send(SslRequest.INSTANCE);
            assertThat(client.refusal()).startsWith("08P01");
            assertThat(client.isOpen()).isFalse();
        }
    }

    @Test
    void clear_bytes_behind_an_ssl_request_are_refused() {
        try (LoginClient client = trusting.client()) {
            ByteBuf both = Unpooled.buffer();
            SslRequest.INSTANCE.encode(both);
            client.sendBytes(both.writeBytes(startup("alice")));
            assertThat(client.refusal()).isEqualTo("08P01 received unencrypted data after SSLRequest");
            assertThat(client.isOpen()).isFalse();
        }
    }

    @Test
    void direct_tls_without_tls_is_closed() {
        try (LoginClient client = trusting.client()) {
            client.sendBytes(Unpooled.buffer().writeByte(0x16).writeByte(3));
            assertThat(client.isOpen()).isFalse();
            assertThat(client.received()).isEmpty();
        }
    }

    @Test
    void a_cancel_request_is_closed_when_it_was_delivered() {
        try (LoginClient client = trusting.client()) {
            client.send(new CancelRequest(42, new byte[32]));
            assertThat(client.cancelled).containsExactly(42);
            assertThat(client.isOpen()).isTrue();
            client.cancelDelivered.complete(null);
            assertThat(client.isOpen()).isFalse();
            assertThat(client.received()).isEmpty();
        }
    }

    @Test
    void a_cancel_that_is_never_delivered_ends_with_the_login_timeout() {
        try (LoginClient client = trusting.client()) {
            client.send(new CancelRequest(42, new byte[4]));
            client.pass(61);
            assertThat(client.isOpen()).isFalse();
        }
    }

    @Test
    void newer_minor_versions_and_options_are_negotiated() {
        try (LoginClient client = trusting.client()) {
            client.send(LoginClient.startupMessage("alice", "db", 9999));
            assertThat(client.received()).containsExactly(new NegotiateProtocolVersion(3, 2, List.of()));
            assertThat(client.identity().orElseThrow().protocolMinor()).isEqualTo(2);
        }
        try (LoginClient client = trusting.client()) {
            var parameters = new LinkedHashMap<String, String>();
            parameters.put("user", "alice");
            parameters.put("_pq_.wings", "on");
            client.send(new StartupMessage(3, 0, parameters));
            assertThat(client.received()).containsExactly(new NegotiateProtocolVersion(3, 0, List.of("_pq_.wings")));
            assertThat(client.identity().orElseThrow().protocolMinor()).isZero();
            assertThat(client.identity().orElseThrow().startupParameters()).isEmpty();
        }
        try (LoginClient client = trusting.client()) {
            client.send(LoginClient.startupMessage("alice", "db", 2));
            assertThat(client.received()).isEmpty();
            assertThat(client.identity().orElseThrow().protocolMinor()).isEqualTo(2);
        }
    }

    @Test
    void other_major_versions_are_refused_as_such() {
        for (int major : new int[] {1, 2, 4, 1233}) {
            try (LoginClient client = trusting.client()) {
                client.sendBytes(Unpooled.buffer().writeInt(20).writeShort(major).writeShort(7));
                assertThat(client.refusal()).startsWith("0A000 unsupported frontend protocol " + major + ".7");
                assertThat(client.isOpen()).isFalse();
            }
        }
    }

    @Test
    void impossible_lengths_are_refused_at_their_fourth_byte() {
        for (int length : new int[] {-1, 0, 7, LoginHarness.STARTUP_BYTES_MAX + 1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            try (LoginClient client = trusting.client()) {
                client.sendBytes(Unpooled.buffer().writeInt(length));
                assertThat(client.refusal()).startsWith("08P01");
                assertThat(client.isOpen()).isFalse();
            }
        }
    }

    @Test
    void malformed_startup_packets_are_refused() {
        List<ByteBuf> packets = List.of(
                Unpooled.buffer().writeInt(8).writeInt(3 << 16),
                Unpooled.buffer().writeInt(9).writeInt(3 << 16).writeByte(0),
                Unpooled.buffer().writeInt(8).writeShort(1234).writeShort(1),
                Unpooled.buffer().writeInt(12).writeInt(3 << 16).writeBytes("user".getBytes()),
                Unpooled.buffer().writeInt(12).writeShort(1234).writeShort(5678).writeInt(1));
        for (ByteBuf packet : packets) {
            try (LoginClient client = trusting.client()) {
                client.sendBytes(packet);
                assertThat(client.refusal()).startsWith("08P01");
                assertThat(client.isOpen()).isFalse();
            }
        }
    }

    @Test
    void messages_of_the_wrong_type_or_size_are_refused_during_the_login() {
        var harness = new LoginHarness().user("alice", "secret");
        List<ByteBuf> messages = List.of(
                Unpooled.buffer().writeByte('Q').writeInt(6).writeShort(0),
                Unpooled.buffer().writeByte('p').writeInt(3),
                Unpooled.buffer().writeByte('p').writeInt(-1),
                Unpooled.buffer().writeByte('p').writeInt(LoginHarness.LOGIN_MESSAGE_BYTES_MAX + 5),
                Unpooled.buffer().writeByte('X').writeInt(5).writeByte(0),
                Unpooled.buffer().writeByte('p').writeInt(8).writeInt(-5));
        for (ByteBuf message : messages) {
            try (LoginClient client = harness.client()) {
                client.startup("alice", "db");
                assertThat(client.last()).isInstanceOf(AuthenticationSasl.class);
                client.sendBytes(message);
                assertThat(client.refusal()).startsWith("08P01");
                assertThat(client.isOpen()).isFalse();
            }
        }
    }

    @Test
    void a_terminate_instead_of_a_password_is_a_goodbye() {
        try (LoginClient client = new LoginHarness().user("alice", "secret").client()) {
            client.startup("alice", "db").sendBytes(Unpooled.buffer().writeByte('X').writeInt(4));
            assertThat(client.isOpen()).isFalse();
            assertThat(client.received()).hasSize(1);
        }
    }

    @Test
    void a_client_that_dribbles_is_closed_when_the_login_timeout_is_over() {
        try (LoginClient client = trusting.client()) {
            ByteBuf packet = startup("alice");
            for (int second = 0; second < 59; second++) {
                if (second % 2 == 0) client.sendBytes(packet.readRetainedSlice(1));
                client.pass(1);
            }
            packet.release();
            assertThat(client.isOpen()).isTrue();
            client.pass(1);
            assertThat(client.isOpen()).isFalse();
            assertThat(trusting.pending.count()).isZero();
        }
    }

    @Test
    void a_client_that_never_answers_the_password_request_is_told_and_closed() {
        try (LoginClient client = new LoginHarness().user("alice", "secret").client()) {
            client.startup("alice", "db").pass(60);
            assertThat(client.refusal()).isEqualTo("57014 canceling authentication due to timeout");
            assertThat(client.isOpen()).isFalse();
        }
    }

    @Test
    void a_timeout_does_not_reach_a_client_that_is_logged_in() {
        try (LoginClient client = trusting.client()) {
            client.startup("alice", "db").pass(3600);
            assertThat(client.isOpen()).isTrue();
        }
    }

    @Test
    void logins_beyond_the_limit_are_refused_and_places_come_back() {
        trusting.pendingMax(2);
        LoginClient second = trusting.client();
        try (LoginClient first = trusting.client()) {
            try (LoginClient third = trusting.client()) {
                assertThat(third.refusal()).startsWith("53300 too many logins under way, 2 at most");
                assertThat(third.isOpen()).isFalse();
            }
            assertThat(trusting.pending.count()).isEqualTo(2);
            first.startup("alice", "db");
            assertThat(trusting.pending.count()).isEqualTo(1);
            try (LoginClient fourth = trusting.client()) {
                fourth.startup("bob", "db");
                assertThat(fourth.identity()).isPresent();
            }
            second.close();
            assertThat(trusting.pending.count()).isZero();
        }
    }

    @Test
    void a_client_that_sends_far_ahead_of_its_login_is_not_read_meanwhile() {
        var asked = new CompletableFuture<Optional<StoredSecret>>();
        try (LoginClient client = new LoginHarness().method(AuthMethod.PASSWORD).rule(AuthRule.Connection.HOSTNOSSL, AuthMethod.PASSWORD)
                .query((_, _) -> asked).client()) {
            client.startup("alice", "db");
            assertThat(client.reads()).isTrue();
            client.sendBytes(Unpooled.buffer().writeZero(20_000));
            assertThat(client.reads()).isFalse();
            asked.complete(Optional.empty());
            assertThat(client.refusal()).startsWith("08P01");
        }
    }

    @Test
    void a_password_sent_before_it_was_asked_for_is_taken_when_it_is() {
        try (LoginClient client = new LoginHarness().rule(AuthRule.Connection.HOSTNOSSL, AuthMethod.PASSWORD)
                .user("alice", "secret").client()) {
            ByteBuf all = startup("alice");
            new PasswordMessage("secret").encode(all);
            client.sendByteByByte(all);
            assertThat(client.identity()).isPresent();
        }
    }
}
