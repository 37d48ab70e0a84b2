package org.pgkeel.proxy.session;

import org.pgkeel.proxy.relay.BackendConnection;

/// Sends a CancelRequest to the server of a backend connection.
@FunctionalInterface
public interface BackendCanceller {
    /// @param delivered called once on the connection's event loop, when the server has been told or could not be
    void cancel(BackendConnection backend, Runnable delivered);
}
