package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.DirectWriter;
import org.pgkeel.proxy.relay.LoopBuffers;
import org.pgkeel.proxy.relay.Outgoing;

/// One client's socket: gives the session what arrives, writes what it has to say, and is read or left alone.
///
/// Law: a client that does not take its replies is not read from either: it must not pile up more of them.
///
/// Threading: confined to its channel's event loop.
final class ClientSocket extends ChannelInboundHandlerAdapter {
    private final ClientSession session;
    private final Channel channel;
    private final Outgoing replies;

    ClientSocket(ClientSession session, Channel channel, LoopBuffers buffers) {
        this.session = session;
        this.channel = channel;
        this.replies = new Outgoing(buffers, new DirectWriter(channel));
    }

    /// From here on the session gets what arrives.
    void opens() {
        channel.pipeline().addLast(this);
    }

    Channel channel() {
        return channel;
    }

    /// Where the backends' replies go.
    Outgoing replies() {
        return replies;
    }

    // --- to the client

    /// A client that is gone loses its replies as they come.
    boolean isWritable() {
        return channel.isWritable() || !channel.isOpen();
    }

    /// @param messages released here
    void write(ByteBuf... messages) {
        for (ByteBuf message : messages) channel.write(message, channel.voidPromise());
        channel.flush();
    }

    // --- from the client

    void pauseReading() {
        channel.config().setAutoRead(false);
    }

    /// A closed channel is left alone: its descriptor may be somebody else's already.
    void readAgain() {
        if (channel.isOpen()) channel.config().setAutoRead(true);
    }

    @Override
    public void channelRead(ChannelHandlerContext handler, Object message) {
        session.arrived((ByteBuf) message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext handler) {
        session.end().disconnected();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext handler) {
        if (channel.isOpen()) channel.config().setAutoRead(channel.isWritable());
        BackendConnection leased = session.lease().backend();
        if (leased != null && channel.isWritable()) leased.resumeReading();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext handler, Throwable cause) {
        if (cause instanceof IOException) session.end().disconnected();
        else session.end().broken(cause);
    }
}
