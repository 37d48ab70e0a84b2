package org.pgkeel.proxy.config;

import java.nio.file.Path;
import java.util.Optional;

/// TLS towards clients: the `listen.tls.*` keys.
///
/// @param mode `disable`: refuse TLS; `allow`, `prefer`: TLS if the client asks; `require`: only TLS;
///             `verify-ca`, `verify-full`: only TLS with a client certificate that `ca` signed
///             (`verify-full`: and whose CN is the user's name)
/// @param cert PEM chain; needed unless the mode is `disable`
/// @param key  PEM private key; needed unless the mode is `disable`
/// @param ca   PEM certificates that sign client certificates
public record ServerTlsConfig(TlsMode mode, Optional<Path> cert, Optional<Path> key, Optional<Path> ca) {}
