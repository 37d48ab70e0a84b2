package org.pgkeel.proxy.backend;

import io.netty.channel.EventLoop;
import io.netty.channel.RecvByteBufAllocator;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.pgkeel.proxy.transport.Transport;

/// Opens backend connections: socket, TLS as `sslmode` says, start-up packet, authentication, up to the first
/// ReadyForQuery, all under one deadline. Threading: immutable; each connect is confined to the loop it was asked for.
public final class BackendConnector {
    /// @param resolver   runs name look-ups, which block; a small pool of daemon threads, not an event loop
    /// @param receivers  the read buffers of a loop's channels
    public BackendConnector(Transport transport, Executor resolver, Function<EventLoop, RecvByteBufAllocator> receivers) {
    }

    /// Starts to connect and returns at once. Callable from any thread; the listener is called on `loop`.
    public void connect(EventLoop loop, BackendTarget target, BackendListener listener) {
        throw new UnsupportedOperationException("not there yet");
    }
}
