package org.pgkeel.proxy.observe;

import java.time.Instant;
import java.util.OptionalLong;

/// One backend connection at one moment.
///
/// @param id          unique in this process
/// @param replication `none`, `logical` or `physical`
/// @param remote      PostgreSQL's end
/// @param local       the proxy's end
/// @param requestedAt the last request sent on it
/// @param closeNeeded will be closed when it is released (RECONNECT, age, a changed configuration)
/// @param clientId    the client it is linked to
/// @param backendPid  the backend's process id, 0 while unknown
/// @param tls         protocol and cipher, empty without TLS
/// @param applicationName of the linked client, empty without one
/// @param preparedStatements statements prepared on it
public record ServerSnapshot(
        long id,
        String user,
        String database,
        String replication,
        State state,
        Endpoint remote,
        Endpoint local,
        Instant connectedAt,
        Instant requestedAt,
        boolean closeNeeded,
        OptionalLong clientId,
        int backendPid,
        String tls,
        String applicationName,
        int preparedStatements) {

    public enum State {
        ACTIVE("active"),
        IDLE("idle"),
        /// Idle for so long that it is checked before it is leased.
        USED("used"),
        /// Being reset or checked.
        TESTED("tested"),
        ACTIVE_CANCEL("active_cancel"),
        BEING_CANCELED("being_canceled");

        private final String word;

        State(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }
}
