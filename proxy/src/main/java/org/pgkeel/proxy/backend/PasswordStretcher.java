package org.pgkeel.proxy.backend;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.pgkeel.protocol.auth.ScramClient;
import org.pgkeel.protocol.auth.ScramKeys;
import org.pgkeel.proxy.config.Secret;

/// Stretches passwords for SCRAM, each once for a server's salt, which is the same on a primary and its standbys: when a new primary has been found, all connections are
/// opened at once, and each would take milliseconds of a core.
///
/// Threading: shared.
final class PasswordStretcher {
    /// A server that has another salt for every login fills no more than this.
    private static final int KEPT_MAX = 10_000;

    /// @param work the challenge without its nonce: salt and iterations
    private record Key(Secret password, String work) {}

    private final Executor helper;
    private final Map<Key, ScramKeys> kept = new ConcurrentHashMap<>();

    /// @param helper a small pool of threads, none of them an event loop
    PasswordStretcher(Executor helper) {
        this.helper = helper;
    }

    /// What the password was stretched to before.
    Optional<ScramKeys> known(Secret password, String challenge) {
        return Optional.ofNullable(kept.get(key(password, challenge)));
    }

    /// Takes milliseconds, unless it was done before: not for an event loop.
    ScramKeys stretch(Secret password, ScramClient scram, String challenge) {
        if (kept.size() >= KEPT_MAX) kept.clear();
        return kept.computeIfAbsent(key(password, challenge), _ -> scram.keys(challenge));
    }

    /// Has the helper do it.
    /// @throws java.util.concurrent.RejectedExecutionException if it is shut down
    void execute(Runnable stretching) {
        helper.execute(stretching);
    }

    private static Key key(Secret password, String challenge) {
        return new Key(password, challenge.substring(challenge.indexOf(',') + 1));
    }
}
