package org.pgkeel.bench.link;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.pgkeel.bench.link.Treatment.Way;

/// One direction of a [Relay]: what was read from its source and has not gone to its sink. It reads on only while little waits.
///
/// Threading: confined to the proxy's event loop.
final class Pipe extends ChannelInboundHandlerAdapter {
    /// How the source ended, if it did.
    enum End { NOT_YET, CLOSED, RESET }

    private record Piece(ByteBuf bytes, long dueNanos) {}

    private static final int WAITING_PIECES_MAX = 256;
    private static final int HEADER_BYTES = 5;

    private final Relay relay;
    private final Way way;
    private final Deque<Piece> waiting = new ArrayDeque<>();
    private End end = End.NOT_YET;
    private boolean endPassed;
    private boolean wakes;
    private long lastDueNanos = Long.MIN_VALUE;

    Pipe(Relay relay, Way way) {
        this.relay = relay;
        this.way = way;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        var bytes = (ByteBuf) message;
        if (way == Way.TO_SERVER) relay.introduce(bytes);
        waiting.add(new Piece(bytes, due()));
        if (relay.isClosed()) forget();        // by what it said of itself, or the connection has ended meanwhile
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        move();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        end(End.CLOSED);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        end(End.RESET);
        context.close();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        relay.other(way).move();               // this channel is the other pipe's sink
    }

    void end(End how) {
        if (end != End.NOT_YET) return;
        end = how;
        move();
    }

    /// Does what the treatment of this moment allows, and reads on.
    void move() {
        if (endPassed) return;
        switch (relay.treatment()) {
            case Treatment.Pass _, Treatment.Refuse _ -> pass(Long.MAX_VALUE);
            case Treatment.Delay _ -> pass(System.nanoTime());
            case Treatment.Cut cut -> cut(cut);
            case Treatment.Answer answer -> answer(answer);
            case Treatment.Silent _, Treatment.HalfOpen _, Treatment.Reset _ -> { }
        }
    }

    void forget() {
        for (Piece piece : waiting) piece.bytes.release();
        waiting.clear();
    }

    /// @param untilNanos only what is due by then
    private void pass(long untilNanos) {
        Optional<Channel> sink = relay.sink(way).filter(Channel::isActive);
        if (sink.isPresent()) {
            boolean wrote = false;
            while (!waiting.isEmpty() && waiting.peek().dueNanos <= untilNanos && sink.get().isWritable()) {
                sink.get().write(waiting.remove().bytes);
                wrote = true;
            }
            if (wrote) sink.get().flush();
        }
        if (waiting.isEmpty() && end != End.NOT_YET) passEnd();
        else if (!waiting.isEmpty() && untilNanos != Long.MAX_VALUE) wakeAt(waiting.peek().dueNanos);
        readOn(sink.map(Channel::isWritable).orElse(way == Way.TO_SERVER));
    }

    private void passEnd() {
        Optional<Channel> sink = relay.sink(way);
        if (sink.isEmpty()) return;            // the client left before the server was reached: the connection comes here again
        endPassed = true;
        if (end == End.RESET) Relay.reset(sink.get());
        else sink.get().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    private void cut(Treatment.Cut cut) {
        Piece first = waiting.peek();
        Optional<Channel> sink = relay.sink(way).filter(Channel::isActive);
        if (cut.way() != way || first == null || first.bytes.readableBytes() < cut.bytesMin() || sink.isEmpty()) {
            pass(Long.MAX_VALUE);
            return;
        }
        endPassed = true;
        sink.get().writeAndFlush(first.bytes.readRetainedSlice(withinMessage(first.bytes))).addListener(_ -> {
            relay.source(way).ifPresent(Relay::reset);
            // A reset would throw away at the receiver what it has not read yet: half a message and then the end is what is wanted.
            sink.get().close();
        });
    }

    /// About half of a piece, and not the end of one of its messages: a piece begins with one, unless it is part of a large one.
    private static int withinMessage(ByteBuf piece) {
        int half = piece.readableBytes() / 2;
        long end = 0;
        while (end < half && piece.readableBytes() - end >= HEADER_BYTES) end += 1 + Math.max(4, piece.getInt(piece.readerIndex() + (int) end + 1));
        return end == half ? half - 1 : half;
    }

    private void answer(Treatment.Answer answer) {
        if (way == Way.TO_CLIENT) return;
        if (waiting.isEmpty()) {
            readOn(true);
            return;
        }
        forget();
        byte[] bytes = answer.answers().get(ThreadLocalRandom.current().nextInt(answer.answers().size()));
        relay.sink(Way.TO_SERVER).ifPresent(Relay::reset);
        relay.source(Way.TO_SERVER).ifPresent(client -> client.writeAndFlush(Unpooled.wrappedBuffer(bytes)).addListener(ChannelFutureListener.CLOSE));
    }

    private long due() {
        if (!(relay.treatment() instanceof Treatment.Delay(var delay, var jitter))) return Long.MIN_VALUE;
        long more = jitter.isZero() ? 0 : ThreadLocalRandom.current().nextLong(jitter.toNanos());
        lastDueNanos = Math.max(lastDueNanos, System.nanoTime() + delay.toNanos() + more);
        return lastDueNanos;
    }

    private void wakeAt(long dueNanos) {
        if (wakes) return;
        relay.source(way).ifPresent(channel -> {
            wakes = true;
            channel.eventLoop().schedule(this::wake, Math.max(0, dueNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
        });
    }

    private void wake() {
        wakes = false;
        move();
    }

    private void readOn(boolean sinkHasRoom) {
        if (!sinkHasRoom || end != End.NOT_YET || waiting.size() > WAITING_PIECES_MAX) return;
        relay.source(way).filter(Channel::isActive).ifPresent(Channel::read);
    }
}
