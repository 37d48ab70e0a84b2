package org.pgkeel.proxy.backend;

import io.netty.util.concurrent.EventExecutor;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.pgkeel.protocol.auth.ChannelBinding;
import org.pgkeel.protocol.auth.Md5Password;
import org.pgkeel.protocol.auth.ScramClient;
import org.pgkeel.protocol.auth.ScramKeys;
import org.pgkeel.protocol.auth.ScramSecret;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.backend.BackendFailure.AuthenticationFailed;
import org.pgkeel.proxy.config.Secret;

/// Answers a server's authentication requests with what the credential is good for.
///
/// @param binding of the connection to the server
record LoginProof(String user, Credential credential, ChannelBinding binding, PasswordStretcher stretcher, SecureRandom random) {
    /// `invalid_password`: what a login ends with that fails for want of a proof, ours or the server's.
    static final String SQLSTATE = SqlState.INVALID_PASSWORD.code();

    /// The server asks for something that this credential cannot prove. The message holds no secret.
    static final class Impossible extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Impossible(String message) {
            super(message, null, false, false);
        }
    }

    /// What became of a challenge.
    sealed interface Answered {
        record Answer(ScramClient.Answer answer) implements Answered {}

        record Failed(BackendFailure failure) implements Answered {}
    }

    String clearPassword() {
        return switch (credential) {
            case Credential.Password(var secret) -> secret.reveal();
            case Credential.None _, Credential.ScramKeys _, Credential.Md5Hash _ -> throw impossible("a clear password");
        };
    }

    String md5Response(Octets salt) {
        return switch (credential) {
            case Credential.Password(var secret) -> Md5Password.response(Md5Password.secret(secret.reveal(), user), user, salt);
            case Credential.Md5Hash(var hash) -> Md5Password.response(hash.reveal(), user, salt);
            case Credential.None _, Credential.ScramKeys _ -> throw impossible("an md5 password");
        };
    }

    ScramClient begin(List<String> mechanisms) {
        ScramSecret secret = switch (credential) {
            case Credential.Password(var password) -> new ScramSecret.Password(password.reveal());
            case Credential.ScramKeys keys -> new ScramSecret.Keys(new ScramKeys(Octets.of(keys.clientKey()), Octets.of(keys.serverKey())));
            case Credential.None _, Credential.Md5Hash _ -> throw impossible("a SCRAM proof");
        };
        return ScramClient.begin(mechanisms, secret, binding, ScramClient.ITERATIONS_MAX_DEFAULT, random);
    }

    /// @param loop     calls `whenDone`
    /// @param whenDone called at once, where the credential holds keys or its password was stretched before, else when that is done
    void answer(ScramClient scram, String challenge, EventExecutor loop, Consumer<Answered> whenDone) {
        switch (credential) {
            case Credential.ScramKeys keys -> {
                sameSecret(keys, challenge);
                whenDone.accept(new Answered.Answer(scram.answer(challenge)));
            }
            case Credential.Password(var password) -> {
                Optional<ScramKeys> known = stretcher.known(password, challenge);
                if (known.isPresent()) whenDone.accept(new Answered.Answer(scram.answer(challenge, known.get())));
                else stretch(password, scram, challenge, loop, whenDone);
            }
            case Credential.None _, Credential.Md5Hash _ -> throw impossible("a SCRAM proof");
        }
    }

    private void stretch(Secret password, ScramClient scram, String challenge, EventExecutor loop, Consumer<Answered> whenDone) {
        try {
            stretcher.execute(() -> {
                Answered answered = stretched(password, scram, challenge);
                loop.execute(() -> whenDone.accept(answered));
            });
        } catch (RejectedExecutionException shuttingDown) {
            throw new Impossible("the proxy shuts down");
        }
    }

    private Answered stretched(Secret password, ScramClient scram, String challenge) {
        try {
            return new Answered.Answer(scram.answer(challenge, stretcher.stretch(password, scram, challenge)));
        } catch (ProtocolViolation violation) {
            return new Answered.Failed(new BackendFailure.ProtocolBroken(violation.getMessage()));
        } catch (RuntimeException broken) {
            return new Answered.Failed(new AuthenticationFailed(SQLSTATE, "the password cannot be used: " + broken.getClass().getSimpleName()));
        }
    }

    /// Keys of one secret prove nothing to a server that keeps another: it would count as a wrong password.
    private static void sameSecret(Credential.ScramKeys keys, String challenge) {
        String salt = "s=" + Base64.getEncoder().encodeToString(keys.salt());
        String iterations = "i=" + keys.iterations();
        List<String> attributes = Arrays.asList(challenge.split(","));
        if (!attributes.contains(salt) || !attributes.contains(iterations)) {
            throw new Impossible("the server keeps another SCRAM secret of this user than the proxy (salt or iterations differ): "
                    + "SCRAM pass-through needs the same one on both");
        }
    }

    static void verify(ScramClient.Answer answer, String serverFinal) {
        try {
            answer.verify(serverFinal);
        } catch (ProtocolViolation wrong) {
            throw new Impossible("the server could not prove that it knows the password (" + wrong.getMessage() + ")");
        }
    }

    private Impossible impossible(String wanted) {
        String has = switch (credential) {
            case Credential.None _ -> "no secret";
            case Credential.Password _ -> "a password";
            case Credential.ScramKeys _ -> "only SCRAM keys";
            case Credential.Md5Hash _ -> "only an md5 hash";
        };
        return new Impossible("the server asks for " + wanted + ", and the proxy has " + has + " of this user");
    }

    @Override
    public String toString() {
        return "LoginProof[" + user + "]";
    }
}
