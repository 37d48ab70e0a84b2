package org.pgkeel.bench.equivalence;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Frontend messages, gathered to be sent in one write.
///
/// Threading: confined to one thread.
final class Messages {
    private final ByteArrayOutputStream all = new ByteArrayOutputStream();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private final Charset charset;

    Messages() {
        this(StandardCharsets.UTF_8);
    }

    /// @param charset of statements; parameters are bytes already
    Messages(Charset charset) {
        this.charset = charset;
    }

    /// @param value  absent bytes (`isNull`) are NULL
    /// @param binary its format
    record Parameter(boolean isNull, byte[] value, boolean binary) {}

    Messages query(String sql) {
        return text(sql).end('Q');
    }

    Messages parse(String name, String sql, int[] types) {
        text(name).text(sql).int16(types.length);
        for (int type : types) int32(type);
        return end('P');
    }

    Messages bind(String statement, List<Parameter> parameters, int resultFormat) {
        text("").text(statement);
        boolean anyBinary = parameters.stream().anyMatch(Parameter::binary);
        int16(anyBinary ? parameters.size() : 0);
        if (anyBinary) parameters.forEach(p -> int16(p.binary ? 1 : 0));
        int16(parameters.size());
        for (Parameter parameter : parameters) {
            int32(parameter.isNull ? -1 : parameter.value.length);
            if (!parameter.isNull) body.writeBytes(parameter.value);
        }
        return int16(1).int16(resultFormat).end('B');
    }

    Messages describePortal() {
        body.write('P');
        return text("").end('D');
    }

    Messages describeStatement(String name) {
        body.write('S');
        return text(name).end('D');
    }

    Messages execute(int rowsMax) {
        return text("").int32(rowsMax).end('E');
    }

    Messages sync() {
        return end('S');
    }

    byte[] bytes() {
        return all.toByteArray();
    }

    private Messages text(String text) {
        body.writeBytes(text.getBytes(charset));
        body.write(0);
        return this;
    }

    private Messages int16(int value) {
        body.writeBytes(ByteBuffer.allocate(Short.BYTES).putShort((short) value).array());
        return this;
    }

    private Messages int32(int value) {
        body.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
        return this;
    }

    private Messages end(char type) {
        all.write(type);
        all.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(body.size() + Integer.BYTES).array());
        all.writeBytes(body.toByteArray());
        body.reset();
        return this;
    }
}
