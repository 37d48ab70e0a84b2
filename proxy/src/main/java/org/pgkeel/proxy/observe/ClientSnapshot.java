package org.pgkeel.proxy.observe;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// One client connection at one moment.
///
/// @param id          unique in this process; KILL_CLIENT takes it
/// @param replication `none`, `logical` or `physical`
/// @param remote      the client's end
/// @param local       the proxy's end
/// @param requestedAt the client's last request
/// @param waitMicros  how long it has waited for a backend connection; 0 when it does not wait
/// @param closeNeeded will be closed at the next opportunity
/// @param serverId    the backend connection it is linked to
/// @param remotePid   known only of clients over a Unix socket
/// @param tls         protocol and cipher, empty without TLS
/// @param preparedStatements named statements that it has prepared
/// @param pinnedBy    reason's word, when a backend connection is pinned to it
public record ClientSnapshot(
        long id,
        String user,
        String database,
        String replication,
        State state,
        Endpoint remote,
        Endpoint local,
        Instant connectedAt,
        Instant requestedAt,
        long waitMicros,
        boolean closeNeeded,
        OptionalLong serverId,
        OptionalInt remotePid,
        String tls,
        String applicationName,
        int preparedStatements,
        Optional<String> pinnedBy) {

    public enum State {
        /// Linked to a backend connection.
        ACTIVE("active"),
        /// Nothing to do.
        IDLE("idle"),
        /// Sent something and has no backend connection yet.
        WAITING("waiting");

        private final String word;

        State(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }
}
