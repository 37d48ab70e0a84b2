package org.pgkeel.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.backend.BackendGreeting;
import org.pgkeel.proxy.config.PoolConfig;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.config.TimeoutsConfig;
import org.pgkeel.proxy.pool.BackendBudget;
import org.pgkeel.proxy.pool.LeaseGate;
import org.pgkeel.proxy.pool.PoolKey;
import org.pgkeel.proxy.pool.PoolSettings;
import org.pgkeel.proxy.pool.PoolSlice;
import org.pgkeel.proxy.pool.SharedPool;

/// Real event loops, real sockets, a server that echoes every Query: connections move between the loops all the time.
class MovingUnderLoadTest {
    private static final int LOOPS = 3;
    private static final int BACKENDS = 2;
    private static final int CLIENTS = 24;
    private static final int QUERIES = 150;

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(LOOPS, NioIoHandler.newFactory());
    private final MultiThreadIoEventLoopGroup serverGroup = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Map<EventLoop, LoopBuffers> buffers = new ConcurrentHashMap<>();
    private final List<CompletableFuture<Integer>> done = new ArrayList<>();
    private final Set<Integer> connections = ConcurrentHashMap.newKeySet();
    private final Map<BackendConnection, EventLoop> homes = new ConcurrentHashMap<>();
    private final AtomicInteger moves = new AtomicInteger();
    private SharedPool<BackendConnection> pool;
    private Channel server;

    @BeforeEach
    void start() {
        server = new ServerBootstrap().group(serverGroup).channel(NioServerSocketChannel.class).childHandler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new Echo());
            }
        }).bind(InetAddress.getLoopbackAddress(), 0).syncUninterruptibly().channel();
        var loops = new ArrayList<EventLoop>();
        group.forEach(executor -> loops.add((EventLoop) executor));
        for (var loop : loops) buffers.put(loop, new LoopBuffers(PooledByteBufAllocator.DEFAULT));
        var zero = Duration.ZERO;
        var timeouts = new TimeoutsConfig(zero, zero, zero, zero, zero, zero, Duration.ofMillis(100), zero, zero, zero);
        var shape = new PoolConfig(PoolMode.TRANSACTION, BACKENDS, 0, 0, Duration.ofSeconds(5), Duration.ofSeconds(60));
        pool = new SharedPool<>(new PoolKey("app", "alice"), new PoolSettings(shape, timeouts), new BackendBudget(BACKENDS), List.of(), LeaseGate.alwaysOpen(), loops, this::open);
    }

    @AfterEach
    void stop() {
        server.close().syncUninterruptibly();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        serverGroup.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        buffers.values().forEach(LoopBuffers::release);
    }

    @Test
    void every_client_gets_its_own_answers_while_connections_move_between_event_loops() throws Exception {
        for (int i = 0; i < CLIENTS; i++) {
            var slice = pool.slice(i % LOOPS);
            int number = i;
            var answer = new CompletableFuture<Integer>();
            done.add(answer);
            slice.eventLoop().execute(() -> new Asker(number, slice, answer).ask());
        }
        for (var each : done) assertThat(each.get(60, TimeUnit.SECONDS)).isEqualTo(QUERIES);
        assertThat(connections).as("nothing was lost on its way and opened anew").hasSizeLessThanOrEqualTo(BACKENDS);
        assertThat(moves.get()).isPositive();
        assertThat(pool.open()).isLessThanOrEqualTo(BACKENDS);
    }

    private void open(PoolSlice<BackendConnection> slice) {
        new Bootstrap().group(slice.eventLoop()).channel(NioSocketChannel.class).option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.RECVBUF_ALLOCATOR, buffers.get(slice.eventLoop())).handler(new ChannelInboundHandlerAdapter())
                .connect((InetSocketAddress) server.localAddress()).addListener((io.netty.channel.ChannelFuture connected) -> {
                    Channel channel = connected.channel();
                    int number = ((InetSocketAddress) channel.localAddress()).getPort();
                    connections.add(number);
                    var greeting = new BackendGreeting(new LinkedHashMap<>(), number, new byte[4], new NodeAddress("echo", 1), BackendGreeting.Encryption.NONE, List.of());
                    var connection = new BackendConnection(number, channel, greeting, slice, 10, buffers::get, System.nanoTime());
                    connection.start(Unpooled.EMPTY_BUFFER);
                    slice.opened(connection, System.nanoTime());
                });
    }

    /// A client that asks one Query after the other, each on its own lease.
    private final class Asker {
        private final int number;
        private final PoolSlice<BackendConnection> slice;
        private final CompletableFuture<Integer> answer;
        private final FakeLessee lessee;
        private int asked;
        private BackendConnection last;

        Asker(int number, PoolSlice<BackendConnection> slice, CompletableFuture<Integer> answer) {
            this.number = number;
            this.slice = slice;
            this.answer = answer;
            this.lessee = new FakeLessee(buffers.get(slice.eventLoop()), this::leased, this::settled);
        }

        void ask() {
            BackendConnection now = slice.lease(lessee, System.nanoTime());
            if (now != null) leased(now);
        }

        private void leased(BackendConnection connection) {
            if (connection.slice() != slice) answer.completeExceptionally(new AssertionError("lent on another loop"));
            EventLoop before = homes.put(connection, slice.eventLoop());
            if (before != null && before != slice.eventLoop()) moves.incrementAndGet();
            last = connection;
            connection.beginLease(lessee);
            byte[] sql = text().getBytes(StandardCharsets.US_ASCII);
            connection.outgoing().room(sql.length + 6).writeByte('Q').writeInt(sql.length + 5).writeBytes(sql).writeByte(0);
            connection.exchange().querySent();
            connection.outgoing().finish();
        }

        private String text() {
            return "client " + number + " query " + asked;
        }

        private void settled() {
            byte[] expected = BackendBytes.server().row(text()).complete("SELECT 1").ready('I').bytes();
            byte[] got = lessee.take();
            if (!java.util.Arrays.equals(got, expected)) {
                answer.completeExceptionally(new AssertionError(text() + " got " + new String(got, StandardCharsets.US_ASCII)));
                return;
            }
            asked++;
            BackendConnection connection = last;
            connection.endLease(connection.applied(), System.nanoTime());
            if (asked == QUERIES) answer.complete(asked);
            else slice.eventLoop().execute(this::ask);
        }
    }

    private static final class Echo extends ByteToMessageDecoder {
        @Override
        protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
            if (in.readableBytes() < 5) return;
            int length = in.getInt(in.readerIndex() + 1);
            if (in.readableBytes() < length + 1) return;
            char type = (char) in.readByte();
            String text = in.skipBytes(4).readCharSequence(length - 5, StandardCharsets.US_ASCII).toString();
            in.skipBytes(1);
            if (type == 'Q') context.writeAndFlush(Unpooled.wrappedBuffer(BackendBytes.server().row(text).complete("SELECT 1").ready('I').bytes()));
        }
    }
}
