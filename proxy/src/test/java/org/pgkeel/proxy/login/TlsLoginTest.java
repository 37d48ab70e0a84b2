package org.pgkeel.proxy.login;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyManagementException;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.protocol.auth.ScramVerifier;
import org.pgkeel.protocol.backend.AuthenticationOk;
import org.pgkeel.protocol.backend.BackendKeyData;
import org.pgkeel.protocol.backend.EmptyQueryResponse;
import org.pgkeel.protocol.backend.ParameterStatus;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.SslRequest;
import org.pgkeel.proxy.config.AuthMethod;
import org.pgkeel.proxy.config.RuntimeConfig;
import org.pgkeel.proxy.config.ServerTlsConfig;
import org.pgkeel.proxy.config.TlsMode;
import org.pgkeel.proxy.postgres.TestCertificates;
import org.pgkeel.proxy.tls.ServerTls;
import org.pgkeel.proxy.tls.TlsContexts;
import org.pgkeel.proxy.transport.Transport;
import org.postgresql.Driver;

/// Logins over real sockets and real TLS, by a driver that nobody here wrote.
class TlsLoginTest {
    private static final String VERIFIER = ScramVerifier.derive("secret", Octets.ofText("0123456789abcdef"), 4096).secret();

    @TempDir
    static Path folder;
    private static TestCertificates certificates;
    private static Transport transport;
    private static EventLoopGroup group;

    private final ConcurrentLinkedQueue<ClientIdentity> identities = new ConcurrentLinkedQueue<>();
    private Channel server;

    @BeforeAll
    static void start() {
        certificates = TestCertificates.create(folder);
        certificates.issue("alice", "alice");
        transport = Transport.choose(RuntimeConfig.Transport.AUTO);
        group = transport.newGroup(1, "test");
    }

    @AfterAll
    static void stop() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @AfterEach
    void closeServer() {
        server.close().syncUninterruptibly();
    }

    private static ServerTls tls(TlsMode mode) {
        return TlsContexts.server(new ServerTlsConfig(mode, Optional.of(certificates.server().cert()), Optional.of(certificates.server().key()),
                Optional.of(certificates.caCert())));
    }

    private void serve(LoginHarness harness) {
        LoginPolicy policy = harness.policy();
        server = new ServerBootstrap().group(group).channel(transport.serverChannel()).childHandler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new ClientLogin(policy, harness.pending, harness.refused, new LoginListener() {
                    @Override
                    public void authenticated(Channel client, ClientIdentity identity, ByteBuf early) {
                        identities.add(identity);
                        early.release();
                        client.pipeline().addLast(new EmptySession());
                        client.config().setAutoRead(true);
                    }

                    @Override
                    public CompletionStage<Void> cancel(int pid, byte[] secretKey, Channel client) {
                        return CompletableFuture.completedStage(null);
                    }
                }));
            }
        }).bind(new InetSocketAddress("127.0.0.1", 0)).syncUninterruptibly().channel();
    }

    /// Greets, and answers every read with an empty query's end: enough for a driver to connect.
    private static final class EmptySession extends ChannelInboundHandlerAdapter {
        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            ByteBuf out = ctx.alloc().buffer();
            AuthenticationOk.INSTANCE.encode(out);
            for (var status : List.of(new ParameterStatus("server_version", "18.0"), new ParameterStatus("client_encoding", "UTF8"),
                    new ParameterStatus("standard_conforming_strings", "on"), new ParameterStatus("integer_datetimes", "on"), new ParameterStatus("DateStyle", "ISO"))) {
                status.encode(out);
            }
            new BackendKeyData(1, new byte[4]).encode(out);
            new ReadyForQuery(TransactionStatus.IDLE).encode(out);
            ctx.writeAndFlush(out);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ((ByteBuf) message).release();
            ByteBuf out = ctx.alloc().buffer();
            EmptyQueryResponse.INSTANCE.encode(out);
            new ReadyForQuery(TransactionStatus.IDLE).encode(out);
            ctx.writeAndFlush(out);
        }
    }

    private ClientIdentity connect(String user, String... settings) throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", "secret");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("assumeMinServerVersion", "16");
        properties.setProperty("sslrootcert", certificates.caCert().toString());
        for (int i = 0; i < settings.length; i += 2) properties.setProperty(settings[i], settings[i + 1]);
        try (Connection _ = new Driver().connect("jdbc:postgresql://127.0.0.1:" + port() + "/db", properties)) {
            return identities.remove();
        }
    }

    private int port() {
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    @Test
    void scram_plus_is_offered_and_works_over_tls() throws SQLException {
        for (String secret : List.of("secret", VERIFIER)) {
            serve(new LoginHarness().tls(tls(TlsMode.PREFER)).user("alice", secret));
            for (String binding : List.of("require", "disable")) {
                ClientIdentity identity = connect("alice", "sslmode", "verify-full", "channelBinding", binding);
                assertThat(identity.kind()).isEqualTo(ConnectionKind.TLS);
            }
            assertThatThrownBy(() -> connect("alice", "sslmode", "verify-full", "channelBinding", "require", "password", "wrong"))
                    .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28P01"));
            assertThat(connect("alice", "sslmode", "disable").kind()).isEqualTo(ConnectionKind.TCP);
            closeServer();
        }
    }

    @Test
    void direct_tls_works_with_alpn() throws SQLException {
        serve(new LoginHarness().tls(tls(TlsMode.REQUIRE)).user("alice", VERIFIER));
        assertThat(connect("alice", "sslmode", "verify-full", "sslNegotiation", "direct").kind()).isEqualTo(ConnectionKind.TLS);
    }

    @Test
    void direct_tls_without_alpn_is_refused() throws Exception {
        serve(new LoginHarness().tls(tls(TlsMode.REQUIRE)).user("alice", VERIFIER));
        assertThat(direct()).contains("08P01").contains("without ALPN");
        assertThat(identities).isEmpty();
    }

    private String direct(String... protocols) throws IOException, NoSuchAlgorithmException, KeyManagementException {
        var context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {InsecureTrustManagerFactory.INSTANCE.getTrustManagers()[0]}, null);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port())) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setApplicationProtocols(protocols);
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void a_mode_that_requires_tls_refuses_clients_without() {
        serve(new LoginHarness().tls(tls(TlsMode.REQUIRE)).user("alice", VERIFIER));
        assertThatThrownBy(() -> connect("alice", "sslmode", "disable"))
                .isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28000"))
                .hasMessageContaining("TLS is required");
    }

    @Test
    void a_certificate_logs_in_the_user_it_names_and_nobody_else() throws SQLException {
        String cert = folder.resolve("alice.crt").toString();
        String key = folder.resolve("alice.key").toString();
        serve(new LoginHarness().tls(tls(TlsMode.PREFER)).method(AuthMethod.CERT));
        assertThat(connect("alice", "sslmode", "verify-full", "sslcert", cert, "sslkey", key).user()).isEqualTo("alice");
        assertThatThrownBy(() -> connect("bob", "sslmode", "verify-full", "sslcert", cert, "sslkey", key))
                .hasMessageContaining("certificate authentication failed for user \"bob\"");
        assertThatThrownBy(() -> connect("alice", "sslmode", "verify-full", "sslcert", "/nowhere", "sslkey", "/nowhere"))
                .isInstanceOf(SQLException.class);
    }

    @Test
    void verify_full_wants_the_certificate_beside_the_password() throws SQLException {
        String cert = folder.resolve("alice.crt").toString();
        String key = folder.resolve("alice.key").toString();
        serve(new LoginHarness().tls(tls(TlsMode.VERIFY_FULL)).user("alice", VERIFIER).user("bob", VERIFIER));
        assertThat(connect("alice", "sslmode", "verify-full", "sslcert", cert, "sslkey", key).user()).isEqualTo("alice");
        assertThatThrownBy(() -> connect("bob", "sslmode", "verify-full", "sslcert", cert, "sslkey", key)).hasMessageContaining("certificate");
        assertThatThrownBy(() -> connect("alice", "sslmode", "verify-full")).isInstanceOf(SQLException.class);
    }

    @Test
    void a_clear_password_may_travel_over_tls() throws SQLException {
        serve(new LoginHarness().tls(tls(TlsMode.PREFER)).method(AuthMethod.PASSWORD).user("alice", VERIFIER));
        assertThat(connect("alice", "sslmode", "require").user()).isEqualTo("alice");
    }

    @Test
    void clear_bytes_behind_an_ssl_request_never_reach_the_tls_session() throws IOException {
        serve(new LoginHarness().tls(tls(TlsMode.PREFER)).user("alice", VERIFIER));
        try (var socket = new Socket("127.0.0.1", port())) {
            ByteBuf out = Unpooled.buffer();
            SslRequest.INSTANCE.encode(out);
            LoginClient.startupMessage("alice", "db", 0).encode(out);
            out.readBytes(socket.getOutputStream(), out.readableBytes());
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8)).startsWith("E").contains("08P01");
        }
    }

    @Test
    void garbage_instead_of_a_handshake_closes_the_socket() throws IOException {
        var harness = new LoginHarness().tls(tls(TlsMode.PREFER)).user("alice", VERIFIER);
        serve(harness);
        try (var socket = new Socket("127.0.0.1", port())) {
            ByteBuf out = Unpooled.buffer();
            SslRequest.INSTANCE.encode(out);
            out.readBytes(socket.getOutputStream(), out.readableBytes());
            assertThat(socket.getInputStream().read()).isEqualTo('S');
            socket.getOutputStream().write("this is no handshake at all, not even nearly".getBytes(StandardCharsets.UTF_8));
            socket.setSoTimeout(60_000);
            socket.getInputStream().readAllBytes();
        }
        await().until(() -> harness.pending.count() == 0);
    }
}
