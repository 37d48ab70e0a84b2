package org.pgkeel.proxy.config;

import java.util.Optional;
import java.util.OptionalInt;

/// What holds for one user in every database: the `users.NAME.*` keys.
///
/// @param poolMode    instead of the database's
/// @param poolMax     instead of the database's `pool.max`
/// @param maxClients  clients of this user at most
/// @param maxBackends backend connections of this user at most, all databases together
public record UserConfig(String name, Optional<PoolMode> poolMode, OptionalInt poolMax, OptionalInt maxClients, OptionalInt maxBackends) {}
