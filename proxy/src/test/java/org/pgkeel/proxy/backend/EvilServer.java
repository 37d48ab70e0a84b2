package org.pgkeel.proxy.backend;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.pgkeel.failover.topology.NodeAddress;

/// A server that does what a test says to each client, on a thread of its own, and then closes.
final class EvilServer implements AutoCloseable {
    /// What it does to one client. An IOException means that the client went away.
    interface Script {
        void play(InputStream in, OutputStream out) throws IOException;
    }

    private final ServerSocket socket;

    EvilServer(Script script) {
        try {
            socket = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(() -> {
            while (!socket.isClosed()) {
                try (Socket client = socket.accept()) {
                    script.play(client.getInputStream(), client.getOutputStream());
                } catch (IOException gone) {
                    // The next client is served, or the test is over.
                }
            }
        });
    }

    NodeAddress address() {
        return new NodeAddress("127.0.0.1", socket.getLocalPort());
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
