package org.pgkeel.proxy.login;

import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.pgkeel.protocol.backend.NegotiateProtocolVersion;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.proxy.backend.Credential;
import org.pgkeel.proxy.refusal.Refusal;

/// What a StartupMessage asks for, and which version is spoken from there on.
record StartupRequest(StartupMessage message) {
    /// The newest minor version spoken here: 3.2, which has long cancel keys. There never was a 3.1.
    static final int MINOR_MAX = 2;
    /// The "version" of SSLRequest, GSSENCRequest and CancelRequest.
    private static final int SPECIAL_MAJOR = 1234;

    /// Whether the packet at the head of the input is of another major version: seen before it is decoded, because what
    /// another version means by its content is not known.
    static Optional<Refusal> unsupported(ByteBuf input, int bytesMax) {
        if (input.readableBytes() < 8) return Optional.empty();
        int length = input.getInt(input.readerIndex());
        int major = input.getUnsignedShort(input.readerIndex() + 4);
        int minor = input.getUnsignedShort(input.readerIndex() + 6);
        boolean known = major == StartupMessage.MAJOR || major == SPECIAL_MAJOR || length < 8 || length > bytesMax;
        return known ? Optional.empty() : Optional.of(LoginRefusals.unsupportedProtocol(major, minor));
    }

    String user() {
        return message.user();
    }

    String database() {
        return message.database();
    }

    /// @return empty if its `replication` means nothing
    Optional<AuthRules.Purpose> purpose() {
        return Replication.of(message.parameters()).map(replication -> switch (replication) {
            case PHYSICAL -> AuthRules.Purpose.PHYSICAL_REPLICATION;
            case LOGICAL, NONE -> AuthRules.Purpose.SESSION;
        });
    }

    int minorInForce() {
        return message.minor() >= MINOR_MAX ? MINOR_MAX : 0;
    }

    /// What to tell a client that asks for a newer minor version, or for options that nobody here knows.
    Optional<NegotiateProtocolVersion> negotiation() {
        List<String> options = message.parameters().keySet().stream().filter(StartupRequest::isProtocolOption).toList();
        return message.minor() > MINOR_MAX || !options.isEmpty()
                ? Optional.of(new NegotiateProtocolVersion(StartupMessage.MAJOR, Math.min(message.minor(), MINOR_MAX), options))
                : Optional.empty();
    }

    ClientIdentity identity(ConnectionKind kind, SocketAddress address, Credential credential) {
        var parameters = new LinkedHashMap<>(message.parameters());
        parameters.keySet().removeIf(name -> name.equals("user") || name.equals("database") || isProtocolOption(name));
        return new ClientIdentity(user(), database(), parameters, minorInForce(), kind, address, credential);
    }

    private static boolean isProtocolOption(String name) {
        return name.startsWith(StartupMessage.PROTOCOL_OPTION_PREFIX);
    }
}
