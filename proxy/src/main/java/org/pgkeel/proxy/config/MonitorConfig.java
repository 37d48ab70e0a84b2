package org.pgkeel.proxy.config;

import java.util.Optional;

/// As whom the proxy itself asks PostgreSQL who is primary and how far replicas are: the `clusters.NAME.monitor.*` keys.
///
/// @param password none for `trust` and client certificates
public record MonitorConfig(String user, Optional<Secret> password, String database) {}
