package org.pgkeel.proxy.isolation;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.auth.ChannelBinding;
import org.pgkeel.protocol.auth.ScramClient;
import org.pgkeel.protocol.auth.ScramSecret;

/// A client on a blocking socket that can do what a driver never would: pipeline at will, and leave in the middle of anything.
/// Threading: confined to one thread.
final class WireClient implements AutoCloseable {
    private static final int READ_TIMEOUT_MILLIS = 90_000;
    private final InetSocketAddress address;
    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final WireOutput out = new WireOutput();
    /// As last told by ParameterStatus.
    final Map<String, String> parameters = new HashMap<>();
    private int pid;
    private byte[] cancelSecret = {};

    /// Connects and logs in by SCRAM.
    /// @param startup parameters besides the user
    WireClient(InetSocketAddress address, String user, String password, Map<String, String> startup) throws IOException {
        this.address = address;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(READ_TIMEOUT_MILLIS);
        socket.connect(address);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 16384));
        try {
            Map<String, String> all = new HashMap<>(startup);
            all.put("user", user);
            socket.getOutputStream().write(WireOutput.startup(all));
            logIn(password);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /// Sends the beginning of a login and leaves.
    static void startAndVanish(InetSocketAddress address, String user, int bytes) throws IOException {
        try (var socket = new Socket()) {
            socket.connect(address);
            byte[] startup = WireOutput.startup(Map.of("user", user));
            socket.getOutputStream().write(startup, 0, Math.min(bytes, startup.length));
            socket.setSoLinger(true, 0);
        }
    }

    WireOutput out() {
        return out;
    }

    void flush() throws IOException {
        socket.getOutputStream().write(out.take());
    }

    WireReply ask(String sql) throws IOException {
        out.query(sql);
        flush();
        return reply();
    }

    /// Reads up to the next ReadyForQuery, or until the server waits for COPY data.
    WireReply reply() throws IOException {
        var reply = new WireReply();
        while (true) {
            int type = in.readUnsignedByte();
            byte[] body = body();
            switch (type) {
                case 'D' -> reply.rows.add(row(body));
                case 'C' -> reply.tags.add(text(body, 0));
                case 'E' -> reply.errors.add(error(body));
                case 'N' -> reply.notices.add(field(body, 'M'));
                case 'A' -> notification(body, reply);
                case 'S' -> parameterStatus(body);
                case 'd' -> reply.copied.append(new String(body, StandardCharsets.UTF_8));
                case 's' -> reply.suspended++;
                case 'G' -> {
                    return reply;
                }
                case 'Z' -> {
                    reply.status = (char) body[0];
                    return reply;
                }
                case '1', '2', '3', 'n', 't', 'T', 'H', 'c', 'I' -> {}
                default -> throw new IOException("message '" + (char) type + "' out of order");
            }
        }
    }

    /// Asks for a cancel of what this session runs, and waits until the server has acted on it.
    void cancel() throws IOException {
        try (var other = new Socket()) {
            other.setSoTimeout(READ_TIMEOUT_MILLIS);
            other.connect(address);
            other.getOutputStream().write(WireOutput.cancel(pid, cancelSecret));
            other.getInputStream().readAllBytes();
        }
    }

    /// Sends a part of what is gathered.
    void flushPart(int bytes) throws IOException {
        byte[] all = out.take();
        socket.getOutputStream().write(all, 0, Math.min(bytes, all.length));
    }

    void readSome(int bytes) throws IOException {
        in.readNBytes(bytes);
    }

    /// Terminate, then close.
    @Override
    public void close() throws IOException {
        out.take();
        out.terminate();
        try (socket) {
            flush();
        }
    }

    /// Close without a word: FIN, or RST where something is unread.
    void vanish() throws IOException {
        socket.close();
    }

    /// Close with a reset.
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    private void logIn(String password) throws IOException {
        ScramClient first = null;
        ScramClient.Answer answer = null;
        while (true) {
            int type = in.readUnsignedByte();
            byte[] body = body();
            if (type == 'E') throw new IOException("login refused: " + error(body));
            if (type == 'R') {
                switch (ByteBuffer.wrap(body).getInt()) {
                    case 0 -> {
                        WireReply welcome = welcome();
                        if (!welcome.errors.isEmpty()) throw new IOException("login refused: " + welcome);
                        return;
                    }
                    case 10 -> {
                        List<String> offered = Arrays.stream(new String(body, 4, body.length - 4, StandardCharsets.US_ASCII).split("\0")).filter(name -> !name.isEmpty()).toList();
                        first = ScramClient.begin(offered, new ScramSecret.Password(password), ChannelBinding.NONE, ScramClient.ITERATIONS_MAX_DEFAULT, new SecureRandom());
                        out.saslInitial(first.mechanism(), first.clientFirst());
                        flush();
                    }
                    case 11 -> {
                        if (first == null) throw new IOException("SASLContinue out of order");
                        answer = first.answer(new String(body, 4, body.length - 4, StandardCharsets.US_ASCII));
                        out.sasl(answer.clientFinal());
                        flush();
                    }
                    case 12 -> {
                        if (answer == null) throw new IOException("SASLFinal out of order");
                        answer.verify(new String(body, 4, body.length - 4, StandardCharsets.US_ASCII));
                    }
                    default -> throw new IOException("an authentication method other than SCRAM");
                }
            } else if (type != 'v') {
                throw new IOException("message '" + (char) type + "' during the login");
            }
        }
    }

    private WireReply welcome() throws IOException {
        var reply = new WireReply();
        while (true) {
            int type = in.readUnsignedByte();
            byte[] body = body();
            switch (type) {
                case 'S' -> parameterStatus(body);
                case 'K' -> {
                    pid = ByteBuffer.wrap(body).getInt();
                    cancelSecret = Arrays.copyOfRange(body, 4, body.length);
                }
                case 'E' -> {
                    reply.errors.add(error(body));
                    return reply;
                }
                case 'N' -> {}
                case 'Z' -> {
                    return reply;
                }
                default -> throw new IOException("message '" + (char) type + "' after the login");
            }
        }
    }

    private byte[] body() throws IOException {
        int length = in.readInt() - 4;
        byte[] body = in.readNBytes(length);
        if (body.length < length) throw new EOFException("connection closed in a message");
        return body;
    }

    private void parameterStatus(byte[] body) {
        String name = text(body, 0);
        parameters.put(name, text(body, name.length() + 1));
    }

    private static void notification(byte[] body, WireReply reply) {
        String channel = text(body, 4);
        reply.notifications.add(channel + " " + text(body, 5 + channel.length()));
    }

    private static List<@Nullable String> row(byte[] body) {
        ByteBuffer buffer = ByteBuffer.wrap(body);
        int columns = buffer.getShort();
        List<@Nullable String> row = new ArrayList<>(columns);
        for (int i = 0; i < columns; i++) {
            int length = buffer.getInt();
            row.add(length < 0 ? null : new String(body, buffer.position(), length, StandardCharsets.UTF_8));
            buffer.position(buffer.position() + Math.max(length, 0));
        }
        return row;
    }

    private static String error(byte[] body) {
        return field(body, 'C') + " " + field(body, 'M');
    }

    private static String field(byte[] body, char wanted) {
        int at = 0;
        while (at < body.length && body[at] != 0) {
            String value = text(body, at + 1);
            if (body[at] == wanted) return value;
            at += 2 + value.getBytes(StandardCharsets.UTF_8).length;
        }
        return "";
    }

    private static String text(byte[] body, int from) {
        int end = from;
        while (body[end] != 0) end++;
        return new String(body, from, end - from, StandardCharsets.UTF_8);
    }
}
