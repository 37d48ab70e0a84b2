package org.pgkeel.proxy.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.pgkeel.proxy.backend.ConnectorHarness.password;
import static org.pgkeel.proxy.backend.ConnectorHarness.tls;
import static org.pgkeel.proxy.postgres.PostgresFixture.APP_PASSWORD;
import static org.pgkeel.proxy.postgres.PostgresFixture.APP_USER;
import static org.pgkeel.proxy.postgres.PostgresFixture.CERT_USER;
import static org.pgkeel.proxy.postgres.PostgresFixture.MD5_PASSWORD;
import static org.pgkeel.proxy.postgres.PostgresFixture.MD5_USER;

import com.ongres.scram.common.ScramFunctions;
import com.ongres.scram.common.ScramMechanism;
import com.ongres.scram.common.StringPreparation;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.SslHandler;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.protocol.auth.Md5Password;
import org.pgkeel.protocol.auth.ScramVerifier;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.proxy.backend.BackendGreeting.Encryption;
import org.pgkeel.proxy.config.BackendTlsConfig;
import org.pgkeel.proxy.config.RuntimeConfig;
import org.pgkeel.proxy.config.Secret;
import org.pgkeel.proxy.config.TlsMode;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.TestCertificates;
import org.pgkeel.proxy.tls.BackendTls;
import org.pgkeel.proxy.tls.TlsContexts;

class RealServerTest {
    private static final BackendTls PLAIN = new BackendTls.Disabled();

    private static PostgresFixture postgres;
    private static NodeAddress node;
    private static ConnectorHarness harness;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT.withHba("host all clearuser all password", "hostssl all tlsonly all scram-sha-256",
                "host all tlsonly all reject", "hostnossl all plainonly all scram-sha-256", "host all plainonly all reject", "host all trusted all trust"));
        postgres.execute("create user clearuser password 'clear_secret'", "create user tlsonly password 'x'", "create user plainonly password 'x'", "create user trusted");
        node = new NodeAddress("localhost", postgres.port());
        harness = new ConnectorHarness(RuntimeConfig.Transport.AUTO);
    }

    @AfterAll
    static void stop() {
        harness.close();
        postgres.close();
    }

    @Test
    void scram_greets_with_parameters_pid_and_key() {
        BackendGreeting greeting = harness.greeting(node, APP_USER, password(APP_PASSWORD), PLAIN);
        assertThat(greeting.parameterStatus()).containsKeys("server_version", "client_encoding", "TimeZone").containsEntry("application_name", "connector_test");
        assertThat(greeting.pid()).isPositive();
        assertThat(greeting.secretKey()).hasSize(4);
        assertThat(greeting.encryption()).isEqualTo(Encryption.NONE);
        assertThat(greeting.toString()).doesNotContain("secret");
    }

    @Test
    void every_transport_connects() {
        for (RuntimeConfig.Transport wanted : RuntimeConfig.Transport.values()) {
            try (var own = new ConnectorHarness(wanted)) {
                assertThat(own.greeting(node, APP_USER, password(APP_PASSWORD), PLAIN).pid()).isPositive();
            }
        }
    }

    @Test
    void scram_plus_binds_to_the_certificate() {
        for (TlsMode mode : new TlsMode[] {TlsMode.PREFER, TlsMode.REQUIRE, TlsMode.VERIFY_CA, TlsMode.VERIFY_FULL}) {
            BackendGreeting greeting = harness.greeting(node, APP_USER, password(APP_PASSWORD), tls(mode, postgres.certificates()));
            assertThat(greeting.encryption()).as(mode.name()).isEqualTo(Encryption.TLS);
        }
        assertThat(harness.greeting(node, APP_USER, password(APP_PASSWORD), tls(TlsMode.REQUIRE)).encryption()).isEqualTo(Encryption.TLS);
        assertThat(harness.greeting(node, APP_USER, password(APP_PASSWORD), tls(TlsMode.ALLOW)).encryption()).isEqualTo(Encryption.NONE);
    }

    @Test
    void scram_passes_through_the_keys_of_a_client() {
        String stored = postgres.query("select rolpassword from pg_authid where rolname = 'app'");
        ScramVerifier verifier = ScramVerifier.parse(stored).orElseThrow();
        var keys = keysOf(APP_PASSWORD, verifier.salt(), verifier.iterations());
        assertThat(harness.greeting(node, APP_USER, keys, PLAIN).pid()).isPositive();
        assertThat(harness.greeting(node, APP_USER, keys, tls(TlsMode.VERIFY_FULL, postgres.certificates())).encryption()).isEqualTo(Encryption.TLS);

        var others = keysOf(APP_PASSWORD, Octets.ofText("another salt 123"), verifier.iterations());
        assertThat(harness.failure(node, APP_USER, others, PLAIN)).isInstanceOf(BackendFailure.AuthenticationFailed.class)
                .extracting(BackendFailure::text).asString().contains("another SCRAM secret");
    }

    /// The client key is not part of a verifier: it is computed here as a client's login would reveal it.
    private static Credential keysOf(String password, Octets salt, int iterations) {
        byte[] salted = ScramFunctions.saltedPassword(ScramMechanism.SCRAM_SHA_256,
                StringPreparation.POSTGRESQL_PREPARATION, password.toCharArray(), salt.toArray(), iterations);
        return new Credential.ScramKeys(ScramFunctions.clientKey(ScramMechanism.SCRAM_SHA_256, salted),
                ScramFunctions.serverKey(ScramMechanism.SCRAM_SHA_256, salted), salt.toArray(), iterations);
    }

    @Test
    void md5_works_with_the_password_and_with_its_hash() {
        assertThat(harness.greeting(node, MD5_USER, password(MD5_PASSWORD), PLAIN).pid()).isPositive();
        var hash = new Credential.Md5Hash(new Secret(Md5Password.secret(MD5_PASSWORD, MD5_USER)));
        assertThat(harness.greeting(node, MD5_USER, hash, PLAIN).pid()).isPositive();
    }

    @Test
    void clear_password_and_trust_work() {
        assertThat(harness.greeting(node, "clearuser", password("clear_secret"), PLAIN).pid()).isPositive();
        assertThat(harness.greeting(node, "trusted", new Credential.None(), PLAIN).pid()).isPositive();
    }

    @Test
    void a_client_certificate_logs_in() {
        TestCertificates.Pair pair = postgres.certificates().certUser();
        BackendTls tls = TlsContexts.client("main", new BackendTlsConfig(TlsMode.VERIFY_FULL, Optional.of(postgres.certificates().caCert()),
                Optional.of(pair.cert()), Optional.of(pair.key())));
        assertThat(harness.greeting(node, CERT_USER, new Credential.None(), tls).encryption()).isEqualTo(Encryption.TLS);
    }

    @Test
    void allow_and_prefer_try_the_other_way_where_the_server_wants_it() {
        assertThat(harness.greeting(node, "tlsonly", password("x"), tls(TlsMode.ALLOW)).encryption()).isEqualTo(Encryption.TLS);
        assertThat(harness.greeting(node, "plainonly", password("x"), tls(TlsMode.PREFER)).encryption()).isEqualTo(Encryption.NONE);
        assertThat(harness.failure(node, "tlsonly", password("x"), PLAIN)).isInstanceOf(BackendFailure.AuthenticationFailed.class);
        assertThat(harness.failure(node, "plainonly", password("x"), tls(TlsMode.REQUIRE))).isInstanceOf(BackendFailure.AuthenticationFailed.class);
    }

    @Test
    void wrong_proofs_and_missing_ones_fail_as_authentication() {
        assertThat(harness.failure(node, APP_USER, password("wrong"), PLAIN))
                .isEqualTo(new BackendFailure.AuthenticationFailed("28P01", "password authentication failed for user \"app\""));
        assertThat(harness.failure(node, APP_USER, new Credential.None(), PLAIN).text())
                .isEqualTo("the server asks for a SCRAM proof, and the proxy has no secret of this user");
        assertThat(harness.failure(node, "clearuser", new Credential.Md5Hash(new Secret("md5")), PLAIN).text()).contains("a clear password");
        assertThat(harness.failure(node, MD5_USER, keysOf("x", Octets.ofText("0123456789abcdef"), 4096), PLAIN).text()).contains("an md5 password");
    }

    @Test
    void an_unknown_database_is_the_servers_refusal() {
        var target = new BackendTarget(node, "nowhere", APP_USER, password(APP_PASSWORD), PLAIN, new LinkedHashMap<>(), ConnectorHarness.WAIT);
        assertThat(harness.failure(target)).isInstanceOfSatisfying(BackendFailure.Refused.class, refused -> {
            assertThat(refused.sqlState()).isEqualTo("3D000");
            assertThat(refused.message()).isEqualTo("database \"nowhere\" does not exist");
        });
    }

    @Test
    void certificates_that_do_not_verify_fail(@TempDir Path folder) {
        TestCertificates strangers = TestCertificates.create(folder);
        assertThat(harness.failure(node, APP_USER, password(APP_PASSWORD), tls(TlsMode.VERIFY_CA, strangers))).isInstanceOf(BackendFailure.TlsFailed.class);
        assertThat(harness.greeting(node, APP_USER, password(APP_PASSWORD), tls(TlsMode.PREFER, strangers)).encryption()).isEqualTo(Encryption.NONE);
        var otherName = new NodeAddress("other.example", postgres.port());
        assertThat(harness.failure(otherName, APP_USER, password(APP_PASSWORD), tls(TlsMode.VERIFY_FULL, postgres.certificates()))).isInstanceOf(BackendFailure.TlsFailed.class);
        assertThat(harness.greeting(otherName, APP_USER, password(APP_PASSWORD), tls(TlsMode.VERIFY_CA, postgres.certificates())).encryption()).isEqualTo(Encryption.TLS);
    }

    @Test
    void the_connection_is_handed_over_bare_and_paused() {
        var connected = (ConnectorHarness.Result.Connected) harness.connect(node, APP_USER, password(APP_PASSWORD), tls(TlsMode.REQUIRE));
        assertThat(connected.channel().config().isAutoRead()).isFalse();
        assertThat(connected.channel().pipeline().toMap().values()).hasSize(1).first().isInstanceOf(SslHandler.class);
        assertThat(connected.earlyBytes()).isZero();
        connected.channel().close().syncUninterruptibly();
    }

    @Test
    void a_cancel_reaches_the_statement_and_returns_when_the_server_closed() {
        for (BackendTls tls : new BackendTls[] {PLAIN, tls(TlsMode.PREFER), tls(TlsMode.VERIFY_FULL, postgres.certificates())}) {
            var connected = (ConnectorHarness.Result.Connected) harness.connect(node, APP_USER, password(APP_PASSWORD), PLAIN);
            ByteBuf sleep = Unpooled.buffer();
            new Query("select pg_sleep(600)").encode(sleep);
            connected.channel().writeAndFlush(sleep);
            String running = "select count(*) from pg_stat_activity where state = 'active' and pid = " + connected.greeting().pid();
            await().until(() -> postgres.query(running).equals("1"));
            var closed = new CompletableFuture<BackendCancel.End>();
            new BackendCancel(harness.transport, Duration.ofSeconds(60))
                    .send(harness.loop(), node, tls, connected.greeting().pid(), connected.greeting().secretKey(), closed::complete);
            assertThat(closed.orTimeout(90, TimeUnit.SECONDS).join()).isEqualTo(BackendCancel.End.SETTLED);
            await().until(() -> postgres.query(running).equals("0"));
            connected.channel().close().syncUninterruptibly();
        }
    }
}
