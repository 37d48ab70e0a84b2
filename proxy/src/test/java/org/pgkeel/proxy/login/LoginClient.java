package org.pgkeel.proxy.login;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.pgkeel.protocol.auth.ChannelBinding;
import org.pgkeel.protocol.auth.ScramClient;
import org.pgkeel.protocol.auth.ScramSecret;
import org.pgkeel.protocol.backend.AuthenticationSasl;
import org.pgkeel.protocol.backend.AuthenticationSaslContinue;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.SaslInitialResponse;
import org.pgkeel.protocol.frontend.SaslResponse;
import org.pgkeel.protocol.wire.Frame;
import org.pgkeel.protocol.wire.FrameLimits;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.protocol.wire.StartupPacket;
import org.pgkeel.proxy.refusal.Refusal;

/// A client without a socket, in front of a [ClientLogin]. Hears as the login's listener too.
final class LoginClient implements LoginListener, AutoCloseable {
    static final SocketAddress TCP = InetSocketAddress.createUnresolved("client", 1);

    private final EmbeddedChannel channel;
    private final List<BackendMessage> received = new ArrayList<>();
    final List<ClientIdentity> identities = new ArrayList<>();
    final List<Refusal> refusals = new ArrayList<>();
    final List<Integer> cancelled = new ArrayList<>();
    final CompletableFuture<Void> cancelDelivered = new CompletableFuture<>();
    String early = "";
    final List<ByteBuf> handedOver = new ArrayList<>();

    LoginClient(LoginPolicy policy, PendingLogins pending, RefusedLogins refused, SocketAddress address) {
        channel = new EmbeddedChannel() {
            @Override
            protected SocketAddress remoteAddress0() {
                return address;
            }
        };
        channel.freezeTime();
        channel.pipeline().addLast(new ClientLogin(policy, pending, refused, this));
    }

    LoginClient send(StartupPacket packet) {
        ByteBuf out = Unpooled.buffer();
        packet.encode(out);
        return sendBytes(out);
    }

    LoginClient send(FrontendMessage message) {
        ByteBuf out = Unpooled.buffer();
        message.encode(out);
        return sendBytes(out);
    }

    LoginClient sendBytes(ByteBuf bytes) {
        channel.writeInbound(bytes);
        return this;
    }

    LoginClient sendByteByByte(ByteBuf bytes) {
        while (bytes.isReadable()) channel.writeInbound(bytes.readRetainedSlice(1));
        bytes.release();
        return this;
    }

    LoginClient startup(String user, String database) {
        return send(startupMessage(user, database, 0));
    }

    static StartupMessage startupMessage(String user, String database, int minor) {
        var parameters = new LinkedHashMap<String, String>();
        parameters.put("user", user);
        parameters.put("database", database);
        parameters.put("application_name", "test");
        return new StartupMessage(StartupMessage.MAJOR, minor, parameters);
    }

    /// Runs a whole SCRAM exchange, after the start-up packet.
    LoginClient scram(String password) {
        var sasl = (AuthenticationSasl) last();
        ScramClient scram = ScramClient.begin(sasl.mechanisms(), new ScramSecret.Password(password), ChannelBinding.NONE,
                ScramClient.ITERATIONS_MAX_DEFAULT, new SecureRandom());
        send(new SaslInitialResponse(scram.mechanism(), Octets.ofText(scram.clientFirst())));
        if (last() instanceof AuthenticationSaslContinue(var challenge)) {
            send(new SaslResponse(Octets.ofText(scram.answer(challenge.text()).clientFinal())));
        }
        return this;
    }

    /// The single byte that answers SSLRequest or GSSENCRequest.
    char answer() {
        ByteBuf out = channel.readOutbound();
        try {
            return (char) out.readByte();
        } finally {
            out.release();
        }
    }

    /// All messages so far.
    List<BackendMessage> received() {
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            try {
                while (out.isReadable()) {
                    Frame frame = Frame.decode(out, FrameLimits.backendLogin()).orElseThrow();
                    received.add(BackendMessage.decode(frame.type(), frame.body()));
                    frame.release();
                }
            } finally {
                out.release();
            }
        }
        return received;
    }

    BackendMessage last() {
        return received().getLast();
    }

    ErrorResponse error() {
        return (ErrorResponse) last();
    }

    /// `SQLSTATE message`.
    String refusal() {
        return error().fields().code() + " " + error().fields().message();
    }

    boolean isOpen() {
        return channel.isOpen();
    }

    boolean reads() {
        return channel.config().isAutoRead();
    }

    int handlers() {
        return (int) channel.pipeline().toMap().values().stream().filter(ClientLogin.class::isInstance).count();
    }

    void pass(long seconds) {
        channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();
    }

    @Override
    public void authenticated(Channel client, ClientIdentity identity, ByteBuf bytes) {
        identities.add(identity);
        handedOver.add(bytes);
        early = bytes.toString(StandardCharsets.UTF_8);
        bytes.release();
    }

    @Override
    public CompletionStage<Void> cancel(int pid, byte[] secretKey, Channel client) {
        cancelled.add(pid);
        return cancelDelivered;
    }

    @Override
    public void refused(Refusal refusal, Channel client) {
        refusals.add(refusal);
    }

    Optional<ClientIdentity> identity() {
        return identities.stream().findFirst();
    }

    @Override
    public void close() {
        channel.finishAndReleaseAll();
    }
}
