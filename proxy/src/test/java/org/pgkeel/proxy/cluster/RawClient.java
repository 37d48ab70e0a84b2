package org.pgkeel.proxy.cluster;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.wire.MessageWriter;

/// A client on a blocking socket whose server trusts it. It sends what it likes, and sees every message and how the stream ends.
/// Threading: confined to one thread, but [#cut].
final class RawClient implements AutoCloseable {
    record Message(char type, byte[] body) {
        /// The SQLSTATE of an error or a notice.
        String sqlState() {
            return field('C');
        }

        String severity() {
            return field('V');
        }

        private String field(char wanted) {
            int at = 0;
            while (at < body.length && body[at] != 0) {
                int end = at + 1;
                while (body[end] != 0) end++;
                if (body[at] == wanted) return new String(body, at + 1, end - at - 1, StandardCharsets.UTF_8);
                at = end + 1;
            }
            return "";
        }
    }

    private final Socket socket = new Socket();
    private final DataInputStream in;
    private int pid;

    RawClient(NodeAddress node, String user, String database, int timeoutMillis) throws IOException {
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(timeoutMillis);
            socket.connect(new java.net.InetSocketAddress(node.host(), node.port()), timeoutMillis);
            in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            send(out -> {
                int mark = MessageWriter.beginUntyped(out);
                out.writeInt(3 << 16);
                for (String text : List.of("user", user, "database", database)) MessageWriter.cString(out, text);
                out.writeByte(0);
                MessageWriter.end(out, mark);
            });
            for (Message message = read(); message.type != 'Z'; message = read()) {
                if (message.type == 'E') throw new ServerSaysNo(message.sqlState());
                if (message.type == 'K') pid = Unpooled.wrappedBuffer(message.body).readInt();
            }
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /// An ErrorResponse.
    static final class ServerSaysNo extends IOException {
        final String sqlState;

        ServerSaysNo(String sqlState) {
            super("SQLSTATE " + sqlState);
            this.sqlState = sqlState;
        }
    }

    int pid() {
        return pid;
    }

    /// One write.
    void send(Consumer<ByteBuf> messages) throws IOException {
        ByteBuf out = Unpooled.buffer(512);
        messages.accept(out);
        socket.getOutputStream().write(out.array(), 0, out.readableBytes());
    }

    void send(FrontendMessage... messages) throws IOException {
        send(out -> {
            for (FrontendMessage message : messages) message.encode(out);
        });
    }

    /// @throws EOFException if the stream ends in order
    Message read() throws IOException {
        char type = (char) in.readUnsignedByte();
        byte[] body = new byte[in.readInt() - 4];
        in.readFully(body);
        return new Message(type, body);
    }

    /// A simple Query.
    List<List<String>> query(String sql) throws IOException {
        send(new org.pgkeel.protocol.frontend.Query(sql));
        var rows = new ArrayList<List<String>>();
        String error = "";
        for (Message message = read(); message.type != 'Z'; message = read()) {
            if (message.type == 'D') rows.add(row(message.body));
            if (message.type == 'E') error = message.sqlState();
        }
        if (!error.isEmpty()) throw new ServerSaysNo(error);
        return rows;
    }

    private static List<String> row(byte[] body) {
        ByteBuf in = Unpooled.wrappedBuffer(body);
        var row = new ArrayList<String>();
        for (int columns = in.readShort(); columns > 0; columns--) {
            int bytes = in.readInt();
            row.add(bytes < 0 ? "" : in.readCharSequence(bytes, StandardCharsets.UTF_8).toString());
        }
        return row;
    }

    /// Closes the socket under whoever uses it. Threading: any.
    void cut() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        cut();
    }
}
