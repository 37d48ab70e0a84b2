package org.pgkeel.proxy.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Patroni's REST API: the `clusters.NAME.patroni.*` keys.
///
/// @param members where to begin: 1 or more of them, as `http://host:8008`; the others are found there
/// @param poll    how often all members are asked while all is well
/// @param timeout of one request, from connect to the last byte
/// @param login   for basic authentication
public record PatroniConfig(List<URI> members, Duration poll, Duration timeout, Optional<Login> login, Tls tls) {
    public record Login(String user, Secret password) {}

    /// @param ca     PEM certificates to trust; the JDK's own if there are none
    /// @param cert   PEM chain to present to Patroni
    /// @param key    PEM private key of `cert`
    /// @param verify what is checked of Patroni's certificate
    public record Tls(Optional<Path> ca, Optional<Path> cert, Optional<Path> key, Verify verify) {}

    public enum Verify {
        /// That it is signed by a trusted authority, and that it is the host's.
        FULL,
        /// That it is signed by a trusted authority.
        CA
    }
}
