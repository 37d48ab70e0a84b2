package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;
import org.pgkeel.protocol.wire.ProtocolViolation;

/// The messages of type `R`: the server's side of the login. An Int32 after the length tells them apart.
/// <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP>
public sealed interface Authentication extends BackendMessage
        permits AuthenticationCleartextPassword, AuthenticationMd5Password, AuthenticationOk, AuthenticationSasl,
                AuthenticationSaslContinue, AuthenticationSaslFinal {

    /// @throws ProtocolViolation if the request is one that nobody here can answer (GSSAPI, SSPI), or malformed
    static Authentication decode(ByteBuf body) {
        var in = new MessageReader("Authentication", body);
        int request = in.int32();
        Authentication message = switch (request) {
            case AuthenticationOk.REQUEST -> AuthenticationOk.INSTANCE;
            case AuthenticationCleartextPassword.REQUEST -> AuthenticationCleartextPassword.INSTANCE;
            case AuthenticationMd5Password.REQUEST ->
                    new AuthenticationMd5Password(in.octets(AuthenticationMd5Password.SALT_BYTES));
            case AuthenticationSasl.REQUEST -> AuthenticationSasl.decode(in);
            case AuthenticationSaslContinue.REQUEST -> new AuthenticationSaslContinue(in.rest());
            case AuthenticationSaslFinal.REQUEST -> new AuthenticationSaslFinal(in.rest());
            default -> throw in.violation("unsupported request " + request);
        };
        in.end();
        return message;
    }

    /// Begins a message of type `R`.
    /// @return the mark for [MessageWriter#end]
    static int begin(ByteBuf out, int request) {
        int mark = MessageWriter.begin(out, BackendType.AUTHENTICATION);
        out.writeInt(request);
        return mark;
    }
}
