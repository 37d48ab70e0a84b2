package org.pgkeel.proxy.backend;

import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.pgkeel.proxy.config.NodeAddress;
import org.pgkeel.proxy.tls.BackendTls;
import org.pgkeel.proxy.transport.Transport;

/// Sends CancelRequests to PostgreSQL. Threading: immutable; each request is confined to the loop it was asked for.
/// <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS>
public final class BackendCancel {
    /// @param resolver as for [BackendConnector]
    /// @param patience how long one request may take in all, until it is given up
    public BackendCancel(Transport transport, Executor resolver, Duration patience) {
    }

    /// Sends one request, and waits for the server to close: only then has the signal been sent, and only then may the
    /// backend be lent to somebody else.
    ///
    /// @param whenClosed called once, on `loop`, when the server closed, or the connect failed, or the patience ended
    public void send(EventLoop loop, NodeAddress address, BackendTls tls, int pid, byte[] secretKey, Runnable whenClosed) {
        throw new UnsupportedOperationException("not there yet");
    }
}
