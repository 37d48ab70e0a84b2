package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.backend.UnreplicatedCommit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What a backend's socket tells: bytes, room to write, and how the stream of bytes ended. The connection hears of each once.
///
/// Threading: confined to the connection's event loop.
final class BackendSocketHandler extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(BackendSocketHandler.class);

    private final BackendConnection connection;
    /// As far as the socket knows; without an end of file the connection is closed for another reason.
    private Loss.Ending ending = Loss.Ending.BROKEN;

    BackendSocketHandler(BackendConnection connection) {
        this.connection = connection;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        try {
            connection.read((ByteBuf) message);
        } catch (ProtocolViolation violation) {
            log.warn("backend {} pid {}: {}", connection.greeting().address(), connection.greeting().pid(), violation.getMessage());
            connection.brokeProtocol(violation);
        } catch (UnreplicatedCommit unreplicated) {
            log.warn("backend {} pid {}: {}", connection.greeting().address(), connection.greeting().pid(), unreplicated.getMessage());
            connection.isNotBelieved(unreplicated);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        connection.streamEnded(ending);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            ending = Loss.Ending.END_OF_FILE;
            context.close();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        Lessee client = connection.lessee();
        if (client != null && connection.isWritable()) client.resumeReading();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (cause instanceof IOException) {
            log.debug("backend {}: {}", connection.greeting().address(), cause.toString());
        } else if (cause instanceof OutOfMemoryError && connection.lessee() instanceof Lessee client) {
            client.broken(cause);   // its replies, mostly because it does not read them
        } else {
            log.error("backend {}: closed after a bug", connection.greeting().address(), cause);
        }
        context.close();
    }
}
