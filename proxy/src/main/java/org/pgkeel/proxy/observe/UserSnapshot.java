package org.pgkeel.proxy.observe;

import java.util.Optional;
import java.util.OptionalInt;
import org.pgkeel.proxy.config.PoolMode;

/// One user that is configured or has connected, at one moment.
///
/// @param poolMax the user's own, instead of the database's
/// @param reserve the user's own, instead of the database's
/// @param mode    the user's own, instead of the database's
/// @param servers backend connections of this user, all databases together
/// @param clients client connections of this user, all databases together
public record UserSnapshot(
        String name,
        OptionalInt poolMax,
        OptionalInt reserve,
        Optional<PoolMode> mode,
        OptionalInt serversMax,
        int servers,
        OptionalInt clientsMax,
        int clients) {}
