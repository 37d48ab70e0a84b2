package org.pgkeel.proxy.observe;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.pgkeel.proxy.config.PoolMode;

/// One database that clients may name, at one moment.
///
/// @param host        where its primary is believed to be, empty while unknown
/// @param backendName the database's name in PostgreSQL
/// @param backendUser the user that all clients become there
/// @param serverLifetime age at which a backend connection is closed
/// @param paused      PAUSE or KILL, not yet RESUME
/// @param disabled    DISABLE: no new clients
public record DatabaseSnapshot(
        String name,
        Optional<Endpoint> host,
        String backendName,
        Optional<String> backendUser,
        int poolMax,
        int poolMin,
        int reserve,
        Duration serverLifetime,
        PoolMode mode,
        OptionalInt serversMax,
        int servers,
        OptionalInt clientsMax,
        int clients,
        boolean paused,
        boolean disabled) {}
