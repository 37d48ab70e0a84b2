package org.pgkeel.proxy.backend;

import io.netty.channel.EventLoop;
import io.netty.channel.RecvByteBufAllocator;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.pgkeel.proxy.transport.Transport;

/// Opens backend connections: socket, TLS as `sslmode` says, start-up packet, authentication, up to the first
/// ReadyForQuery, all under one deadline. Threading: immutable; each connect is confined to the loop it was asked for.
public final class BackendConnector {
    private final Dialer dialer;
    private final PasswordStretcher stretcher;
    private final SecureRandom random = new SecureRandom();

    /// @param helper    stretches passwords, which takes milliseconds: a small pool of daemon threads, not an event loop
    /// @param receivers the read buffers of a loop's channels
    public BackendConnector(Transport transport, Executor helper, Function<EventLoop, RecvByteBufAllocator> receivers) {
        this(transport, InetAddress::getAllByName, helper, receivers);
    }

    BackendConnector(Transport transport, Dialer.NameLookup names, Executor helper, Function<EventLoop, RecvByteBufAllocator> receivers) {
        this.dialer = new Dialer(transport, names, receivers);
        this.stretcher = new PasswordStretcher(helper);
    }

    /// Starts to connect and returns at once. Callable from any thread; the listener is called on `loop`.
    public void connect(EventLoop loop, BackendTarget target, BackendListener listener) {
        var attempt = new ConnectAttempt(dialer, stretcher, random, loop, target, listener);
        if (loop.inEventLoop()) attempt.start();
        else loop.execute(attempt::start);
    }
}
