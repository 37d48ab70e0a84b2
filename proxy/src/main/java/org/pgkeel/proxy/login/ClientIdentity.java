package org.pgkeel.proxy.login;

import java.net.SocketAddress;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.pgkeel.proxy.backend.Credential;

/// Who a client proved to be.
///
/// @param database          what it asked for, whether it exists or not; the user's name if it asked for none
/// @param startupParameters all but `user`, `database` and the `_pq_.` options, in the order of the packet
/// @param protocolMinor     in force: 0 or 2
/// @param address           of the client
/// @param credential        what a login to the backend in the client's name can use
public record ClientIdentity(String user, String database, SequencedMap<String, String> startupParameters, int protocolMinor,
                             ConnectionKind kind, SocketAddress address, Credential credential) {
    public ClientIdentity {
        startupParameters = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(startupParameters));
    }

    /// Who the client is, without what only its login needed: no proof, no parameters. What many clients have in common is given
    /// by the caller, so that it is kept once.
    public ClientIdentity without(String sameUser, String sameDatabase) {
        return new ClientIdentity(sameUser, sameDatabase, Collections.emptySortedMap(), protocolMinor, kind, address, new Credential.None());
    }
}
