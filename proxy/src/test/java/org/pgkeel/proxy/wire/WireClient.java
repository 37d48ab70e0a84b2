package org.pgkeel.proxy.wire;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.auth.ChannelBinding;
import org.pgkeel.protocol.auth.ScramClient;
import org.pgkeel.protocol.auth.ScramSecret;
import org.pgkeel.protocol.backend.AuthenticationSasl;
import org.pgkeel.protocol.backend.AuthenticationSaslContinue;
import org.pgkeel.protocol.backend.AuthenticationSaslFinal;
import org.pgkeel.protocol.backend.BackendKeyData;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.ParameterStatus;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.SaslInitialResponse;
import org.pgkeel.protocol.frontend.SaslResponse;
import org.pgkeel.protocol.frontend.Terminate;
import org.pgkeel.protocol.wire.CancelRequest;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.protocol.wire.Value;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// A client on a blocking socket that says what it is told, in whatever order.
///
/// Threading: confined to one thread, but for [#cancel].
public final class WireClient implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(Long.getLong("pgkeel.wire.patience", 60));

    private final InetSocketAddress address;
    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final Splitting splitting;
    private final Map<String, String> parameters = new LinkedHashMap<>();
    private @Nullable BackendKeyData key;

    /// As `app` in database `app`.
    public static WireClient ofApp(int port, Map<String, String> startup) throws IOException {
        var all = new LinkedHashMap<>(startup);
        all.put("database", PostgresFixture.DATABASE);
        return new WireClient(new InetSocketAddress("127.0.0.1", port), PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD, all, Splitting.whole());
    }

    /// Connects and logs in by SCRAM.
    /// @param startup parameters besides the user
    WireClient(InetSocketAddress address, String user, String password, Map<String, String> startup, Splitting splitting) throws IOException {
        this(address, user, password, startup, splitting, 0);
    }

    /// @param minor of the protocol: 0 or 2
    WireClient(InetSocketAddress address, String user, String password, Map<String, String> startup, Splitting splitting, int minor) throws IOException {
        this.address = address;
        this.splitting = splitting;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout((int) PATIENCE.toMillis());
        socket.connect(address);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 16384));
        try {
            var all = new LinkedHashMap<String, String>();
            all.put("user", user);
            all.putAll(startup);
            ByteBuf out = Unpooled.buffer();
            new StartupMessage(StartupMessage.MAJOR, minor, all).encode(out);
            write(out);
            logIn(password);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    public void send(FrontendMessage... messages) throws IOException {
        ByteBuf out = Unpooled.buffer();
        for (FrontendMessage message : messages) message.encode(out);
        write(out);
    }

    private void write(ByteBuf out) throws IOException {
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        splitting.write(socket.getOutputStream(), bytes);
    }

    /// Bytes that need not be messages.
    public void sendRaw(byte[] bytes, int from, int count) throws IOException {
        socket.getOutputStream().write(bytes, from, count);
    }

    /// The next message.
    /// @throws EOFException if the connection ended in order
    public BackendMessage read() throws IOException {
        byte type = in.readByte();
        int length = in.readInt() - 4;
        byte[] body = in.readNBytes(length);
        if (body.length < length) throw new EOFException("closed inside of a message");
        BackendMessage message = BackendMessage.decode(type, Unpooled.wrappedBuffer(body));
        if (message instanceof ParameterStatus(var name, var value)) parameters.put(name, value);
        return message;
    }

    /// Passes over the next message's body, however long.
    /// @return bytes of the body
    int skip(byte[] scratch) throws IOException {
        in.readByte();
        int length = in.readInt() - 4;
        for (int left = length; left > 0; ) {
            int got = in.read(scratch, 0, Math.min(left, scratch.length));
            if (got < 0) throw new EOFException("closed inside of a message");
            left -= got;
        }
        return length;
    }

    /// Where the bytes of a message go, piece by piece.
    public interface Sink {
        void take(byte[] bytes, int count);
    }

    /// The next message, whose body may be longer than memory.
    /// @param scratch holds one piece
    /// @return its type byte
    public byte stream(byte[] scratch, Sink sink) throws IOException {
        byte type = in.readByte();
        for (int left = in.readInt() - 4; left > 0; ) {
            int got = in.read(scratch, 0, Math.min(left, scratch.length));
            if (got < 0) throw new EOFException("closed inside of a message");
            sink.take(scratch, got);
            left -= got;
        }
        return type;
    }

    /// As last told by ParameterStatus.
    Map<String, String> parameters() {
        return parameters;
    }

    public void patience(Duration wait) throws IOException {
        socket.setSoTimeout((int) wait.toMillis());
    }

    /// Bytes of the secret that a cancel has to show.
    int keyBytes() {
        return key == null ? 0 : key.secretKey().length;
    }

    /// Asks for a cancel of what this session runs, and waits until the server has acted on it. Any thread may call it.
    public void cancel() throws IOException {
        BackendKeyData mine = key;
        if (mine == null) throw new IOException("no key");
        try (var other = new Socket()) {
            other.setSoTimeout((int) PATIENCE.toMillis());
            other.connect(address);
            ByteBuf out = Unpooled.buffer();
            new CancelRequest(mine.backendPid(), mine.secretKey()).encode(out);
            other.getOutputStream().write(out.array(), 0, out.readableBytes());
            other.getInputStream().readAllBytes();
        }
    }

    /// Terminate, then close.
    @Override
    public void close() throws IOException {
        try (socket) {
            send(Terminate.INSTANCE);
        }
    }

    /// Close without a word.
    public void vanish() throws IOException {
        socket.close();
    }

    /// Close with a reset.
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    private void logIn(String password) throws IOException {
        var first = new ScramClient[1];
        var answer = new ScramClient.Answer[1];
        while (true) {
            switch (read()) {
                case AuthenticationSasl(var mechanisms) -> {
                    first[0] = ScramClient.begin(mechanisms, new ScramSecret.Password(password), ChannelBinding.NONE, ScramClient.ITERATIONS_MAX_DEFAULT, new SecureRandom());
                    send(new SaslInitialResponse(first[0].mechanism(), Value.ofText(first[0].clientFirst())));
                }
                case AuthenticationSaslContinue(var content) -> {
                    answer[0] = first[0].answer(content.text());
                    send(new SaslResponse(Octets.of(answer[0].clientFinal().getBytes(StandardCharsets.US_ASCII))));
                }
                case AuthenticationSaslFinal(var content) -> answer[0].verify(content.text());
                case BackendKeyData data -> key = data;
                case ErrorResponse error -> throw new IOException("login refused: " + error);
                case ReadyForQuery _ -> {
                    return;
                }
                default -> { }
            }
        }
    }
}
