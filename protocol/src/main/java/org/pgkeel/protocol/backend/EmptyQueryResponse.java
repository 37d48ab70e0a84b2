package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;

/// `EmptyQueryResponse` (backend, `I`): the query was empty; stands in for CommandComplete.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-EMPTYQUERYRESPONSE>
public enum EmptyQueryResponse implements BackendMessage {
    INSTANCE;

    public static EmptyQueryResponse decode(ByteBuf body) {
        new MessageReader("EmptyQueryResponse", body).end();
        return INSTANCE;
    }

    @Override public void encode(ByteBuf out) {
        MessageWriter.empty(out, BackendType.EMPTY_QUERY_RESPONSE);
    }
}
