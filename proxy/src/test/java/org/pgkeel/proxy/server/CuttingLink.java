package org.pgkeel.proxy.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// A network device that ends TCP connections, in front of PostgreSQL. It can cut what the server says anywhere and say goodbye politely,
/// while the server hears nothing of that and works on. Threading: any.
final class CuttingLink implements AutoCloseable {
    private final LinkDoor door;
    private final String host;
    private final int port;
    private final AtomicInteger bytesOfNextReply = new AtomicInteger(-1);
    private final Queue<Socket> servers = new ConcurrentLinkedQueue<>();

    CuttingLink(String host, int port) throws IOException {
        this.host = host;
        this.port = port;
        this.door = new LinkDoor(this::connect);
    }

    String address() {
        return door.address();
    }

    /// Of what the server says next to user `app` only so many bytes arrive.
    void cutNextReplyAfter(int bytes) {
        bytesOfNextReply.set(bytes);
    }

    boolean hasCut() {
        return bytesOfNextReply.get() < 0;
    }

    /// The server hears of it only now.
    @Override
    public void close() throws IOException {
        door.close();
        for (Socket server : servers) server.close();
    }

    private void connect(Socket client) throws IOException {
        Socket server = new Socket(host, port);
        servers.add(server);
        var ofApp = new boolean[1];
        Thread.ofVirtual().start(() -> forward(client, server, ofApp));
        back(server, client, ofApp);
    }

    private static void forward(Socket client, Socket server, boolean[] ofApp) {
        var buffer = new byte[64 * 1024];
        try (InputStream in = client.getInputStream()) {
            OutputStream out = server.getOutputStream();
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                String text = new String(buffer, 0, n, StandardCharsets.ISO_8859_1);
                synchronized (ofApp) {
                    ofApp[0] |= text.contains("user\0app\0");
                }
                out.write(buffer, 0, n);
            }
        } catch (IOException gone) {
            // The server's side is left to itself.
        }
    }

    private void back(Socket server, Socket client, boolean[] ofApp) throws IOException {
        var buffer = new byte[64 * 1024];
        boolean cut = false;
        try (server) {
            InputStream in = server.getInputStream();
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                if (cut) continue;
                int bytes = n;
                synchronized (ofApp) {
                    int left = bytesOfNextReply.get();
                    if (ofApp[0] && left >= n) {
                        bytesOfNextReply.set(left - n);
                    } else if (ofApp[0] && left >= 0) {
                        bytesOfNextReply.set(-1);
                        bytes = left;
                        cut = true;
                    }
                }
                client.getOutputStream().write(buffer, 0, bytes);
                if (cut) client.shutdownOutput();
            }
        }
    }
}
