package org.pgkeel.proxy.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.proxy.backend.ConnectorHarness.password;
import static org.pgkeel.proxy.backend.ConnectorHarness.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.protocol.backend.AuthenticationCleartextPassword;
import org.pgkeel.protocol.backend.AuthenticationOk;
import org.pgkeel.protocol.backend.AuthenticationSasl;
import org.pgkeel.protocol.backend.AuthenticationSaslContinue;
import org.pgkeel.protocol.backend.AuthenticationSaslFinal;
import org.pgkeel.protocol.backend.BackendKeyData;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.CommandComplete;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.NotificationResponse;
import org.pgkeel.protocol.backend.ParameterStatus;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.backend.Severity;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.proxy.config.RuntimeConfig;
import org.pgkeel.proxy.config.TlsMode;
import org.pgkeel.proxy.tls.BackendTls;
import org.pgkeel.proxy.transport.Transports;

class BrokenServerTest {
    private static final BackendTls PLAIN = new BackendTls.Disabled();
    private static ConnectorHarness harness;

    @BeforeAll
    static void start() {
        harness = new ConnectorHarness(RuntimeConfig.Transport.AUTO);
    }

    @AfterAll
    static void stop() {
        harness.close();
    }

    private static byte[] bytes(BackendMessage... messages) {
        ByteBuf out = Unpooled.buffer();
        for (BackendMessage message : messages) message.encode(out);
        return ByteBufUtil.getBytes(out);
    }

    private static void readPacket(InputStream in) throws IOException {
        var data = new DataInputStream(in);
        data.readFully(new byte[data.readInt() - 4]);
    }

    private static String readMessage(InputStream in) throws IOException {
        var data = new DataInputStream(in);
        data.readByte();
        byte[] body = new byte[data.readInt() - 4];
        data.readFully(body);
        return new String(body, StandardCharsets.ISO_8859_1);
    }

    /// Answers the start-up packet, then hangs until the client goes.
    private static EvilServer answering(byte[] answer) {
        return new EvilServer((in, out) -> {
            readPacket(in);
            out.write(answer);
            in.read();
        });
    }

    private static BackendFailure failure(EvilServer server) {
        try (server) {
            return harness.failure(server.address(), "app", password("secret"), PLAIN);
        }
    }

    @Test
    void garbage_is_a_broken_protocol() {
        for (byte[] garbage : List.of("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(), new byte[] {'R', -1, -1, -1, -1}, new byte[] {'R', 0, 0, 0, 3},
                new byte[] {'R', 0x7f, 0, 0, 0}, new byte[] {'E', 0, 0, 0, 5, 1}, new byte[] {'R', 0, 0, 0, 8, 0, 0, 0, 77})) {
            assertThat(failure(answering(garbage))).isInstanceOf(BackendFailure.ProtocolBroken.class);
        }
    }

    @Test
    void messages_out_of_order_are_a_broken_protocol() {
        for (byte[] answer : List.of(bytes(new ReadyForQuery(TransactionStatus.IDLE)), bytes(new ParameterStatus("a", "b")),
                bytes(AuthenticationOk.INSTANCE, AuthenticationOk.INSTANCE), bytes(AuthenticationOk.INSTANCE, new CommandComplete("SELECT 1")),
                bytes(AuthenticationOk.INSTANCE, new ReadyForQuery(TransactionStatus.FAILED)),
                bytes(new AuthenticationSaslContinue(Octets.ofText("r="))), bytes(new AuthenticationSasl(List.of("SCRAM-SHA-1"))))) {
            assertThat(failure(answering(answer))).isInstanceOf(BackendFailure.ProtocolBroken.class);
        }
    }

    @Test
    void endless_parameters_are_bounded() {
        byte[] parameter = bytes(new ParameterStatus("name", "v".repeat(1000)));
        assertThat(failure(new EvilServer((in, out) -> {
            readPacket(in);
            out.write(bytes(AuthenticationOk.INSTANCE));
            while (true) out.write(parameter);
        }))).isInstanceOfSatisfying(BackendFailure.ProtocolBroken.class, broken -> assertThat(broken.text()).contains("bytes before ReadyForQuery"));
    }

    @Test
    void a_server_that_hangs_is_given_up_in_time() {
        try (EvilServer silent = new EvilServer((in, _) -> in.transferTo(OutputStream.nullOutputStream()))) {
            for (BackendTls tls : List.of(PLAIN, tls(TlsMode.PREFER))) {
                BackendFailure failure = harness.failure(ConnectorHarness.target(silent.address(), "app", password("x"), tls, Duration.ofMillis(300)));
                assertThat(failure).isInstanceOf(BackendFailure.TimedOut.class);
            }
        }
    }

    /// SCRAM, until the client has proved that it knows the password.
    private static void untilProven(InputStream in, OutputStream out) throws IOException {
        readPacket(in);
        out.write(bytes(new AuthenticationSasl(List.of("SCRAM-SHA-256"))));
        String initial = readMessage(in);
        String nonce = initial.substring(initial.indexOf("r=") + 2);
        out.write(bytes(new AuthenticationSaslContinue(Octets.ofText("r=" + nonce + "more,s=MDEyMzQ1Njc4OWFiY2RlZg==,i=4096"))));
        readMessage(in);
    }

    @Test
    void a_server_that_cannot_prove_that_it_knows_the_password_is_refused() {
        assertThat(failure(new EvilServer((in, out) -> {
            untilProven(in, out);
            out.write(bytes(new AuthenticationSaslFinal(Octets.ofText("v=" + "A".repeat(43) + "=")), AuthenticationOk.INSTANCE, new ReadyForQuery(TransactionStatus.IDLE)));
            in.read();
        }))).isInstanceOfSatisfying(BackendFailure.AuthenticationFailed.class, failed -> assertThat(failed.text()).contains("could not prove"));
    }

    @Test
    void a_server_that_skips_its_own_proof_is_refused() {
        assertThat(failure(new EvilServer((in, out) -> {
            untilProven(in, out);
            out.write(bytes(AuthenticationOk.INSTANCE, new ReadyForQuery(TransactionStatus.IDLE)));
            in.read();
        }))).isInstanceOf(BackendFailure.ProtocolBroken.class);
    }

    @Test
    void a_server_that_asks_for_too_much_work_is_refused() {
        assertThat(failure(new EvilServer((in, out) -> {
            readPacket(in);
            out.write(bytes(new AuthenticationSasl(List.of("SCRAM-SHA-256"))));
            String initial = readMessage(in);
            String nonce = initial.substring(initial.indexOf("r=") + 2);
            out.write(bytes(new AuthenticationSaslContinue(Octets.ofText("r=" + nonce + "more,s=MDEyMzQ1Njc4OWFiY2RlZg==,i=999999999"))));
            in.read();
        }))).isInstanceOfSatisfying(BackendFailure.ProtocolBroken.class, broken -> assertThat(broken.text()).contains("iterations"));
    }

    @Test
    void clear_bytes_behind_the_answer_to_ssl_request_are_refused() {
        try (EvilServer server = answering(new byte[] {'S', 'x'})) {
            assertThat(harness.failure(server.address(), "app", password("x"), tls(TlsMode.REQUIRE))).isInstanceOf(BackendFailure.ProtocolBroken.class);
        }
    }

    @Test
    void no_tls_fails_where_it_is_needed_and_only_there() {
        try (EvilServer server = new EvilServer((in, out) -> {
            readPacket(in);
            out.write('N');
            readPacket(in);
            out.write(bytes(AuthenticationOk.INSTANCE, new BackendKeyData(7, new byte[] {1, 2, 3, 4}), new ReadyForQuery(TransactionStatus.IDLE)));
            in.read();
        })) {
            assertThat(harness.failure(server.address(), "app", password("x"), tls(TlsMode.REQUIRE))).isInstanceOf(BackendFailure.TlsFailed.class);
            assertThat(harness.greeting(server.address(), "app", password("x"), tls(TlsMode.PREFER)).pid()).isEqualTo(7);
        }
    }

    @Test
    void bytes_behind_ready_for_query_are_handed_over() {
        byte[] notification = bytes(new NotificationResponse(1, "a", "b"));
        try (EvilServer server = new EvilServer((in, out) -> {
            readPacket(in);
            out.write(bytes(AuthenticationOk.INSTANCE, new ReadyForQuery(TransactionStatus.IDLE), new NotificationResponse(1, "a", "b")));
            in.read();
        })) {
            var connected = (ConnectorHarness.Result.Connected) harness.connect(server.address(), "app", password("x"), PLAIN);
            assertThat(connected.earlyBytes()).isEqualTo(notification.length);
            connected.channel().close().syncUninterruptibly();
        }
    }

    @Test
    void an_answer_may_come_byte_by_byte() {
        byte[] answer = bytes(AuthenticationCleartextPassword.INSTANCE);
        byte[] rest = bytes(AuthenticationOk.INSTANCE, new ParameterStatus("a", "b"), new ReadyForQuery(TransactionStatus.IDLE));
        try (EvilServer server = new EvilServer((in, out) -> {
            readPacket(in);
            for (byte b : answer) out.write(b);
            assertThat(readMessage(in)).isEqualTo("secret\0");
            for (byte b : rest) out.write(b);
            in.read();
        })) {
            assertThat(harness.greeting(server.address(), "app", password("secret"), PLAIN).parameterStatus()).containsEntry("a", "b");
        }
    }

    @Test
    void errors_of_the_server_keep_their_sqlstate() {
        byte[] full = bytes(ErrorResponse.of(Severity.FATAL, SqlState.TOO_MANY_CONNECTIONS, "sorry, too many clients already"));
        assertThat(failure(answering(full))).isInstanceOfSatisfying(BackendFailure.Refused.class, refused -> {
            assertThat(refused.sqlState()).isEqualTo("53300");
            assertThat(refused.message()).isEqualTo("sorry, too many clients already");
        });
    }

    @Test
    void the_next_address_of_a_name_is_tried() {
        try (EvilServer server = answering(bytes(AuthenticationOk.INSTANCE, new ReadyForQuery(TransactionStatus.IDLE)))) {
            var node = new NodeAddress("two.example", server.address().port());
            assertThat(harness.greeting(node, "app", password("x"), PLAIN).address()).isEqualTo(node);
        }
    }

    @Test
    @Tag("transport")
    void a_unix_socket_is_connected_by_every_transport_and_never_asked_for_tls(@TempDir Path folder) throws IOException {
        var node = new NodeAddress(folder.toString(), 5432);
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(folder.resolve(".s.PGSQL.5432")));
            for (RuntimeConfig.Transport wanted : Transports.wanted().toList()) {
                Thread.ofVirtual().start(() -> {
                    try (var client = server.accept(); var in = Channels.newInputStream(client)) {
                        readPacket(in);
                        client.write(ByteBuffer.wrap(bytes(AuthenticationOk.INSTANCE, new ReadyForQuery(TransactionStatus.IDLE))));
                        in.read();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
                try (var own = new ConnectorHarness(wanted)) {
                    assertThat(own.greeting(node, "app", password("x"), tls(TlsMode.REQUIRE)).encryption()).isEqualTo(BackendGreeting.Encryption.NONE);
                }
            }
        }
    }

    @Test
    void a_timeout_of_zero_means_none() {
        try (EvilServer server = answering(bytes(AuthenticationOk.INSTANCE, new ReadyForQuery(TransactionStatus.IDLE)))) {
            var result = harness.connect(ConnectorHarness.target(server.address(), "app", password("x"), PLAIN, Duration.ZERO));
            assertThat(result).isInstanceOfSatisfying(ConnectorHarness.Result.Connected.class, connected -> connected.channel().close().syncUninterruptibly());
        }
    }

    @Test
    void nobody_there_is_unreachable() {
        NodeAddress gone;
        try (EvilServer server = new EvilServer((_, _) -> { })) {
            gone = server.address();
        }
        assertThat(harness.failure(gone, "app", password("x"), PLAIN)).isInstanceOf(BackendFailure.Unreachable.class);
        assertThat(harness.failure(new NodeAddress("no-such-host.invalid", 5432), "app", password("x"), PLAIN)).isInstanceOf(BackendFailure.Unreachable.class);
        assertThat(harness.failure(new NodeAddress("/nowhere", 5432), "app", password("x"), PLAIN)).isInstanceOf(BackendFailure.Unreachable.class);
        assertThat(failure(new EvilServer((_, _) -> { }))).isInstanceOf(BackendFailure.Unreachable.class);
    }

    @Test
    void a_cancel_ends_when_its_patience_does() {
        try (EvilServer silent = new EvilServer((in, _) -> in.transferTo(OutputStream.nullOutputStream()))) {
            for (BackendTls tls : List.of(PLAIN, tls(TlsMode.REQUIRE))) {
                var over = new CompletableFuture<BackendCancel.End>();
                new BackendCancel(harness.transport, Duration.ofMillis(200))
                        .send(harness.loop(), silent.address(), tls, 1, new byte[4], over::complete);
                assertThat(over.orTimeout(90, TimeUnit.SECONDS).join()).isEqualTo(tls == PLAIN ? BackendCancel.End.IN_DOUBT : BackendCancel.End.SETTLED);
            }
        }
    }

    /// Without a deadline: how long a look-up takes is the operating system's to say.
    @Test
    void a_name_server_that_hangs_keeps_nobody_waiting_who_asks_for_another_name() throws InterruptedException {
        for (int i = 0; i < ConnectorHarness.HANGING; i++) {
            var target = ConnectorHarness.target(new NodeAddress("hangs-" + i + ".example", 5432), "app", password("x"), PLAIN, Duration.ZERO);
            harness.connector.connect(harness.loop(), target, new BackendListener() {
                @Override
                public void connected(Channel channel, BackendGreeting greeting, ByteBuf early) {
                    throw new AssertionError("connected to nobody");
                }

                @Override
                public void failed(BackendFailure failure) {}
            });
        }
        assertThat(harness.asked.await(60, TimeUnit.SECONDS)).as("all names are asked for at once").isTrue();
        try (EvilServer refusing = new EvilServer((_, _) -> { })) {
            NodeAddress there = new NodeAddress("other.example", refusing.address().port());
            assertThat(harness.failure(there, "app", password("x"), PLAIN)).isInstanceOf(BackendFailure.Unreachable.class)
                    .extracting(BackendFailure::text).asString().doesNotContain("cannot resolve");
        }
    }
}
