package org.pgkeel.failover.patroni;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ServerSocketFactory;

/// Speaks HTTP as Patroni does (1.0, no length, one request a connection), as a proxy in front of it may, and as nobody should: each path has its own way to
/// answer.
///
/// Threading: a thread for each connection; ways may be changed at any time.
final class FakePatroni implements AutoCloseable {
    /// How one request is answered.
    interface Way {
        void answer(OutputStream out) throws IOException;
    }

    /// Answers with a length, after which the next request may come on the same connection.
    private record KeepsOpen(Way way) implements Way {
        @Override
        public void answer(OutputStream out) throws IOException {
            way.answer(out);
        }
    }

    private final ServerSocket listening;
    private final String scheme;
    private final Map<String, Way> ways = new ConcurrentHashMap<>();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    final List<String> requests = new CopyOnWriteArrayList<>();
    final List<String> authorizations = new CopyOnWriteArrayList<>();
    final AtomicLong bytesSent = new AtomicLong();
    final AtomicInteger connections = new AtomicInteger();

    FakePatroni() throws IOException {
        this(ServerSocketFactory.getDefault(), "http");
    }

    FakePatroni(ServerSocketFactory sockets, String scheme) throws IOException {
        this.scheme = scheme;
        listening = sockets.createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    URI url() {
        return URI.create(scheme + "://127.0.0.1:" + listening.getLocalPort());
    }

    void on(String path, Way way) {
        ways.put(path, way);
    }

    // --- ways

    static Way says(int code, String body) {
        return out -> out.write(("HTTP/1.0 " + code + " Whatever\r\nServer: BaseHTTP/0.6 Python/3.11.2\r\nContent-Type: application/json\r\n\r\n" + body).getBytes(StandardCharsets.UTF_8));
    }

    static Way saysAndKeepsOpen(int code, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return new KeepsOpen(out -> {
            out.write(("HTTP/1.1 " + code + " Whatever\r\nContent-Type: application/json\r\nContent-Length: " + bytes.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            out.write(bytes);
        });
    }

    static Way closes() {
        return out -> { };
    }

    /// Accepts, and says nothing.
    Way hangs() {
        return _ -> awaitClose(Long.MAX_VALUE);
    }

    /// A byte now and then.
    Way drips(int code, String body, long everyMillis) {
        return out -> {
            out.write(("HTTP/1.0 " + code + " OK\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            for (byte each : body.getBytes(StandardCharsets.UTF_8)) {
                out.write(each);
                out.flush();
                if (awaitClose(everyMillis)) return;
            }
        };
    }

    /// So many bytes, if somebody takes them.
    Way floods(long bytes) {
        return out -> {
            out.write("HTTP/1.0 200 OK\r\n\r\n{\"state\": \"".getBytes(StandardCharsets.US_ASCII));
            var chunk = new byte[64 * 1024];
            java.util.Arrays.fill(chunk, (byte) 'x');
            for (long sent = 0; sent < bytes; sent += chunk.length) {
                out.write(chunk);
                bytesSent.addAndGet(chunk.length);
            }
        };
    }

    private boolean awaitClose(long millis) {
        try {
            return closed.await(millis, java.util.concurrent.TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return true;
        }
    }

    // --- the server

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket socket = listening.accept();
                sockets.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException closing) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        connections.incrementAndGet();
        try (socket) {
            var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            boolean open = true;
            while (open) open = answer(in, socket.getOutputStream());
        } catch (IOException clientWent) {
            // It has had enough.
        }
    }

    /// @return whether another request may follow
    private boolean answer(BufferedReader in, OutputStream out) throws IOException {
        String first = in.readLine();
        if (first == null || !first.startsWith("GET /")) return false;
        requests.add(first);
        for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
            if (line.toLowerCase(java.util.Locale.ROOT).startsWith("authorization: ")) authorizations.add(line.substring("authorization: ".length()));
        }
        Way way = ways.get(first.split(" ")[1]);
        if (way == null) way = says(503, "{\"state\": \"running\", \"role\": \"replica\"}");   // an unknown path is not 404
        way.answer(out);
        out.flush();
        return way instanceof KeepsOpen;
    }

    @Override
    public void close() throws IOException {
        closed.countDown();
        listening.close();
        for (Socket each : sockets) each.close();
    }
}
