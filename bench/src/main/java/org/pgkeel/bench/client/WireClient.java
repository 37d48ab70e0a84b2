package org.pgkeel.bench.client;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One session over a blocking socket: SCRAM-SHA-256, clear-text password or trust at login, then simple queries.
/// <https://www.postgresql.org/docs/current/protocol-flow.html>
///
/// Threading: confined to one thread.
public final class WireClient implements AutoCloseable {
    private static final int PROTOCOL_3_0 = 3 << 16;
    private static final int BUFFER_BYTES = 512;

    private static final int AUTHENTICATION_OK = 0;
    private static final int AUTHENTICATION_CLEARTEXT = 3;
    private static final int AUTHENTICATION_SASL = 10;
    private static final int AUTHENTICATION_SASL_CONTINUE = 11;
    private static final int AUTHENTICATION_SASL_FINAL = 12;

    private final Socket socket;
    private final DataInputStream in;

    private WireClient(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES));
    }

    /// @param limit of the connect and of each answer
    public static WireClient connect(int port, Login login, Duration limit) throws IOException {
        return connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), login, limit);
    }

    public static WireClient connect(InetSocketAddress address, Login login, Duration limit) throws IOException {
        var socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout((int) limit.toMillis());
            socket.connect(address, (int) limit.toMillis());
            var client = new WireClient(socket);
            client.logIn(login);
            return client;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /// Logs in over a socket that is connected and blocks; the socket stays the caller's, who may go on with it by himself
    /// whenever all replies have been read.
    public static WireClient over(Socket socket, Login login) throws IOException {
        var client = new WireClient(socket);
        client.logIn(login);
        return client;
    }

    /// The first column of the first row.
    ///
    /// @throws ServerError if the server refuses the query
    public String queryValue(String sql) throws IOException {
        send('Q', cString(sql));
        String value = "";
        boolean found = false;
        while (true) {
            Message message = read();
            switch (message.type()) {
                case 'D' -> {
                    if (!found) value = message.firstColumn();
                    found = true;
                }
                case 'E' -> {
                    ServerError error = message.error();
                    readUntilReady();
                    throw error;
                }
                case 'Z' -> {
                    if (!found) throw new IOException("no row for: " + sql);
                    return value;
                }
                default -> { }                // row description, command tag, notices, parameters
            }
        }
    }

    /// Sends messages in one write; their replies are read by [#reply], one for each Sync.
    public void send(Requests requests) throws IOException {
        socket.getOutputStream().write(requests.bytes());
    }

    /// Reads up to the next ReadyForQuery.
    ///
    /// @throws IOException if the connection ends before
    public Reply reply() throws IOException {
        var rows = new ArrayList<List<String>>();
        Optional<ServerError> error = Optional.empty();
        while (true) {
            Message message = read();
            switch (message.type()) {
                case 'D' -> rows.add(message.columns());
                case 'E' -> {
                    if (error.isEmpty()) error = Optional.of(message.error());
                }
                case 'Z' -> {
                    return new Reply(rows, error);
                }
                default -> { }                // completions, notices, parameters
            }
        }
    }

    private void readUntilReady() throws IOException {
        while (read().type() != 'Z') { }
    }

    private void logIn(Login login) throws IOException {
        var body = new ByteArrayOutputStream();
        var packet = new DataOutputStream(body);
        packet.writeInt(PROTOCOL_3_0);
        for (String text : new String[] {"user", login.user(), "database", login.database()}) packet.write(cString(text));
        packet.writeByte(0);
        var out = new ByteArrayOutputStream();
        new DataOutputStream(out).writeInt(body.size() + Integer.BYTES);
        body.writeTo(out);
        socket.getOutputStream().write(out.toByteArray());

        var scram = new ScramLogin(login.password());
        while (true) {
            Message message = read();
            switch (message.type()) {
                case 'R' -> authenticate(message.body(), scram, login.password());
                case 'E' -> throw message.error();
                case 'Z' -> {
                    return;
                }
                default -> { }                // parameters, cancel key, notices
            }
        }
    }

    private void authenticate(DataInputStream body, ScramLogin scram, String password) throws IOException {
        int method = body.readInt();
        switch (method) {
            case AUTHENTICATION_OK, AUTHENTICATION_SASL_FINAL -> { }
            case AUTHENTICATION_CLEARTEXT -> send('p', cString(password));
            case AUTHENTICATION_SASL -> {
                byte[] first = scram.clientFirst().getBytes(StandardCharsets.UTF_8);
                var response = new ByteArrayOutputStream();
                response.write(cString("SCRAM-SHA-256"));
                new DataOutputStream(response).writeInt(first.length);
                response.write(first);
                send('p', response.toByteArray());
            }
            case AUTHENTICATION_SASL_CONTINUE -> {
                String serverFirst = new String(body.readAllBytes(), StandardCharsets.UTF_8);
                send('p', scram.clientFinal(serverFirst).getBytes(StandardCharsets.UTF_8));
            }
            default -> throw new IOException("authentication method " + method + " is not known here");
        }
    }

    private void send(char type, byte[] body) throws IOException {
        var message = new ByteArrayOutputStream(body.length + 5);
        var out = new DataOutputStream(message);
        out.writeByte(type);
        out.writeInt(body.length + Integer.BYTES);
        out.write(body);
        socket.getOutputStream().write(message.toByteArray());
    }

    private Message read() throws IOException {
        int type = in.read();
        if (type < 0) throw new EOFException("the server closed the connection");
        int length = in.readInt();
        if (length < Integer.BYTES) throw new IOException("length " + length + " of message " + (char) type);
        return new Message((char) type, in.readNBytes(length - Integer.BYTES));
    }

    private static byte[] cString(String text) {
        return (text + '\0').getBytes(StandardCharsets.UTF_8);
    }

    /// The session ends as with a crashed client; servers clean up all the same.
    @Override
    public void close() throws IOException {
        socket.close();
    }

    private record Message(char type, byte[] bytes) {
        DataInputStream body() {
            return new DataInputStream(new ByteArrayInputStream(bytes));
        }

        String firstColumn() throws IOException {
            DataInputStream row = body();
            if (row.readUnsignedShort() < 1) throw new IOException("a row without columns");
            int length = row.readInt();
            return length < 0 ? "" : new String(row.readNBytes(length), StandardCharsets.UTF_8);
        }

        List<String> columns() throws IOException {
            DataInputStream row = body();
            var columns = new ArrayList<String>();
            for (int left = row.readUnsignedShort(); left > 0; left--) {
                int length = row.readInt();
                columns.add(length < 0 ? "" : new String(row.readNBytes(length), StandardCharsets.UTF_8));
            }
            return columns;
        }

        ServerError error() {
            String sqlState = "?????";
            String text = "";
            for (String field : new String(bytes, StandardCharsets.UTF_8).split("\0")) {
                if (field.startsWith("C")) sqlState = field.substring(1);
                if (field.startsWith("M")) text = field.substring(1);
            }
            return new ServerError(sqlState, text);
        }
    }
}
