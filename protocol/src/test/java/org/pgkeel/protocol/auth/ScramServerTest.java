package org.pgkeel.protocol.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.auth.ScramServer.Accepted;
import org.pgkeel.protocol.auth.ScramServer.Reason;
import org.pgkeel.protocol.auth.ScramServer.Rejected;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.ProtocolViolation;

/// The exchange of RFC 7677 section 3, and what may not be changed in it.
class ScramServerTest {
    private static final String CLIENT_FIRST = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    private static final String SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    private static final String SERVER_FIRST =
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    private static final String CLIENT_FINAL = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    private static final String SERVER_FINAL = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
    private static final ScramVerifier VERIFIER = ScramVerifier.derive("pencil",
            Octets.of(Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ==")), 4096);
    private static final ChannelBinding BINDING = new TlsServerEndPoint(Octets.ofText("the hash of a certificate"));

    private final ScramServer server = new ScramServer(VERIFIER, ChannelBinding.NONE, SERVER_NONCE);

    private ScramChallenge challenge() {
        return (ScramChallenge) server.first("SCRAM-SHA-256", CLIENT_FIRST);
    }

    @Test void the_exchange_of_rfc_7677_is_accepted_word_for_word() {
        ScramChallenge challenge = challenge();
        assertThat(challenge.serverFirst()).isEqualTo(SERVER_FIRST);
        assertThat(challenge.last(CLIENT_FINAL)).isInstanceOfSatisfying(Accepted.class, accepted -> {
            assertThat(accepted.serverFinal()).isEqualTo(SERVER_FINAL);
            assertThat(Scram.storedKey(accepted.keys().clientKey().toArray())).isEqualTo(VERIFIER.storedKey().toArray());
            assertThat(accepted.toString()).doesNotContain(Scram.base64(accepted.keys().clientKey().toArray()));
        });
    }

    @Test void the_user_name_within_the_message_does_not_matter() {
        assertThat(server.first("SCRAM-SHA-256", "n,,n=,r=abc")).isInstanceOf(ScramChallenge.class);
        assertThat(server.first("SCRAM-SHA-256", "n,,n=*,r=abc,x=extension")).isInstanceOf(ScramChallenge.class);
    }

    @Test void a_first_message_may_not_be_so_long_that_keeping_it_costs() {
        assertThat(server.first("SCRAM-SHA-256", "n,,n=,r=" + "a".repeat(4_000))).isInstanceOf(ScramChallenge.class);
        assertThatThrownBy(() -> server.first("SCRAM-SHA-256", "n,,n=,r=" + "a".repeat(4_096))).isInstanceOf(ProtocolViolation.class);
        assertThatThrownBy(() -> server.first("SCRAM-SHA-256", "n,,n=,r=a,x=" + "b".repeat(4_096))).isInstanceOf(ProtocolViolation.class);
    }

    @Test void an_unknown_user_is_rejected_like_a_wrong_password() {
        ScramVerifier mock = ScramVerifier.mock(Octets.ofText("secret"), "nobody", 4096);
        var challenge = (ScramChallenge) new ScramServer(mock, ChannelBinding.NONE, SERVER_NONCE).first("SCRAM-SHA-256", CLIENT_FIRST);
        assertThat(challenge.serverFirst()).hasSameSizeAs(SERVER_FIRST);
        assertThat(challenge.last(CLIENT_FINAL)).isEqualTo(new Rejected(Reason.WRONG_PROOF));
    }

    @Test void a_proof_with_one_bit_changed_is_rejected() {
        byte[] proof = Base64.getDecoder().decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        for (int bit = 0; bit < proof.length * 8; bit++) {
            byte[] changed = proof.clone();
            changed[bit / 8] ^= (byte) (1 << bit % 8);
            String message = CLIENT_FINAL.substring(0, CLIENT_FINAL.indexOf("p=") + 2) + Scram.base64(changed);
            assertThat(challenge().last(message)).isEqualTo(new Rejected(Reason.WRONG_PROOF));
        }
    }

    @Test void an_extension_that_the_proof_does_not_cover_is_rejected() {
        assertThat(challenge().last(CLIENT_FINAL.replace(",p=", ",x=1,p="))).isEqualTo(new Rejected(Reason.WRONG_PROOF));
    }

    @Test void a_client_that_missed_the_offer_of_channel_binding_is_rejected_as_downgraded() {
        var bound = new ScramServer(VERIFIER, BINDING, SERVER_NONCE);
        assertThat(bound.first("SCRAM-SHA-256", "y,,n=,r=abc")).isEqualTo(new Rejected(Reason.DOWNGRADED));
        assertThat(server.first("SCRAM-SHA-256", "y,,n=,r=abc")).isInstanceOf(ScramChallenge.class);
    }

    @Test void another_header_in_the_last_message_than_in_the_first_is_rejected() {
        assertThat(challenge().last(CLIENT_FINAL.replace("c=biws", "c=eSws")))
                .isEqualTo(new Rejected(Reason.CHANNEL_BINDING_MISMATCH));
    }

    @Test void offers_plus_only_where_there_is_something_to_bind_to() {
        assertThat(ScramServer.mechanisms(BINDING)).containsExactly("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256");
        assertThat(ScramServer.mechanisms(ChannelBinding.NONE)).containsExactly("SCRAM-SHA-256");
    }

    @Test void a_mechanism_that_was_not_offered_is_a_violation() {
        assertThatThrownBy(() -> server.first("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=,r=abc"))
                .isInstanceOf(ProtocolViolation.class);
        assertThatThrownBy(() -> server.first("SCRAM-SHA-1", CLIENT_FIRST)).isInstanceOf(ProtocolViolation.class);
    }

    @Test void flag_and_mechanism_must_agree() {
        var bound = new ScramServer(VERIFIER, BINDING, SERVER_NONCE);
        assertThatThrownBy(() -> bound.first("SCRAM-SHA-256-PLUS", CLIENT_FIRST)).isInstanceOf(ProtocolViolation.class);
        assertThatThrownBy(() -> bound.first("SCRAM-SHA-256-PLUS", "y,,n=,r=abc")).isInstanceOf(ProtocolViolation.class);
        assertThatThrownBy(() -> bound.first("SCRAM-SHA-256", "p=tls-server-end-point,,n=,r=abc"))
                .isInstanceOf(ProtocolViolation.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "", "n", "n,,", "n,,n=user", "n,,r=abc", "n,,n=user,r=", "n,,n=user,r=a b", "n,,n=user,r=a\u00e4", "n,,n=user,r=abc,",
            "n,,m=ext,n=user,r=abc", "n,a=other,n=user,r=abc", "x,,n=user,r=abc", "p=tls-unique,,n=user,r=abc", "n,,n=user,r=abc,1=2"})
    void a_malformed_first_message_is_a_violation(String clientFirst) {
        assertThatThrownBy(() -> server.first("SCRAM-SHA-256", clientFirst)).isInstanceOf(ProtocolViolation.class);
    }

    @Test void a_malformed_last_message_is_a_violation() {
        for (int length = 0; length < CLIENT_FINAL.length(); length++) {
            String truncated = CLIENT_FINAL.substring(0, length);
            assertThatThrownBy(() -> challenge().last(truncated)).isInstanceOf(ProtocolViolation.class);
        }
        assertThatThrownBy(() -> challenge().last(CLIENT_FINAL + ",x=1")).isInstanceOf(ProtocolViolation.class);
        assertThatThrownBy(() -> challenge().last(CLIENT_FINAL.replace("r=r", "r=R"))).isInstanceOf(ProtocolViolation.class);
    }
}
