package org.pgkeel.proxy.command;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/// A server that reads eight bytes of each connection and answers with one; or never answers, with 0.
final class AnsweringServer implements AutoCloseable {
    private final ServerSocket listener;

    AnsweringServer(char answer) throws IOException {
        listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            while (!listener.isClosed()) {
                try {
                    Socket client = listener.accept();
                    Thread.ofVirtual().start(() -> serve(client, answer));
                } catch (IOException _) {
                    return;
                }
            }
        });
    }

    String node() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    private static void serve(Socket client, char answer) {
        try (client) {
            DataInputStream in = new DataInputStream(client.getInputStream());
            long request = in.readLong();
            if (request != (8L << 32 | 80_877_103)) return;
            if (answer != 0) client.getOutputStream().write(answer);
            in.read();
        } catch (IOException _) {
            // The client is gone, which is its right.
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
