package org.pgkeel.bench.equivalence;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.client.WireClient;

/// One connection, whose replies are kept word for word. Bytes become characters of the same number, so that nothing depends on an encoding.
///
/// Threading: confined to one thread.
final class Peer implements AutoCloseable {
    static final String CLOSED = "connection closed";
    private static final int HEADER_BYTES = 5;

    private final Socket socket;
    private final DataInputStream in;
    private boolean closed;

    Peer(int port, Login login, Duration patience) throws IOException {
        socket = new Socket();
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) patience.toMillis());
        socket.setSoTimeout((int) patience.toMillis());
        WireClient.over(socket, login);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 16 * 1024));
    }

    void send(byte[] messages) {
        try {
            if (!closed) socket.getOutputStream().write(messages);
        } catch (IOException e) {
            closed = true;
        }
    }

    /// @param readies how many ReadyForQuery end the reply
    /// @return a line for each message; the last one is [#CLOSED] and the reason, if the connection ended
    List<String> receive(int readies) {
        var lines = new ArrayList<String>();
        try {
            if (closed) throw new IOException("it had ended before");
            for (int left = readies; left > 0; ) {
                char type = (char) in.readUnsignedByte();
                byte[] body = in.readNBytes(in.readInt() - Integer.BYTES);
                if (type == 'Z') left--;
                if (type != 'S') lines.add(line(type, body));
            }
        } catch (IOException e) {
            closed = true;
            lines.add(CLOSED + ": " + e.getMessage());
        }
        return lines;
    }

    private static String line(char type, byte[] body) {
        return switch (type) {
            case 'E', 'N' -> type + " " + fields(body);
            case 'T' -> "T " + columns(ByteBuffer.wrap(body));
            default -> type + " " + text(body);
        };
    }

    /// All but the place in the server's source code.
    private static String fields(byte[] body) {
        var kept = new ArrayList<String>();
        for (String field : text(body).split("\0")) {
            if (!field.isEmpty() && "FLR".indexOf(field.charAt(0)) < 0) kept.add(field);
        }
        return String.join(" | ", kept);
    }

    private static String columns(ByteBuffer body) {
        var columns = new ArrayList<String>();
        for (int left = body.getShort(); left > 0; left--) {
            var name = new StringBuilder();
            for (byte b = body.get(); b != 0; b = body.get()) name.append((char) (b & 0xff));
            columns.add(name + ":" + body.getInt() + "." + body.getShort() + ":" + body.getInt() + "," + body.getShort() + "," + body.getInt() + "," + body.getShort());
        }
        return String.join(" ", columns);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /// The first value of the first row of a statement, in binary format.
    ///
    /// @throws IOException if the server refuses
    byte[] binaryValue(String sql) throws IOException {
        var messages = new Messages();
        send(messages.parse("", sql, new int[0]).bind("", List.of(), 1).execute(0).sync().bytes());
        while (true) {
            char type = (char) in.readUnsignedByte();
            byte[] body = in.readNBytes(in.readInt() - Integer.BYTES);
            if (type == 'E') {
                receive(1);
                throw new IOException(fields(body));
            }
            if (type == 'D') {
                receive(1);
                ByteBuffer row = ByteBuffer.wrap(body);
                row.getShort();
                byte[] value = new byte[Math.max(0, row.getInt())];
                row.get(value);
                return value;
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
