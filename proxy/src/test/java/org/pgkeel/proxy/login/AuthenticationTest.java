package org.pgkeel.proxy.login;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.unix.DomainSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.auth.Md5Password;
import org.pgkeel.protocol.auth.ScramVerifier;
import org.pgkeel.protocol.backend.AuthenticationCleartextPassword;
import org.pgkeel.protocol.backend.AuthenticationMd5Password;
import org.pgkeel.protocol.backend.AuthenticationSasl;
import org.pgkeel.protocol.backend.AuthenticationSaslContinue;
import org.pgkeel.protocol.backend.AuthenticationSaslFinal;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.frontend.PasswordMessage;
import org.pgkeel.protocol.frontend.SaslInitialResponse;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.backend.Credential;
import org.pgkeel.proxy.config.AuthMethod;
import org.pgkeel.proxy.config.AuthRule;
import org.pgkeel.proxy.config.Secret;

class AuthenticationTest {
    private static final String VERIFIER = ScramVerifier.derive("secret", Octets.ofText("0123456789abcdef"), 4096).secret();
    private static final String MD5 = Md5Password.secret("secret", "alice");

    private static LoginHarness password() {
        return new LoginHarness().rule(AuthRule.Connection.HOSTNOSSL, AuthMethod.PASSWORD);
    }

    private static void assertRefused(LoginClient client) {
        assertThat(client.refusal()).isEqualTo("28P01 password authentication failed for user \"alice\"");
        assertThat(client.error().fields().severity().name()).isEqualTo("FATAL");
        assertThat(client.isOpen()).isFalse();
        assertThat(client.identity()).isEmpty();
        assertThat(client.refusals).hasSize(1);
    }

    @Test
    void scram_with_a_plain_secret_yields_the_password() {
        try (LoginClient client = new LoginHarness().user("alice", "secret").client()) {
            client.startup("alice", "db").scram("secret");
            assertThat(client.last()).isInstanceOf(AuthenticationSaslFinal.class);
            assertThat(client.identity().orElseThrow().credential()).isEqualTo(new Credential.Password(new Secret("secret")));
        }
    }

    @Test
    void a_login_whose_client_has_gone_has_its_place_until_what_it_asked_is_answered() {
        var answer = new CompletableFuture<Optional<StoredSecret>>();
        LoginHarness harness = new LoginHarness().query((_, _) -> answer).pendingMax(1);
        try (LoginClient gone = harness.client()) {
            gone.startup("alice", "db");
        }
        assertThat(harness.pending.count()).isEqualTo(1);
        try (LoginClient next = harness.client()) {
            assertThat(next.refusal()).startsWith("53300");
        }
        answer.complete(Optional.empty());
        assertThat(harness.pending.count()).isZero();
    }

    @Test
    void scram_with_a_verifier_yields_keys_to_pass_through() {
        try (LoginClient client = new LoginHarness().user("alice", VERIFIER).client()) {
            client.startup("alice", "db").scram("secret");
            var keys = (Credential.ScramKeys) client.identity().orElseThrow().credential();
            ScramVerifier verifier = ScramVerifier.parse(VERIFIER).orElseThrow();
            assertThat(keys.iterations()).isEqualTo(4096);
            assertThat(keys.salt()).isEqualTo(verifier.salt().toArray());
            assertThat(keys.serverKey()).isEqualTo(verifier.serverKey().toArray());
            assertThat(keys.toString()).isEqualTo("ScramKeys[***]");
        }
    }

    @Test
    void scram_refuses_a_wrong_password_an_md5_secret_and_an_unknown_user_alike() {
        for (var harness : List.of(new LoginHarness().user("alice", VERIFIER), new LoginHarness().user("alice", "secret"),
                new LoginHarness().user("alice", MD5), new LoginHarness(), new LoginHarness().user("bob", "other"))) {
            try (LoginClient client = harness.client()) {
                client.startup("alice", "db").scram("wrong");
                assertRefused(client);
            }
        }
    }

    @Test
    void an_md5_secret_cannot_do_scram_even_with_the_right_password() {
        try (LoginClient client = new LoginHarness().user("alice", MD5).client()) {
            client.startup("alice", "db").scram("secret");
            assertRefused(client);
        }
    }

    /// What differs between two logins of one user is the nonce, and for the two kinds of user the salt.
    @Test
    void unknown_user_and_wrong_password_give_the_same_transcript() {
        for (String secret : List.of(VERIFIER, "secret")) {
            List<String> known = transcript(new LoginHarness().user("alice", secret).user("bob", secret), "alice");
            List<String> unknown = transcript(new LoginHarness().user("bob", secret), "alice");
            assertThat(unknown).isEqualTo(known).hasSize(3);
        }
        assertThat(mdTranscript(new LoginHarness().user("bob", MD5), "alice"))
                .isEqualTo(mdTranscript(new LoginHarness().user("bob", MD5).user("alice", MD5), "alice"));
    }

    private static List<String> transcript(LoginHarness harness, String user) {
        try (LoginClient client = harness.client()) {
            client.startup(user, "db").scram("wrong");
            return client.received().stream().map(AuthenticationTest::withoutNonce).toList();
        }
    }

    private static List<String> mdTranscript(LoginHarness harness, String user) {
        try (LoginClient client = harness.method(AuthMethod.MD5).client()) {
            client.startup(user, "db").send(new PasswordMessage("md5wrong"));
            return client.received().stream().map(AuthenticationTest::withoutNonce).toList();
        }
    }

    private static String withoutNonce(BackendMessage message) {
        return switch (message) {
            case AuthenticationSaslContinue(var challenge) -> challenge.text().replaceFirst("r=[^,]*", "r=").replaceFirst("s=[A-Za-z0-9+/]{22}==", "s=");
            case AuthenticationMd5Password _ -> "md5 and a salt";
            default -> message.toString();
        };
    }

    @Test
    void an_unknown_user_is_shown_the_same_salt_every_time_and_after_a_reload() {
        var harness = new LoginHarness().user("bob", VERIFIER);
        UserSecrets secrets = harness.secrets();
        ScramVerifier first = secrets.verifier("alice", Optional.empty()).toCompletableFuture().join();
        ScramVerifier second = secrets.reloaded(harness.config(Optional.empty()), Optional.empty())
                .verifier("alice", Optional.empty()).toCompletableFuture().join();
        assertThat(second.salt()).isEqualTo(first.salt());
        assertThat(secrets.verifier("carol", Optional.empty()).toCompletableFuture().join().salt()).isNotEqualTo(first.salt());
    }

    @Test
    void md5_works_with_plain_and_md5_secrets() {
        for (String secret : List.of("secret", MD5)) {
            try (LoginClient client = new LoginHarness().method(AuthMethod.MD5).user("alice", secret).client()) {
                client.startup("alice", "db");
                Octets salt = ((AuthenticationMd5Password) client.last()).salt();
                client.send(new PasswordMessage(Md5Password.response("secret", "alice", salt)));
                assertThat(client.identity().orElseThrow().credential()).isIn(
                        new Credential.Password(new Secret("secret")), new Credential.Md5Hash(new Secret(MD5)));
            }
            try (LoginClient client = new LoginHarness().method(AuthMethod.MD5).user("alice", secret).client()) {
                client.startup("alice", "db").send(new PasswordMessage("md5" + "0".repeat(32)));
                assertRefused(client);
            }
        }
    }

    @Test
    void the_md5_hash_itself_is_no_answer_to_md5() {
        try (LoginClient client = new LoginHarness().method(AuthMethod.MD5).user("alice", MD5).client()) {
            client.startup("alice", "db").send(new PasswordMessage(MD5));
            assertRefused(client);
        }
    }

    @Test
    void md5_means_scram_for_who_has_a_scram_secret() {
        try (LoginClient client = new LoginHarness().method(AuthMethod.MD5).user("alice", VERIFIER).client()) {
            client.startup("alice", "db").scram("secret");
            assertThat(client.identity()).isPresent();
        }
    }

    @Test
    void a_clear_password_is_checked_against_every_kind_of_secret() {
        for (String secret : List.of("secret", MD5, VERIFIER)) {
            try (LoginClient client = password().user("alice", secret).client()) {
                client.startup("alice", "db");
                assertThat(client.last()).isEqualTo(AuthenticationCleartextPassword.INSTANCE);
                client.send(new PasswordMessage("secret"));
                assertThat(client.identity().orElseThrow().credential()).isEqualTo(new Credential.Password(new Secret("secret")));
            }
            for (String wrong : List.of("wrong", "", secret.equals("secret") ? "Secret" : secret)) {
                try (LoginClient client = password().user("alice", secret).client()) {
                    client.startup("alice", "db").send(new PasswordMessage(wrong));
                    assertRefused(client);
                }
            }
        }
        try (LoginClient client = password().client()) {
            client.startup("alice", "db").send(new PasswordMessage("secret"));
            assertRefused(client);
        }
    }

    @Test
    void a_clear_password_is_not_asked_for_over_plain_tcp_unless_a_rule_for_it_says_so() {
        for (var harness : List.of(new LoginHarness().method(AuthMethod.PASSWORD),
                new LoginHarness().rule(AuthRule.Connection.HOST, AuthMethod.PASSWORD))) {
            try (LoginClient client = harness.user("alice", "secret").client()) {
                client.startup("alice", "db");
                assertThat(client.refusal()).startsWith("28000 a clear-text password is not accepted");
                assertThat(client.received()).hasSize(1);
            }
        }
        var unix = new LoginHarness().method(AuthMethod.PASSWORD).user("alice", "secret");
        try (LoginClient client = new LoginClient(unix.policy(), unix.pending, unix.refused, new DomainSocketAddress("/tmp/x"))) {
            client.startup("alice", "db").send(new PasswordMessage("secret"));
            assertThat(client.identity().orElseThrow().kind()).isEqualTo(ConnectionKind.UNIX_SOCKET);
        }
    }

    @Test
    void reject_refuses_without_a_question() {
        try (LoginClient client = new LoginHarness().method(AuthMethod.REJECT).user("alice", "secret").client()) {
            client.startup("alice", "db");
            assertThat(client.refusal()).isEqualTo(
                    "28000 no auth.rules entry lets in host \"[local]\", user \"alice\", database \"db\", no encryption");
            assertThat(client.isOpen()).isFalse();
        }
    }

    @Test
    void cert_without_a_certificate_is_refused() {
        try (LoginClient client = new LoginHarness().method(AuthMethod.CERT).user("alice", "secret").client()) {
            client.startup("alice", "db");
            assertThat(client.refusal()).isEqualTo("28000 certificate authentication failed for user \"alice\"");
        }
    }

    @Test
    void trust_takes_what_the_file_has_for_the_backend() {
        try (LoginClient client = new LoginHarness().method(AuthMethod.TRUST).user("alice", MD5).client()) {
            client.startup("alice", "db");
            assertThat(client.identity().orElseThrow().credential()).isEqualTo(new Credential.Md5Hash(new Secret(MD5)));
        }
        try (LoginClient client = new LoginHarness().method(AuthMethod.TRUST).client()) {
            client.startup("alice", "db");
            assertThat(client.identity().orElseThrow().credential()).isEqualTo(new Credential.None());
        }
    }

    @Test
    void users_that_the_file_does_not_have_are_asked_for() {
        try (LoginClient client = new LoginHarness().query((user, database) -> CompletableFuture.completedStage(
                user.equals("alice") && database.equals("db") ? Optional.of(StoredSecret.of(VERIFIER)) : Optional.empty())).client()) {
            client.startup("alice", "db").scram("secret");
            assertThat(client.identity()).isPresent();
        }
    }

    @Test
    void when_nobody_can_be_asked_the_client_may_try_again() {
        try (LoginClient client = new LoginHarness().query((_, _) -> CompletableFuture.failedStage(new IllegalStateException("down"))).client()) {
            client.startup("alice", "db");
            assertThat(client.refusal()).startsWith("57P03 the login cannot be checked now");
        }
    }

    @Test
    void a_client_that_leaves_while_its_secret_is_asked_for_is_forgotten() {
        var asked = new CompletableFuture<Optional<StoredSecret>>();
        var harness = new LoginHarness().query((_, _) -> asked);
        LoginClient client = harness.client();
        client.startup("alice", "db").close();
        asked.complete(Optional.of(StoredSecret.of("secret")));
        assertThat(client.received()).isEmpty();
        assertThat(harness.pending.count()).isZero();
    }

    @Test
    void sasl_mechanisms_that_were_not_offered_and_malformed_scram_are_violations() {
        for (var initial : List.of(new SaslInitialResponse("SCRAM-SHA-256-PLUS", Octets.ofText("p=tls-server-end-point,,n=,r=abc")),
                new SaslInitialResponse("PLAIN", Octets.ofText("x")), new SaslInitialResponse("SCRAM-SHA-256", Octets.ofText("n,,")),
                new SaslInitialResponse("SCRAM-SHA-256", Value.NULL))) {
            try (LoginClient client = new LoginHarness().user("alice", "secret").client()) {
                client.startup("alice", "db");
                assertThat(client.last()).isEqualTo(new AuthenticationSasl(List.of("SCRAM-SHA-256")));
                client.send(initial);
                assertThat(client.refusal()).startsWith("08P01");
                assertThat(client.isOpen()).isFalse();
            }
        }
    }

    @Test
    void a_user_name_with_line_breaks_makes_one_line_of_log() {
        assertThat(LoginRefusals.loggable("a\nb\r\u2028c\u202e")).isEqualTo("a?b??c?");
        assertThat(LoginRefusals.loggable("x".repeat(10_000))).hasSizeLessThan(70);
    }
}
