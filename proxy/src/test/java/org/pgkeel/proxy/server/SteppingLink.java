package org.pgkeel.proxy.server;

import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// A network device in front of PostgreSQL that stops a connection of user `app` where the proxy says a word: what it says from there on, or what it is
/// answered, is held until the test goes on. The end of either side is passed on at once, and what is held is lost then. Threading: any.
final class SteppingLink implements AutoCloseable {
    /// What a stop holds.
    enum Held { REQUESTS, REPLIES }

    private record Stop(String word, Held held) {}

    private static final int WORD_MAX = 64;
    private static final int CANCEL_BYTES = 16;
    private static final int CANCEL_CODE = 80877102;

    private final LinkDoor door;
    private final String host;
    private final int port;
    private final AtomicReference<@Nullable Stop> next = new AtomicReference<>();
    private volatile @Nullable Link stopped;
    private volatile UnaryOperator<byte[]> change = UnaryOperator.identity();
    private volatile CountDownLatch cancels = new CountDownLatch(0);
    private volatile boolean cancelCame;

    SteppingLink(String host, int port) throws IOException {
        this.host = host;
        this.port = port;
        this.door = new LinkDoor(this::connect);
    }

    String address() {
        return door.address();
    }

    /// A PgKeel in front of it, with one connection and `outcome = strict`.
    /// @param more of its configuration
    TestProxy strictProxy(String... more) {
        return TestProxy.startAt(address(), TestProxy.PLAIN_USERS, """
                runtime.event-loops = 1
                clusters.main.monitor { user = "%s", password = "%s" }
                clusters.main { outcome = strict, tls.mode = disable }
                databases."*".pool { max = 1, max-wait = 60s }
                """.formatted(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD) + String.join("\n", more) + "\n");
    }

    /// The next time that the proxy says this, the connection stops.
    void stopAt(String word, Held held) {
        stopped = null;
        next.set(new Stop(word, held));
    }

    void awaitStopped() {
        await().until(() -> stopped != null);
    }

    /// Replies that are held now.
    byte[] held() {
        return link().held();
    }

    /// What is held goes on, and the connection with it.
    void goOn() throws IOException {
        goOn(0, () -> { });
    }

    /// The same in two pieces.
    /// @param first   bytes of the first piece
    /// @param between what happens between them
    void goOn(int first, Between between) throws IOException {
        link().goOn(first, between);
    }

    interface Between {
        void happens() throws IOException;
    }

    /// The connection that is stopped ends, for the proxy first.
    void cut() throws IOException {
        link().proxy.close();
    }

    /// What the proxy says with the next stop's word goes to the server like this.
    void change(UnaryOperator<byte[]> changed) {
        change = changed;
    }

    /// From now on what asks for a cancel is held.
    void holdCancels() {
        cancelCame = false;
        cancels = new CountDownLatch(1);
    }

    void awaitCancel() {
        await().until(() -> cancelCame);
    }

    void releaseCancels() {
        cancels.countDown();
    }

    private void cancel() {
        cancelCame = true;
        try {
            cancels.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Link link() {
        Link link = stopped;
        if (link == null) throw new IllegalStateException("nothing is stopped");
        return link;
    }

    @Override
    public void close() throws IOException {
        door.close();
    }

    private void connect(Socket proxy) throws IOException {
        try (Socket server = new Socket(host, port)) {
            proxy.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            var link = new Link(proxy, server);
            Thread.ofVirtual().start(link::answers);
            link.asks();
        }
    }

    private final class Link {
        private final Socket proxy;
        private final Socket server;
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
        private @Nullable Held held;
        private boolean ofApp;
        /// The stop that is looked out for, and the end of what was said since.
        private @Nullable Stop armed;
        private String said = "";

        Link(Socket proxy, Socket server) {
            this.proxy = proxy;
            this.server = server;
        }

        void asks() throws IOException {
            var buffer = new byte[64 * 1024];
            InputStream in = proxy.getInputStream();
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                if (n == CANCEL_BYTES && ByteBuffer.wrap(buffer).getInt(4) == CANCEL_CODE) cancel();
                asks(buffer, n);
            }
        }

        private synchronized void asks(byte[] buffer, int n) throws IOException {
            Stop stop = next.get();
            if (stop != armed) said = "";
            armed = stop;
            said += new String(buffer, 0, n, StandardCharsets.ISO_8859_1);
            ofApp |= said.contains("user\0app\0");
            byte[] bytes = Arrays.copyOf(buffer, n);
            if (ofApp && stop != null && said.contains(stop.word()) && next.compareAndSet(stop, null)) {
                held = stop.held();
                bytes = change.apply(bytes);
                change = UnaryOperator.identity();
                stopped = this;
            }
            said = said.substring(Math.max(0, said.length() - WORD_MAX));
            pass(Held.REQUESTS, server, bytes);
        }

        void answers() {
            var buffer = new byte[64 * 1024];
            try (proxy) {
                InputStream in = server.getInputStream();
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) pass(Held.REPLIES, proxy, Arrays.copyOf(buffer, n));
            } catch (IOException gone) {
                // The proxy's side is closed.
            }
        }

        private synchronized void pass(Held what, Socket to, byte[] bytes) throws IOException {
            if (held == what) kept.writeBytes(bytes);
            else to.getOutputStream().write(bytes);
        }

        synchronized byte[] held() {
            return kept.toByteArray();
        }

        synchronized void goOn(int first, Between between) throws IOException {
            byte[] bytes = kept.toByteArray();
            kept.reset();
            Socket to = held == Held.REQUESTS ? server : proxy;
            held = null;
            to.getOutputStream().write(bytes, 0, first);
            between.happens();
            to.getOutputStream().write(bytes, first, bytes.length - first);
        }
    }
}
