package org.pgkeel.proxy.config;

import java.util.Set;

/// The operator's doors: the `admin.*` keys.
///
/// @param address    address of the HTTP port (metrics, health)
/// @param port       HTTP port, 0 picks a free one (tests), -1 none
/// @param users      may do everything in the SQL console
/// @param statsUsers may only SHOW there
public record AdminConfig(String address, int port, Set<String> users, Set<String> statsUsers) {}
