package org.pgkeel.proxy.login;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.EventExecutor;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.pgkeel.protocol.auth.ChannelBinding;
import org.pgkeel.protocol.auth.Md5Password;
import org.pgkeel.protocol.auth.ScramChallenge;
import org.pgkeel.protocol.auth.ScramServer;
import org.pgkeel.protocol.auth.ScramVerifier;
import org.pgkeel.protocol.backend.AuthenticationCleartextPassword;
import org.pgkeel.protocol.backend.AuthenticationMd5Password;
import org.pgkeel.protocol.backend.AuthenticationSasl;
import org.pgkeel.protocol.backend.AuthenticationSaslContinue;
import org.pgkeel.protocol.backend.AuthenticationSaslFinal;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.frontend.PasswordMessage;
import org.pgkeel.protocol.frontend.SaslInitialResponse;
import org.pgkeel.protocol.frontend.SaslResponse;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.backend.Credential;
import org.pgkeel.proxy.config.AuthMethod;
import org.pgkeel.proxy.config.Secret;
import org.pgkeel.proxy.refusal.Refusal;

/// Lets one client prove its name, by the method that the rules chose. An unknown user walks the same way as a wrong password.
///
/// | from                | event                                   | to                                    |
/// |---------------------|-----------------------------------------|---------------------------------------|
/// | Waiting             | secret known: trust, certificate fits   | Ended: proved                         |
/// | Waiting             | secret known: password, md5             | AwaitingPassword, AwaitingMd5         |
/// | Waiting             | verifier known                          | AwaitingSaslInitial                   |
/// | Waiting             | password checked                        | Ended: proved, or refused             |
/// | AwaitingPassword    | PasswordMessage                         | Waiting                               |
/// | AwaitingMd5         | PasswordMessage                         | Ended: proved, or refused             |
/// | AwaitingSaslInitial | SASLInitialResponse                     | AwaitingSaslResponse, or Ended        |
/// | AwaitingSaslResponse| SASLResponse                            | Ended: proved, or refused             |
///
/// Threading: confined to its channel's event loop.
final class Authenticator {
    /// What the client's connection does for the proof.
    interface Client {
        void send(BackendMessage message);

        void proved(Credential credential);

        /// @param why for the log alone: tells apart what the client must not
        void refuse(Refusal refusal, String why);

        /// A wait is over: messages can be taken again.
        void resume();
    }

    /// @param binding         of the TLS connection
    /// @param certificateName CN of the client's certificate, if it showed one
    record Connection(ChannelBinding binding, Optional<String> certificateName, EventExecutor loop) {}

    private sealed interface State {
        record Waiting() implements State {}

        record AwaitingPassword(Optional<StoredSecret> secret) implements State {}

        record AwaitingMd5(Optional<StoredSecret> secret, Octets salt) implements State {}

        record AwaitingSaslInitial(ScramServer scram, Optional<StoredSecret> secret, ScramVerifier verifier) implements State {}

        record AwaitingSaslResponse(ScramChallenge scram, Optional<StoredSecret> secret, ScramVerifier verifier) implements State {}

        record Ended() implements State {}
    }

    private static final int MD5_SALT_BYTES = 4;

    private final UserSecrets secrets;
    private final AuthRules.Subject subject;
    private final Connection connection;
    private final SecureRandom random;
    private final Client client;
    private State state = new State.Waiting();
    /// Somebody else works for the login.
    private boolean working;
    private Runnable atRest = () -> { };

    Authenticator(UserSecrets secrets, AuthRules.Subject subject, Connection connection, SecureRandom random, Client client) {
        this.secrets = secrets;
        this.subject = subject;
        this.connection = connection;
        this.random = random;
        this.client = client;
    }

    /// Whether the client's next message can be taken; while not, it stays where it is.
    boolean takesMessages() {
        return switch (state) {
            case State.AwaitingPassword _, State.AwaitingMd5 _, State.AwaitingSaslInitial _, State.AwaitingSaslResponse _ -> true;
            case State.Waiting _, State.Ended _ -> false;
        };
    }

    void start(AuthMethod method) {
        switch (method) {
            case REJECT -> refuse(LoginRefusals.rejected(subject), "rejected by rule");
            case CERT -> {
                if (connection.certificateName().equals(Optional.of(subject.user()))) withSecret(this::proveWithoutPassword, Optional.of(Optional.empty()));
                else refuse(LoginRefusals.badCertificate(subject.user()),
                        connection.certificateName().isPresent() ? "the certificate names another" : "no client certificate");
            }
            case TRUST -> withSecret(this::proveWithoutPassword, Optional.of(Optional.empty()));
            case PASSWORD -> withSecret(secret -> ask(new State.AwaitingPassword(secret), AuthenticationCleartextPassword.INSTANCE), Optional.empty());
            case MD5 -> withSecret(this::startMd5, Optional.empty());
            case SCRAM_SHA_256 -> withSecret(this::startScram, Optional.empty());
        }
    }

    /// @param otherwise what to go on with where the secret cannot be had; empty: the login ends
    private void withSecret(Consumer<Optional<StoredSecret>> next, Optional<Optional<StoredSecret>> otherwise) {
        after(secrets.lookup(subject.user(), subject.database()), next, failure -> {
            if (otherwise.isPresent()) next.accept(otherwise.get());
            else refuse(LoginRefusals.secretsUnavailable(), "auth-query failed: " + failure.getClass().getSimpleName());
        });
    }

    private void proveWithoutPassword(Optional<StoredSecret> secret) {
        prove(secret.map(known -> switch (known) {
            case StoredSecret.Plain(var password) -> new Credential.Password(password);
            case StoredSecret.Md5(var hash) -> new Credential.Md5Hash(hash);
            case StoredSecret.Scram _ -> new Credential.None();
        }).orElseGet(Credential.None::new));
    }

    /// As PostgreSQL: `md5` means SCRAM for who has a SCRAM secret.
    private void startMd5(Optional<StoredSecret> secret) {
        boolean scram = secret.map(StoredSecret.Scram.class::isInstance).orElseGet(() -> !secrets.unknownUsersGetMd5());
        if (scram) {
            startScram(secret);
            return;
        }
        byte[] salt = new byte[MD5_SALT_BYTES];
        random.nextBytes(salt);
        Octets octets = Octets.of(salt);
        ask(new State.AwaitingMd5(secret, octets), new AuthenticationMd5Password(octets));
    }

    private void startScram(Optional<StoredSecret> secret) {
        after(secrets.verifier(subject.user(), secret), verifier -> ask(
                new State.AwaitingSaslInitial(ScramServer.begin(verifier, connection.binding(), random), secret, verifier),
                new AuthenticationSasl(ScramServer.mechanisms(connection.binding()))), this::broken);
    }

    private void ask(State next, BackendMessage question) {
        state = next;
        client.send(question);
        client.resume();
    }

    /// @param body of a message of type `p`
    /// @throws ProtocolViolation if it is malformed
    void message(ByteBuf body) {
        switch (state) {
            case State.AwaitingPassword(var secret) -> checkPassword(secret, PasswordMessage.decode(body).password());
            case State.AwaitingMd5(var secret, var salt) -> checkMd5(secret, salt, PasswordMessage.decode(body).password());
            case State.AwaitingSaslInitial(var scram, var secret, var verifier) -> {
                SaslInitialResponse initial = SaslInitialResponse.decode(body);
                String first = switch (initial.response()) {
                    case Octets octets -> octets.text();
                    case Value.Null _ -> throw new ProtocolViolation("SASLInitialResponse: no client-first message");
                };
                switch (scram.first(initial.mechanism(), first)) {
                    case ScramChallenge challenge -> ask(new State.AwaitingSaslResponse(challenge, secret, verifier),
                            new AuthenticationSaslContinue(Octets.ofText(challenge.serverFirst())));
                    case ScramServer.Rejected(var reason) -> refuse(LoginRefusals.badPassword(subject.user()), reason.name());
                }
            }
            case State.AwaitingSaslResponse(var challenge, var secret, var verifier) -> {
                switch (challenge.last(SaslResponse.decode(body).response().text())) {
                    case ScramServer.Accepted(var serverFinal, var keys) -> {
                        client.send(new AuthenticationSaslFinal(Octets.ofText(serverFinal)));
                        prove(secret.filter(StoredSecret.Plain.class::isInstance)
                                .<Credential>map(plain -> new Credential.Password(((StoredSecret.Plain) plain).password()))
                                .orElseGet(() -> new Credential.ScramKeys(keys.clientKey().toArray(), keys.serverKey().toArray(),
                                        verifier.salt().toArray(), verifier.iterations())));
                    }
                    case ScramServer.Rejected(var reason) -> refuse(LoginRefusals.badPassword(subject.user()), why(secret, reason.name()));
                }
            }
            case State.Waiting _, State.Ended _ -> throw new IllegalStateException("a message in " + state);
        }
    }

    /// Stretches the password whatever the secret is, so that the time tells nothing of it.
    private void checkPassword(Optional<StoredSecret> secret, String password) {
        state = new State.Waiting();
        CompletionStage<Boolean> right = secrets.verifier(subject.user(), secret)
                .thenApplyAsync(verifier -> verifier.matches(password.isEmpty() ? "empty" : password) && !password.isEmpty(), secrets.helper());
        after(right, scramFits -> {
            boolean fits = secret.map(known -> switch (known) {
                case StoredSecret.Plain _, StoredSecret.Scram _ -> scramFits;
                case StoredSecret.Md5(var hash) -> Md5Password.secret(password, subject.user()).equals(hash.reveal());
            }).orElse(false);
            if (fits) prove(new Credential.Password(new Secret(password)));
            else refuse(LoginRefusals.badPassword(subject.user()), why(secret, "wrong password"));
        }, this::broken);
    }

    private void checkMd5(Optional<StoredSecret> secret, Octets salt, String response) {
        Secret kept = secret.map(known -> switch (known) {
            case StoredSecret.Plain(var password) -> new Secret(Md5Password.secret(password.reveal(), subject.user()));
            case StoredSecret.Md5(var hash) -> hash;
            case StoredSecret.Scram _ -> throw new IllegalStateException("md5 for a SCRAM secret");
        }).orElseGet(() -> new Secret(Md5Password.secret(Long.toHexString(random.nextLong()), subject.user())));
        boolean fits = Md5Password.matches(kept.reveal(), subject.user(), salt, response);
        if (fits && secret.isPresent()) prove(secret.get() instanceof StoredSecret.Plain(var password) ? new Credential.Password(password) : new Credential.Md5Hash(kept));
        else refuse(LoginRefusals.badPassword(subject.user()), why(secret, "wrong password"));
    }

    private static String why(Optional<StoredSecret> secret, String otherwise) {
        if (secret.isEmpty()) return "no such user";
        return secret.get() instanceof StoredSecret.Md5 && !otherwise.equals("wrong password") ? "the user has only an md5 secret" : otherwise;
    }

    private void prove(Credential credential) {
        state = new State.Ended();
        client.proved(credential);
    }

    private void refuse(Refusal refusal, String why) {
        state = new State.Ended();
        client.refuse(refusal, why);
    }

    private void broken(Throwable failure) {
        refuse(LoginRefusals.internalError(), failure.getClass().getSimpleName());
    }

    private <T> void after(CompletionStage<T> stage, Consumer<T> then, Consumer<Throwable> failed) {
        working = true;
        stage.whenComplete((value, failure) -> {
            Runnable next = () -> {
                working = false;
                if (state instanceof State.Ended) atRest.run();
                else if (failure == null) then.accept(value);
                else failed.accept(failure);
            };
            if (connection.loop().inEventLoop()) next.run();
            else connection.loop().execute(next);
        });
    }

    /// The connection is gone: what is still waited for does not matter any more.
    void abandon() {
        state = new State.Ended();
    }

    /// Calls when nobody works for the login any more: now, or when the answer is there that is waited for.
    void whenAtRest(Runnable then) {
        if (working) atRest = then;
        else then.run();
    }
}
