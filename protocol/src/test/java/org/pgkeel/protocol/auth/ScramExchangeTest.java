package org.pgkeel.protocol.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.protocol.auth.ScramServer.Accepted;
import org.pgkeel.protocol.auth.ScramServer.Last;
import org.pgkeel.protocol.auth.ScramServer.Reason;
import org.pgkeel.protocol.auth.ScramServer.Rejected;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.ProtocolViolation;

/// Client and server of this package against each other, and what somebody in between can do: nothing.
class ScramExchangeTest {
    private static final int ITERATIONS = 10;
    private static final ScramVerifier VERIFIER = ScramVerifier.derive("pencil", Octets.ofText("salt"), ITERATIONS);
    private static final ScramSecret PASSWORD = new ScramSecret.Password("pencil");
    private static final ChannelBinding HERE = new TlsServerEndPoint(Octets.ofText("certificate of the server"));
    private static final ChannelBinding IN_BETWEEN = new TlsServerEndPoint(Octets.ofText("certificate of the one in between"));
    private final SecureRandom random = new SecureRandom();

    private ScramClient client(List<String> offered, ScramSecret secret, ChannelBinding binding) {
        return ScramClient.begin(offered, secret, binding, ITERATIONS, random);
    }

    private Last exchange(ScramClient client, ScramServer server) {
        var challenge = (ScramChallenge) server.first(client.mechanism(), client.clientFirst());
        ScramClient.Answer answer = client.answer(challenge.serverFirst());
        Last last = challenge.last(answer.clientFinal());
        if (last instanceof Accepted accepted) answer.verify(accepted.serverFinal());
        return last;
    }

    @Test void the_password_opens_with_and_without_channel_binding() {
        for (ChannelBinding binding : List.of(ChannelBinding.NONE, HERE)) {
            ScramClient client = client(ScramServer.mechanisms(binding), PASSWORD, binding);
            assertThat(exchange(client, ScramServer.begin(VERIFIER, binding, random))).isInstanceOf(Accepted.class);
        }
    }

    @Test void with_binding_on_both_sides_the_plus_mechanism_is_chosen() {
        assertThat(client(ScramServer.mechanisms(HERE), PASSWORD, HERE).mechanism()).isEqualTo("SCRAM-SHA-256-PLUS");
        assertThat(client(ScramServer.mechanisms(HERE), PASSWORD, ChannelBinding.NONE).mechanism()).isEqualTo("SCRAM-SHA-256");
        assertThat(client(ScramServer.mechanisms(ChannelBinding.NONE), PASSWORD, HERE).clientFirst()).startsWith("y,,");
    }

    @Test void a_client_without_binding_may_log_in_to_a_server_with_it() {
        ScramClient client = client(ScramServer.mechanisms(HERE), PASSWORD, ChannelBinding.NONE);
        assertThat(exchange(client, ScramServer.begin(VERIFIER, HERE, random))).isInstanceOf(Accepted.class);
    }

    @Test void the_wrong_password_does_not_open() {
        ScramClient client = client(List.of("SCRAM-SHA-256"), new ScramSecret.Password("pen"), ChannelBinding.NONE);
        assertThat(exchange(client, ScramServer.begin(VERIFIER, ChannelBinding.NONE, random)))
                .isEqualTo(new Rejected(Reason.WRONG_PROOF));
    }

    @Test void the_keys_that_a_login_leaves_behind_open_another_server_with_the_same_verifier() {
        ScramClient first = client(List.of("SCRAM-SHA-256"), PASSWORD, ChannelBinding.NONE);
        var accepted = (Accepted) exchange(first, ScramServer.begin(VERIFIER, ChannelBinding.NONE, random));
        ScramClient passedThrough = client(ScramServer.mechanisms(HERE), new ScramSecret.Keys(accepted.keys()), HERE);
        assertThat(exchange(passedThrough, ScramServer.begin(VERIFIER, HERE, random))).isInstanceOf(Accepted.class);
        ScramVerifier otherSalt = ScramVerifier.derive("pencil", Octets.ofText("other salt"), ITERATIONS);
        ScramClient elsewhere = client(List.of("SCRAM-SHA-256"), new ScramSecret.Keys(accepted.keys()), ChannelBinding.NONE);
        assertThat(exchange(elsewhere, ScramServer.begin(otherSalt, ChannelBinding.NONE, random)))
                .isEqualTo(new Rejected(Reason.WRONG_PROOF));
    }

    @Test void an_exchange_carried_over_by_somebody_with_another_certificate_is_rejected() {
        ScramClient client = client(ScramServer.mechanisms(IN_BETWEEN), PASSWORD, IN_BETWEEN);
        assertThat(exchange(client, ScramServer.begin(VERIFIER, HERE, random)))
                .isEqualTo(new Rejected(Reason.CHANNEL_BINDING_MISMATCH));
    }

    @Test void somebody_who_takes_plus_from_the_offer_is_noticed() {
        ScramClient client = client(List.of("SCRAM-SHA-256"), PASSWORD, IN_BETWEEN);
        assertThat(ScramServer.begin(VERIFIER, HERE, random).first(client.mechanism(), client.clientFirst()))
                .isEqualTo(new Rejected(Reason.DOWNGRADED));
    }

    @Test void a_server_that_does_not_know_the_password_is_refused() {
        ScramClient client = client(List.of("SCRAM-SHA-256"), PASSWORD, ChannelBinding.NONE);
        var real = new ScramVerifier(ITERATIONS, VERIFIER.salt(), VERIFIER.storedKey(), VERIFIER.storedKey());
        assertThatThrownBy(() -> exchange(client, ScramServer.begin(real, ChannelBinding.NONE, random)))
                .isInstanceOf(ProtocolViolation.class).hasMessage("SCRAM: wrong server signature");
    }

    @Test void an_old_exchange_cannot_be_played_again() {
        ScramClient client = client(List.of("SCRAM-SHA-256"), PASSWORD, ChannelBinding.NONE);
        ScramServer server = ScramServer.begin(VERIFIER, ChannelBinding.NONE, random);
        var first = (ScramChallenge) server.first(client.mechanism(), client.clientFirst());
        String clientFinal = client.answer(first.serverFirst()).clientFinal();
        ScramServer other = ScramServer.begin(VERIFIER, ChannelBinding.NONE, random);
        var again = (ScramChallenge) other.first(client.mechanism(), client.clientFirst());
        assertThatThrownBy(() -> again.last(clientFinal)).isInstanceOf(ProtocolViolation.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "", "r=NONCE", "r=NONCE,s=c2FsdA==,i=10", "r=other,s=c2FsdA==,i=10", "r=NONCEx,s=,i=10", "r=NONCEx,s=!,i=10",
            "r=NONCEx,s=c2FsdA==", "r=NONCEx,s=c2FsdA==,i=0", "r=NONCEx,s=c2FsdA==,i=-1", "r=NONCEx,s=c2FsdA==,i=ten",
            "r=NONCEx,s=c2FsdA==,i=11", "r=NONCEx,s=c2FsdA==,i=999999999999999", "m=ext,r=NONCEx,s=c2FsdA==,i=10", "e=other-error"})
    void a_challenge_that_is_malformed_or_asks_for_too_much_work_is_a_violation(String template) {
        var client = new ScramClient(PASSWORD, ChannelBinding.NONE, Gs2Header.of(Gs2Header.Flag.NOT_SUPPORTED), "NONCE", ITERATIONS);
        assertThatThrownBy(() -> client.answer(template)).isInstanceOf(ProtocolViolation.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "v=", "v=!", "v=AAAA", "e=invalid-proof", "x=1"})
    void a_malformed_last_word_of_the_server_is_a_violation(String serverFinal) {
        var client = new ScramClient(PASSWORD, ChannelBinding.NONE, Gs2Header.of(Gs2Header.Flag.NOT_SUPPORTED), "NONCE", ITERATIONS);
        ScramClient.Answer answer = client.answer("r=NONCEx,s=c2FsdA==,i=10");
        assertThatThrownBy(() -> answer.verify(serverFinal)).isInstanceOf(ProtocolViolation.class);
    }

    @Test void an_offer_of_unknown_mechanisms_only_is_a_violation() {
        assertThatThrownBy(() -> client(List.of("SCRAM-SHA-1", "OAUTHBEARER"), PASSWORD, HERE)).isInstanceOf(ProtocolViolation.class);
        assertThatThrownBy(() -> client(List.of("SCRAM-SHA-256-PLUS"), PASSWORD, ChannelBinding.NONE))
                .isInstanceOf(ProtocolViolation.class);
    }

    @Test void neither_password_nor_keys_are_shown() {
        assertThat(PASSWORD.toString()).doesNotContain("pencil");
        assertThat(new ScramSecret.Keys(new ScramKeys(VERIFIER.storedKey(), VERIFIER.serverKey()))).hasToString("Keys[keys=ScramKeys]");
    }
}
