package org.pgkeel.proxy.observe;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/// The process as a whole at one moment: what SHOW LISTS, SHOW STATE and the status page need beside pools.
///
/// @param version      of PgKeel, such as `0.1.0`
/// @param databases    databases in use or configured
/// @param users        users known
/// @param pools        pools in use
/// @param clients      client connections, those that log in not included
/// @param clientsLogin client connections that have not logged in yet
/// @param clientsMax   the `limits.clients` key
/// @param servers      backend connections
/// @param certificates how long those of the configuration are still good, by their keys
public record ProxySnapshot(
        State state,
        String version,
        Instant startedAt,
        int databases,
        int users,
        int pools,
        int clients,
        int clientsLogin,
        int clientsMax,
        int servers,
        Map<String, Duration> certificates) {

    public enum State {
        ACTIVE("active"),
        /// PAUSE of all databases.
        PAUSED("paused"),
        /// SHUTDOWN was asked for, or SIGTERM came.
        DRAINING("draining");

        private final String word;

        State(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }
}
