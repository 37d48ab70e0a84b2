package org.pgkeel.proxy.command;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.pgkeel.failover.topology.NodeAddress;

/// Asks one node whether a PostgreSQL is there: resolves its host, connects, sends an SSLRequest and reads the one byte of the answer.
/// <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL>
final class NodeCheck {
    /// What a node said.
    sealed interface Answer {
        /// @param address which of its addresses answered
        /// @param tls     whether it offers TLS
        record PostgreSql(String address, boolean tls, Duration took) implements Answer {}

        /// @param reason for each address that was tried, one sentence
        record Unreachable(String reason) implements Answer {}
    }

    private static final int SSL_REQUEST_CODE = 80_877_103;
    private static final int SSL_REQUEST_BYTES = 8;

    private NodeCheck() {}

    /// @param perAddress how long one address of the host may take
    static Answer ask(NodeAddress node, Duration perAddress, ExecutorService threads) throws InterruptedException {
        List<SocketAddress> addresses;
        try {
            addresses = within(threads.submit(() -> resolve(node)), perAddress);
        } catch (IOException e) {
            return new Answer.Unreachable(e instanceof UnknownHostException ? "the name cannot be resolved" : "resolving the name: " + e.getMessage());
        }
        List<String> failures = new ArrayList<>();
        for (SocketAddress address : addresses) {
            long started = System.nanoTime();
            try {
                boolean tls = within(threads.submit(() -> offersTls(address)), perAddress);
                return new Answer.PostgreSql(shown(address), tls, Duration.ofNanos(System.nanoTime() - started));
            } catch (IOException e) {
                failures.add(shown(address) + ": " + e.getMessage());
            }
        }
        return new Answer.Unreachable(String.join("; ", failures));
    }

    private static List<SocketAddress> resolve(NodeAddress node) throws UnknownHostException {
        if (node.isUnixSocket()) return List.of(UnixDomainSocketAddress.of(Path.of(node.host(), ".s.PGSQL." + node.port())));
        List<SocketAddress> addresses = new ArrayList<>();
        for (InetAddress address : InetAddress.getAllByName(node.host())) {
            addresses.add(new InetSocketAddress(address, node.port()));
        }
        return addresses;
    }

    private static boolean offersTls(SocketAddress address) throws IOException {
        try (SocketChannel channel = SocketChannel.open(address instanceof UnixDomainSocketAddress ? StandardProtocolFamily.UNIX
                : ((InetSocketAddress) address).getAddress().getAddress().length == 4 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6)) {
            channel.connect(address);
            ByteBuffer request = ByteBuffer.allocate(SSL_REQUEST_BYTES).putInt(SSL_REQUEST_BYTES).putInt(SSL_REQUEST_CODE).flip();
            while (request.hasRemaining()) channel.write(request);
            ByteBuffer answer = ByteBuffer.allocate(1);
            if (channel.read(answer) < 0) throw new EOFException("closed the connection without an answer");
            return switch (answer.get(0)) {
                case 'S' -> true;
                case 'N' -> false;
                default -> throw new IOException("something else than PostgreSQL answers there");
            };
        }
    }

    /// A channel closes when its thread is interrupted, so giving up leaves nothing behind.
    private static <T> T within(Future<T> future, Duration limit) throws IOException, InterruptedException {
        try {
            return future.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | CancellationException _) {
            future.cancel(true);
            throw new IOException("no answer within " + limit.toMillis() + " ms");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) throw cause;
            throw new IllegalStateException(e.getCause());
        }
    }

    private static String shown(SocketAddress address) {
        return address instanceof InetSocketAddress inet ? new NodeAddress(inet.getAddress().getHostAddress(), inet.getPort()).toString() : address.toString();
    }
}
