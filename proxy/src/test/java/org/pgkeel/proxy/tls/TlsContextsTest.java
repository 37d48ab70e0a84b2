package org.pgkeel.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Map;
import java.util.Optional;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcePEMEncryptorBuilder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.protocol.auth.TlsServerEndPoint;
import org.pgkeel.proxy.config.BackendTlsConfig;
import org.pgkeel.proxy.config.PatroniConfig;
import org.pgkeel.proxy.config.ServerTlsConfig;
import org.pgkeel.proxy.config.TlsMode;
import org.pgkeel.proxy.postgres.TestCertificates;

class TlsContextsTest {
    @TempDir
    static Path folder;
    private static TestCertificates certificates;

    @BeforeAll
    static void issue() {
        certificates = TestCertificates.create(folder);
    }

    private static ServerTlsConfig config(TlsMode mode, Path cert, Path key) {
        return new ServerTlsConfig(mode, Optional.of(cert), Optional.of(key), Optional.of(certificates.caCert()));
    }

    @Test
    void a_server_context_knows_its_channel_binding() {
        var tls = (ServerTls.Enabled) TlsContexts.server(config(TlsMode.REQUIRE, certificates.server().cert(), certificates.server().key()));
        assertThat(tls.binding()).isInstanceOf(TlsServerEndPoint.class);
        assertThat(tls.context().isServer()).isTrue();
        assertThat(tls.context().applicationProtocolNegotiator().protocols()).containsExactly("postgresql");
    }

    /// OpenSSL's older key forms, written by another library.
    @Test
    void private_keys_are_read_in_all_their_forms() throws GeneralSecurityException, IOException {
        var rsa = KeyPairGenerator.getInstance("RSA");
        rsa.initialize(2048);
        KeyPair rsaKeys = rsa.generateKeyPair();
        assertThat(PemFiles.privateKey("k", pem(rsaKeys, "BEGIN RSA PRIVATE KEY"))).isEqualTo(rsaKeys.getPrivate());
        for (String curve : new String[] {"secp256r1", "secp384r1", "secp521r1"}) {
            var ec = KeyPairGenerator.getInstance("EC", new BouncyCastleProvider());   // the JDK's own leaves the curve out of the old form
            ec.initialize(new ECGenParameterSpec(curve));
            KeyPair ecKeys = ec.generateKeyPair();
            var read = (ECPrivateKey) PemFiles.privateKey("k", pem(ecKeys, "BEGIN EC PRIVATE KEY"));
            assertThat(read.getS()).isEqualTo(((ECPrivateKey) ecKeys.getPrivate()).getS());
        }
        assertThat(PemFiles.privateKey("k", certificates.server().key()).getAlgorithm()).isEqualTo("RSA");
    }

    @Test
    void a_key_is_told_from_those_of_other_pairs_and_other_kinds() throws GeneralSecurityException {
        for (String kind : new String[] {"RSA", "EC", "Ed25519"}) {
            KeyPair one = KeyPairGenerator.getInstance(kind).generateKeyPair();
            assertThat(PemFiles.isPair(one.getPrivate(), one.getPublic())).as(kind).isTrue();
            for (String other : new String[] {"RSA", "EC", "Ed25519"}) {
                assertThat(PemFiles.isPair(one.getPrivate(), KeyPairGenerator.getInstance(other).generateKeyPair().getPublic())).as(kind + " and " + other).isFalse();
            }
        }
    }

    private static Path pem(KeyPair keys, String begin) throws IOException {
        var text = new StringWriter();
        try (var writer = new JcaPEMWriter(text)) {
            writer.writeObject(keys.getPrivate());
        }
        assertThat(text.toString()).contains(begin);
        return Files.writeString(Files.createTempFile(folder, "key", ".pem"), text.toString());
    }

    @Test
    void broken_files_are_named_with_their_key() throws IOException, GeneralSecurityException {
        Path garbage = Files.writeString(folder.resolve("garbage"), "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
        Path nowhere = folder.resolve("nowhere");
        Path cert = certificates.server().cert();
        assertThatThrownBy(() -> TlsContexts.server(config(TlsMode.REQUIRE, nowhere, certificates.server().key()))).isInstanceOf(BrokenTlsFile.class).hasMessageContaining("listen.tls.cert: cannot read " + nowhere);
        assertThatThrownBy(() -> TlsContexts.server(config(TlsMode.REQUIRE, garbage, certificates.server().key()))).isInstanceOf(BrokenTlsFile.class).hasMessageContaining("listen.tls.cert");
        assertThatThrownBy(() -> TlsContexts.server(config(TlsMode.REQUIRE, cert, garbage))).isInstanceOf(BrokenTlsFile.class).hasMessageContaining("listen.tls.key").hasMessageNotContaining("c2Vj");
        assertThatThrownBy(() -> TlsContexts.server(config(TlsMode.REQUIRE, cert, cert))).isInstanceOf(BrokenTlsFile.class).hasMessageContaining("no PEM private key");
        assertThatThrownBy(() -> TlsContexts.server(config(TlsMode.REQUIRE, cert, certificates.certUser().key()))).as("half renewed")
                .isInstanceOf(BrokenTlsFile.class).hasMessageContaining("listen.tls.key is not the key of the first certificate in listen.tls.cert");
        assertThatThrownBy(() -> TlsContexts.server(new ServerTlsConfig(TlsMode.VERIFY_CA, Optional.of(cert), Optional.of(certificates.server().key()), Optional.empty())))
                .isInstanceOf(BrokenTlsFile.class).hasMessageContaining("listen.tls.ca");
        assertThatThrownBy(() -> TlsContexts.client("main", new BackendTlsConfig(TlsMode.VERIFY_CA, Optional.empty(), Optional.empty(), Optional.empty())))
                .isInstanceOf(BrokenTlsFile.class).hasMessageContaining("clusters.main.tls.ca");
        assertThatThrownBy(() -> TlsContexts.client("main", new BackendTlsConfig(TlsMode.REQUIRE, Optional.empty(), Optional.of(cert), Optional.of(certificates.certUser().key()))))
                .as("of many clusters").isInstanceOf(BrokenTlsFile.class).hasMessageContaining("clusters.main.tls.key is not the key of the first certificate in clusters.main.tls.cert");
        assertThatThrownBy(() -> new PatroniTls("main", new PatroniConfig.Tls(Optional.of(garbage), Optional.empty(), Optional.empty(), PatroniConfig.Verify.FULL)))
                .isInstanceOf(BrokenTlsFile.class).hasMessageContaining("clusters.main.patroni.tls.ca");
        var rsa = KeyPairGenerator.getInstance("RSA").generateKeyPair();
        var text = new StringWriter();
        try (var writer = new JcaPEMWriter(text)) {
            writer.writeObject(rsa.getPrivate(), new JcePEMEncryptorBuilder("AES-128-CBC").setProvider(new BouncyCastleProvider()).build("pass".toCharArray()));
        }
        Path encrypted = Files.writeString(folder.resolve("encrypted"), text.toString());
        assertThatThrownBy(() -> TlsContexts.server(config(TlsMode.REQUIRE, cert, encrypted))).isInstanceOf(BrokenTlsFile.class);
    }

    @Test
    void a_reload_takes_all_files_or_none() throws IOException {
        Path cert = Files.copy(certificates.server().cert(), folder.resolve("live.crt"));
        Path key = Files.copy(certificates.server().key(), folder.resolve("live.key"));
        ServerTlsConfig config = config(TlsMode.PREFER, cert, key);
        var clusters = Map.of("main", new BackendTlsConfig(TlsMode.VERIFY_FULL, Optional.of(certificates.caCert()), Optional.empty(), Optional.empty()));
        var tls = new ReloadableTls(config, clusters, Map.of());
        ServerTls first = tls.server();
        BackendTls main = tls.cluster("main");

        Files.writeString(key, "broken");
        assertThatThrownBy(() -> tls.reload(config, clusters, Map.of())).isInstanceOf(BrokenTlsFile.class);
        assertThat(tls.server()).isSameAs(first);
        assertThat(tls.cluster("main")).isSameAs(main);

        TestCertificates.Pair renewed = certificates.issue("renewed", "localhost");
        Files.writeString(cert, Files.readString(renewed.cert()));
        Files.writeString(key, Files.readString(renewed.key()));
        tls.reload(config, clusters, Map.of());
        assertThat(((ServerTls.Enabled) tls.server()).binding()).isNotEqualTo(((ServerTls.Enabled) first).binding());
        assertThatThrownBy(() -> tls.cluster("other")).isInstanceOf(IllegalArgumentException.class);
    }
}
