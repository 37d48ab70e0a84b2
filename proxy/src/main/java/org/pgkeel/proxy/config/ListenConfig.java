package org.pgkeel.proxy.config;

import java.nio.file.Path;
import java.util.Optional;

/// Where clients connect: the `listen.*` keys.
///
/// @param address    address to bind, `0.0.0.0` for all
/// @param port       TCP port, 0 picks a free one (tests)
/// @param unixSocketDirectory folder of a `.s.PGSQL.PORT` socket beside the TCP port, as PostgreSQL's `unix_socket_directories`
/// @param backlog    connections the kernel may queue before they are accepted
/// @param tls        TLS towards clients
public record ListenConfig(String address, int port, Optional<Path> unixSocketDirectory, int backlog, ServerTlsConfig tls) {}
