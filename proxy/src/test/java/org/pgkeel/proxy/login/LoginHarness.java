package org.pgkeel.proxy.login;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.pgkeel.proxy.config.AuthConfig;
import org.pgkeel.proxy.config.AuthMethod;
import org.pgkeel.proxy.config.AuthRule;
import org.pgkeel.proxy.config.LimitsConfig;
import org.pgkeel.proxy.tls.ServerTls;

/// Makes policies and clients for login tests: everything on the test's own thread.
final class LoginHarness {
    static final int STARTUP_BYTES_MAX = 10_000;
    static final int LOGIN_MESSAGE_BYTES_MAX = 2_000;
    static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(60);

    private AuthMethod method = AuthMethod.SCRAM_SHA_256;
    private int pendingMax = 100;
    private ServerTls tls = new ServerTls.Disabled();
    private Duration cacheFor = Duration.ofSeconds(600);
    private Optional<AuthQuery> query = Optional.empty();
    long nowNanos = System.nanoTime();
    private final List<AuthRule> rules = new ArrayList<>();
    private final List<String> users = new ArrayList<>();
    final PendingLogins pending = new PendingLogins();
    final RefusedLogins refused = new RefusedLogins(() -> nowNanos);

    LoginHarness method(AuthMethod chosen) {
        method = chosen;
        return this;
    }

    LoginHarness user(String name, String secret) {
        users.add("\"" + name + "\" \"" + secret + "\"");
        return this;
    }

    LoginHarness rule(AuthRule.Connection connection, AuthMethod chosen) {
        rules.add(new AuthRule(connection, Set.of(), Set.of(), List.of(), chosen));
        return this;
    }

    LoginHarness rule(AuthRule rule) {
        rules.add(rule);
        return this;
    }

    LoginHarness pendingMax(int max) {
        pendingMax = max;
        return this;
    }

    LoginHarness tls(ServerTls chosen) {
        tls = chosen;
        return this;
    }

    LoginHarness query(AuthQuery asked) {
        query = Optional.of(asked);
        return this;
    }

    LoginHarness cacheFor(Duration time) {
        cacheFor = time;
        return this;
    }

    UserSecrets secrets() {
        try {
            Path file = Files.createTempFile("users", ".txt");
            try {
                Files.write(file, users);
                return UserSecrets.load(config(Optional.of(file)), query, Runnable::run);
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    AuthConfig config(Optional<Path> file) {
        return new AuthConfig(method, rules, file,
                query.map(_ -> new AuthConfig.AuthQuery("lookup", Optional.empty(), "select", cacheFor)), pendingMax);
    }

    LoginPolicy policy() {
        var limits = new LimitsConfig(100, STARTUP_BYTES_MAX, LOGIN_MESSAGE_BYTES_MAX, 1 << 20, 1 << 20, 1 << 20, 1 << 30, 1 << 20);
        return new LoginPolicy(config(Optional.empty()), limits, LOGIN_TIMEOUT, tls, secrets());
    }

    /// A TCP client from 192.0.2.7.
    LoginClient client() {
        return new LoginClient(policy(), pending, refused, LoginClient.TCP);
    }
}
