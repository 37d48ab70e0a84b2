package org.pgkeel.proxy.config;

import java.util.Optional;
import java.util.OptionalInt;

/// One database that clients may name: the `databases.NAME.*` keys.
///
/// @param name        what clients ask for; `*` stands for any name that is not listed
/// @param cluster     the cluster it lives in
/// @param backendName the database's name there, if it is another
/// @param backendUser connect to the cluster as this user, whoever the client is
/// @param backendPassword that user's password
/// @param pool        shape of its pools
/// @param maxClients  clients of this database at most
/// @param maxBackends backend connections of this database at most, all users together
public record DatabaseConfig(
        String name,
        String cluster,
        Optional<String> backendName,
        Optional<String> backendUser,
        Optional<Secret> backendPassword,
        PoolConfig pool,
        OptionalInt maxClients,
        OptionalInt maxBackends) {

    public boolean isWildcard() {
        return name.equals("*");
    }
}
