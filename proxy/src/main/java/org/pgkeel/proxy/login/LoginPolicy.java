package org.pgkeel.proxy.login;

import java.time.Duration;
import org.pgkeel.proxy.config.AuthConfig;
import org.pgkeel.proxy.config.LimitsConfig;
import org.pgkeel.proxy.tls.ServerTls;

/// Everything a login depends on. Immutable; a reload makes a new one, and new connections use it.
///
/// @param loginTimeout `timeouts.login`, from accept to authenticated; zero means no limit
public record LoginPolicy(AuthConfig auth, LimitsConfig limits, Duration loginTimeout, ServerTls tls, UserSecrets secrets) {
}
