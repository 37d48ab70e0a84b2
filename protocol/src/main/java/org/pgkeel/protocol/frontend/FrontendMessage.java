package org.pgkeel.protocol.frontend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.Frame;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.ProtocolViolation;

/// One message of a client after its start-up packet.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html>
public sealed interface FrontendMessage
        permits Bind, Close, CopyData, CopyDone, CopyFail, Describe, Execute, Flush, FunctionCall, Parse, PasswordMessage,
                Query, SaslInitialResponse, SaslResponse, Sync, Terminate {

    /// Writes the message, type byte and length prefix included.
    void encode(ByteBuf out);

    /// @param body the bytes after the length prefix, read to their end and not kept
    /// @throws ProtocolViolation if the type does not exist or may not come in this phase, or the body is malformed
    static FrontendMessage decode(FrontendPhase phase, byte type, ByteBuf body) {
        return switch (phase) {
            case PASSWORD -> PasswordMessage.decode(loginBody(type, body));
            case SASL_INITIAL -> SaslInitialResponse.decode(loginBody(type, body));
            case SASL_RESPONSE -> SaslResponse.decode(loginBody(type, body));
            case LOGGED_IN -> switch (type) {
                case FrontendType.BIND -> Bind.decode(body);
                case FrontendType.CLOSE -> Close.decode(body);
                case FrontendType.COPY_DATA -> CopyData.decode(body);
                case FrontendType.COPY_DONE -> CopyDone.decode(body);
                case FrontendType.COPY_FAIL -> CopyFail.decode(body);
                case FrontendType.DESCRIBE -> Describe.decode(body);
                case FrontendType.EXECUTE -> Execute.decode(body);
                case FrontendType.FLUSH -> Flush.decode(body);
                case FrontendType.FUNCTION_CALL -> FunctionCall.decode(body);
                case FrontendType.PARSE -> Parse.decode(body);
                case FrontendType.QUERY -> Query.decode(body);
                case FrontendType.SYNC -> Sync.decode(body);
                case FrontendType.TERMINATE -> Terminate.decode(body);
                default -> throw new ProtocolViolation(Frame.name(type) + " is not expected from a client");
            };
        };
    }

    private static ByteBuf loginBody(byte type, ByteBuf body) {
        if (type != FrontendType.PASSWORD) throw new ProtocolViolation(Frame.name(type) + " is not expected during the login");
        return body;
    }
}
