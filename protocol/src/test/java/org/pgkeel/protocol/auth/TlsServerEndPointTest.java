package org.pgkeel.protocol.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgkeel.protocol.wire.Octets;

/// The hashes were computed with the openssl command.
class TlsServerEndPointTest {
    private static X509Certificate certificate(String name) throws IOException, CertificateException {
        try (InputStream in = TlsServerEndPointTest.class.getResourceAsStream("/certificates/" + name + ".pem")) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    @ParameterizedTest
    @CsvSource({
            "rsa-sha256, c3a5c73c0ac05378487e2269f93347d0d89104be299c082432400ee3b8c0e9ae",
            "rsa-sha1, b6de1070bb13128d7d014b552a1ed49d992577b45b8e506b5d2a721a737b1840",
            "ecdsa-sha384, 02ff1efc14b010ea8cce3ba58a968a734c3db690e396f9969dcc06cb9cf03687"
                    + "ff82ff2db27369a637cf49b8d65a8933",
            "rsa-pss-sha512, e6e735adb9bf0656910cde0ce9519342671bdb7ed50925352bd5ca2a046b910e"
                    + "d2d83c20e231bbff952d77124681c4907a82b9710eecf5bf5dd46e41fd7bf299"})
    void the_hash_is_that_of_the_signature_but_sha_256_at_least(String name, String hash) throws Exception {
        assertThat(TlsServerEndPoint.of(certificate(name)))
                .isEqualTo(new TlsServerEndPoint(Octets.of(HexFormat.of().parseHex(hash))));
    }

    @Test void a_signature_without_a_hash_function_gives_no_binding() throws Exception {
        assertThat(TlsServerEndPoint.of(certificate("ed25519"))).isEqualTo(ChannelBinding.NONE);
    }

    @Test void algorithm_names_of_old_and_new_are_known() {
        assertThat(TlsServerEndPoint.hashAlgorithm("MD5withRSA")).contains("SHA-256");
        assertThat(TlsServerEndPoint.hashAlgorithm("SHA512withECDSA")).contains("SHA-512");
        assertThat(TlsServerEndPoint.hashAlgorithm("SHA224withRSA")).contains("SHA-224");
        assertThat(TlsServerEndPoint.hashAlgorithm("Ed448")).isEmpty();
    }
}
