package org.pgkeel.proxy.settings;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// A connection of a test that shows every message of the server which matters to settings.
final class RawConnection implements AutoCloseable {
    sealed interface Reply {
        record Complete(String tag) implements Reply {}

        record Failed(String sqlState) implements Reply {}

        record Parameter(String name, String value) implements Reply {}

        record Row(String firstColumn) implements Reply {}

        record Ready(TransactionStatus status) implements Reply {}
    }

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;

    /// @param startup settings of the startup packet
    RawConnection(PostgresFixture postgres, Map<String, String> startup) {
        try {
            socket = new Socket(postgres.host(), postgres.port());
            socket.setTcpNoDelay(true);
            in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
            out = new DataOutputStream(new java.io.BufferedOutputStream(socket.getOutputStream()));
            ByteArrayOutputStream packet = new ByteArrayOutputStream();
            packet.write(new byte[] {0, 3, 0, 0});
            text(packet, "user", PostgresFixture.MD5_USER, "database", PostgresFixture.DATABASE);
            startup.forEach((name, value) -> text(packet, name, value));
            packet.write(0);
            out.writeInt(packet.size() + 4);
            packet.writeTo(out);
            out.flush();
            authenticate();
            replies();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A simple Query.
    List<Reply> query(String sql) {
        try {
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            text(body, sql);
            send('Q', body);
            out.flush();
            return replies();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Each statement by Parse, Bind, Execute; one Sync behind the last.
    List<Reply> pipeline(List<String> statements) {
        try {
            for (String sql : statements) {
                ByteArrayOutputStream parse = new ByteArrayOutputStream();
                text(parse, "", sql);
                parse.write(new byte[2]);
                send('P', parse);
                ByteArrayOutputStream bind = new ByteArrayOutputStream();
                bind.write(new byte[8]);
                send('B', bind);
                ByteArrayOutputStream execute = new ByteArrayOutputStream();
                execute.write(new byte[5]);
                send('E', execute);
            }
            send('S', new ByteArrayOutputStream());
            out.flush();
            return replies();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void send(char type, ByteArrayOutputStream body) throws IOException {
        out.writeByte(type);
        out.writeInt(body.size() + 4);
        body.writeTo(out);
    }

    private static void text(ByteArrayOutputStream to, String... texts) {
        for (String text : texts) {
            to.writeBytes(text.getBytes(StandardCharsets.UTF_8));
            to.write(0);
        }
    }

    private void authenticate() throws IOException {
        byte type = in.readByte();
        byte[] body = in.readNBytes(in.readInt() - 4);
        if (type != 'R' || body[3] != 5) {
            throw new IllegalStateException("not a request for an md5 password: " + (char) type);
        }
        String inner = md5((PostgresFixture.MD5_PASSWORD + PostgresFixture.MD5_USER).getBytes(StandardCharsets.UTF_8));
        ByteArrayOutputStream salted = new ByteArrayOutputStream();
        salted.writeBytes(inner.getBytes(StandardCharsets.US_ASCII));
        salted.write(body, 4, 4);
        ByteArrayOutputStream password = new ByteArrayOutputStream();
        text(password, "md5" + md5(salted.toByteArray()));
        send('p', password);
        out.flush();
    }

    private static String md5(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Everything up to ReadyForQuery.
    private List<Reply> replies() throws IOException {
        List<Reply> replies = new ArrayList<>();
        while (true) {
            byte type = in.readByte();
            byte[] body = in.readNBytes(in.readInt() - 4);
            switch (type) {
                case 'C' -> replies.add(new Reply.Complete(string(body, 0)));
                case 'E' -> replies.add(new Reply.Failed(sqlState(body)));
                case 'S' -> {
                    String name = string(body, 0);
                    replies.add(new Reply.Parameter(name, string(body, name.length() + 1)));
                }
                case 'D' -> replies.add(new Reply.Row(body[2] < 0 ? "" : new String(body, 6, body.length - 6, StandardCharsets.UTF_8)));
                case 'Z' -> {
                    replies.add(new Reply.Ready(TransactionStatus.of(body[0])));
                    return replies;
                }
                default -> { }
            }
        }
    }

    private static String string(byte[] body, int from) {
        int to = from;
        while (body[to] != 0) {
            to++;
        }
        return new String(body, from, to - from, StandardCharsets.UTF_8);
    }

    private static String sqlState(byte[] body) {
        int at = 0;
        while (body[at] != 'C') {
            at += string(body, at).length() + 1;
        }
        return string(body, at + 1);
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
