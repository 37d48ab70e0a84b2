package org.pgkeel.proxy.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The side of a network device where the proxy connects: a free port of the loopback address. Threading: any.
final class LinkDoor implements AutoCloseable {
    /// What happens to a connection, on a thread of its own.
    interface Passage {
        void enter(Socket proxy) throws IOException;
    }

    private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Passage passage;

    LinkDoor(Passage passage) throws IOException {
        this.passage = passage;
        Thread.ofVirtual().start(this::accept);
    }

    String address() {
        return "127.0.0.1:" + listening.getLocalPort();
    }

    /// Ends all connections.
    @Override
    public void close() throws IOException {
        listening.close();
        for (Socket proxy : open) proxy.close();
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket proxy = listening.accept();
                open.add(proxy);
                Thread.ofVirtual().start(() -> enter(proxy));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void enter(Socket proxy) {
        try (proxy) {
            passage.enter(proxy);
        } catch (IOException gone) {
            // The proxy is told by the end of its connection.
        } finally {
            open.remove(proxy);
        }
    }
}
