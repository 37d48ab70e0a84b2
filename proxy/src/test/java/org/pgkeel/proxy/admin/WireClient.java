package org.pgkeel.proxy.admin;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.wire.StartupMessage;

/// A client that says exactly what it is told, over a blocking socket.
final class WireClient implements AutoCloseable {
    private static final int READ_MILLIS_MAX = 90_000;

    private final Socket socket;
    private final DataInputStream in;

    WireClient(int port, String user) {
        try {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout(READ_MILLIS_MAX);
            in = new DataInputStream(socket.getInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        var parameters = new LinkedHashMap<String, String>();
        parameters.put("user", user);
        parameters.put("database", "pgbouncer");
        var packet = Unpooled.buffer();
        StartupMessage.of(parameters).encode(packet);
        send(packet);
        untilReady();
    }

    void send(FrontendMessage... messages) {
        var bytes = Unpooled.buffer();
        for (var message : messages) message.encode(bytes);
        send(bytes);
    }

    void send(ByteBuf bytes) {
        try {
            bytes.readBytes(socket.getOutputStream(), bytes.readableBytes());
            socket.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    BackendMessage receive() {
        try {
            byte type = in.readByte();
            byte[] body = in.readNBytes(in.readInt() - Integer.BYTES);
            return BackendMessage.decode(type, Unpooled.wrappedBuffer(body));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The messages up to and with ReadyForQuery.
    List<BackendMessage> untilReady() {
        var received = new ArrayList<BackendMessage>();
        do received.add(receive());
        while (!(received.getLast() instanceof ReadyForQuery));
        return received;
    }

    /// Whether the server has closed and sent nothing more.
    boolean isAtEnd() {
        try {
            return in.read() < 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
