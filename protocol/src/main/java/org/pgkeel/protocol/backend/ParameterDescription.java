package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `ParameterDescription` (backend, `t`): the parameter types of a described statement.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-PARAMETERDESCRIPTION>
public record ParameterDescription(List<Integer> typeOids) implements BackendMessage {
    public ParameterDescription {
        typeOids = List.copyOf(typeOids);
    }

    public static ParameterDescription decode(ByteBuf body) {
        var in = new MessageReader("ParameterDescription", body);
        List<Integer> typeOids = in.oids();
        in.end();
        return new ParameterDescription(typeOids);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.begin(out, BackendType.PARAMETER_DESCRIPTION);
        MessageWriter.oids(out, typeOids);
        MessageWriter.end(out, mark);
    }
}
