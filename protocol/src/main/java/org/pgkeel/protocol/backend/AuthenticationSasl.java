package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `AuthenticationSASL` (backend, `R`, request 10): choose one of these SASL mechanisms.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-AUTHENTICATIONSASL>
/// @param mechanisms names, the server's favourite first
public record AuthenticationSasl(List<String> mechanisms) implements Authentication {
    static final int REQUEST = 10;

    public AuthenticationSasl {
        mechanisms = List.copyOf(mechanisms);
    }

    static AuthenticationSasl decode(MessageReader in) {
        var mechanisms = new ArrayList<String>();
        for (String name = in.cString(); !name.isEmpty(); name = in.cString()) mechanisms.add(name);
        return new AuthenticationSasl(mechanisms);
    }

    @Override public void encode(ByteBuf out) {
        int mark = Authentication.begin(out, REQUEST);
        for (String mechanism : mechanisms) MessageWriter.cString(out, mechanism);
        out.writeByte(0);
        MessageWriter.end(out, mark);
    }
}
