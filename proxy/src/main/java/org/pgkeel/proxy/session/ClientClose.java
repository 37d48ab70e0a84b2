package org.pgkeel.proxy.session;

import java.util.Locale;

/// Why a client's connection ended, where the proxy did not end it with an error of its own. The word is used in metrics.
enum ClientClose {
    /// The client said goodbye.
    TERMINATED,
    /// The client, or the network, closed the socket.
    DISCONNECTED,
    /// The server ended its session with a FATAL error, which the client has read.
    SERVER_FATAL,
    /// The server did not take the client's startup parameters.
    STARTUP_REFUSED;

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
