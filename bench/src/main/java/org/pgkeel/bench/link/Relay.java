package org.pgkeel.bench.link;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOption;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.pgkeel.bench.link.Treatment.Way;

/// One connection through a [FaultProxy]: a client's channel, a server's channel, a [Pipe] each way, and the treatment they get now.
///
/// Threading: confined to the proxy's event loop.
final class Relay {
    private static final int INTRODUCTION_BYTES_MAX = 16 * 1_024;

    private final Channel client;
    private final Introduction introduction;
    private final Function<Caller, Treatment> treatments;
    private final Consumer<Relay> whenClosed;
    private final Pipe toServer = new Pipe(this, Way.TO_SERVER);
    private final Pipe toClient = new Pipe(this, Way.TO_CLIENT);
    private final ByteBuf seen = Unpooled.buffer();
    private Optional<Channel> server = Optional.empty();
    private Caller caller;
    private Treatment treatment;

    Relay(Channel client, Introduction introduction, Function<Caller, Treatment> treatments, Consumer<Relay> whenClosed) {
        this.client = client;
        this.introduction = introduction;
        this.treatments = treatments;
        this.whenClosed = whenClosed;
        caller = introduction.look(seen);
        treatment = treatments.apply(caller);
        client.pipeline().addLast(toServer);
        client.closeFuture().addListener(_ -> closed());
    }

    void connect(Bootstrap connector, InetSocketAddress target) {
        connector.clone().handler(toClient).connect(target).addListener((ChannelFutureListener) connected -> {
            if (connected.isSuccess()) {
                server = Optional.of(connected.channel());
                connected.channel().closeFuture().addListener(_ -> closed());
                treat();
            } else {
                toClient.end(Pipe.End.RESET);      // the client was accepted before this was known
            }
        });
    }

    /// Takes the treatment that is right now.
    void treat() {
        boolean wasHalfOpen = treatment instanceof Treatment.HalfOpen;
        treatment = treatments.apply(caller);
        if (wasHalfOpen && !(treatment instanceof Treatment.HalfOpen)) reset();
        else if (treatment instanceof Treatment.HalfOpen) server.ifPresent(Relay::reset);
        else if (treatment instanceof Treatment.Reset) reset();
        toServer.move();
        toClient.move();
    }

    /// The client has said something; while it is not known who it is, this may tell.
    void introduce(ByteBuf said) {
        if (!(caller instanceof Caller.Unknown)) return;
        seen.writeBytes(said, said.readerIndex(), said.readableBytes());
        caller = seen.readableBytes() > INTRODUCTION_BYTES_MAX ? new Caller.Client("") : introduction.look(seen);
        treat();
    }

    Treatment treatment() {
        return treatment;
    }

    Optional<Channel> source(Way way) {
        return way == Way.TO_SERVER ? Optional.of(client) : server;
    }

    Optional<Channel> sink(Way way) {
        return way == Way.TO_SERVER ? server : Optional.of(client);
    }

    /// The pipe that goes the other way.
    Pipe other(Way way) {
        return way == Way.TO_SERVER ? toClient : toServer;
    }

    void reset() {
        server.ifPresent(Relay::reset);
        reset(client);
    }

    static void reset(Channel channel) {
        if (!channel.isOpen()) return;
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        channel.close();
    }

    /// Neither side is there any more.
    boolean isClosed() {
        return !client.isOpen() && !server.map(Channel::isOpen).orElse(false);
    }

    private void closed() {
        if (!isClosed()) return;
        toServer.forget();
        toClient.forget();
        if (seen.refCnt() > 0) seen.release();
        whenClosed.accept(this);
    }
}
