package org.pgkeel.proxy.server;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import org.pgkeel.proxy.embedded.PostgresServer;

/// An address in front of several servers: a connection stays with the server that the address led to when it was opened. Threading: any.
final class TurningLink implements AutoCloseable {
    private final LinkDoor door;
    private volatile PostgresServer target;

    TurningLink(PostgresServer target) throws IOException {
        this.target = target;
        this.door = new LinkDoor(this::connect);
    }

    String address() {
        return door.address();
    }

    int port() {
        return Integer.parseInt(address().substring(address().indexOf(':') + 1));
    }

    /// From now on it leads there.
    void turn(PostgresServer other) {
        target = other;
    }

    @Override
    public void close() throws IOException {
        door.close();
    }

    private void connect(Socket proxy) throws IOException {
        try (Socket server = new Socket("127.0.0.1", target.settings().port())) {
            Thread.ofVirtual().start(() -> back(server, proxy));
            proxy.getInputStream().transferTo(server.getOutputStream());
        }
    }

    private static void back(Socket server, Socket proxy) {
        try (proxy; InputStream in = server.getInputStream()) {
            in.transferTo(proxy.getOutputStream());
        } catch (IOException gone) {
            // The proxy is told by the end of its connection.
        }
    }
}
