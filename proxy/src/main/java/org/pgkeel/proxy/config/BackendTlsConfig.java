package org.pgkeel.proxy.config;

import java.nio.file.Path;
import java.util.Optional;

/// TLS towards PostgreSQL: the `clusters.*.tls.*` keys.
///
/// @param mode as libpq's `sslmode`
/// @param ca   PEM certificates to trust; needed by `verify-ca` and `verify-full`
/// @param cert PEM chain to present to the server
/// @param key  PEM private key of `cert`
public record BackendTlsConfig(TlsMode mode, Optional<Path> ca, Optional<Path> cert, Optional<Path> key) {
    /// `sslmode` for pgjdbc, which verifies nothing where TLS is only required, though it is told whom to trust. libpq does.
    public String jdbcMode() {
        boolean verifies = mode == TlsMode.REQUIRE && ca.isPresent();
        return Values.wordOf(verifies ? TlsMode.VERIFY_CA : mode);
    }
}
