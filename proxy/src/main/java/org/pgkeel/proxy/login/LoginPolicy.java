package org.pgkeel.proxy.login;

import java.security.SecureRandom;
import java.time.Duration;
import org.pgkeel.proxy.config.AuthConfig;
import org.pgkeel.proxy.config.LimitsConfig;
import org.pgkeel.proxy.tls.ServerTls;

/// Everything a login depends on. Immutable; a reload makes a new one, and new connections use it.
public final class LoginPolicy {
    private final AuthRules rules;
    private final int pendingMax;
    private final LimitsConfig limits;
    private final Duration loginTimeout;
    private final ServerTls tls;
    private final UserSecrets secrets;
    private final SecureRandom random = new SecureRandom();

    /// @param loginTimeout `timeouts.login`, from accept to authenticated; zero means no limit
    /// @throws IllegalArgumentException if a rule cannot be used; the message names its key
    public LoginPolicy(AuthConfig auth, LimitsConfig limits, Duration loginTimeout, ServerTls tls, UserSecrets secrets) {
        this.rules = new AuthRules(auth);
        this.pendingMax = auth.pendingMax();
        this.limits = limits;
        this.loginTimeout = loginTimeout;
        this.tls = tls;
        this.secrets = secrets;
    }

    AuthRules rules() {
        return rules;
    }

    int pendingMax() {
        return pendingMax;
    }

    LimitsConfig limits() {
        return limits;
    }

    Duration loginTimeout() {
        return loginTimeout;
    }

    ServerTls tls() {
        return tls;
    }

    SecureRandom random() {
        return random;
    }

    public UserSecrets secrets() {
        return secrets;
    }
}
