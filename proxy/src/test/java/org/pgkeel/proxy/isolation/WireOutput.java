package org.pgkeel.proxy.isolation;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/// Frontend messages, gathered in the order of the calls. Written apart from the proxy's own codec, so that an error there shows.
/// Threading: confined to its client.
final class WireOutput {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    byte[] take() {
        byte[] taken = bytes.toByteArray();
        bytes.reset();
        return taken;
    }

    boolean isEmpty() {
        return bytes.size() == 0;
    }

    static byte[] startup(Map<String, String> parameters) {
        var body = new ByteArrayOutputStream();
        number(body, 3 << 16);
        parameters.forEach((name, value) -> {
            text(body, name);
            text(body, value);
        });
        body.write(0);
        return withLength(body.toByteArray());
    }

    static byte[] cancel(int pid, byte[] secret) {
        return withLength(ByteBuffer.allocate(8 + secret.length).putInt(80877102).putInt(pid).put(secret).array());
    }

    WireOutput query(String sql) {
        return message('Q', body -> text(body, sql));
    }

    WireOutput parse(String name, String sql) {
        return message('P', body -> {
            text(body, name);
            text(body, sql);
            shortNumber(body, 0);
        });
    }

    /// All in text format.
    WireOutput bind(String portal, String statement, List<String> values) {
        return message('B', body -> {
            text(body, portal);
            text(body, statement);
            shortNumber(body, 0);
            shortNumber(body, values.size());
            for (String value : values) {
                byte[] encoded = value.getBytes(StandardCharsets.UTF_8);
                number(body, encoded.length);
                body.writeBytes(encoded);
            }
            shortNumber(body, 0);
        });
    }

    WireOutput describePortal(String portal) {
        return message('D', body -> {
            body.write('P');
            text(body, portal);
        });
    }

    WireOutput execute(String portal, int rowsMax) {
        return message('E', body -> {
            text(body, portal);
            number(body, rowsMax);
        });
    }

    WireOutput closeStatement(String name) {
        return message('C', body -> {
            body.write('S');
            text(body, name);
        });
    }

    WireOutput sync() {
        return message('S', _ -> {});
    }

    WireOutput terminate() {
        return message('X', _ -> {});
    }

    WireOutput saslInitial(String mechanism, String first) {
        return message('p', body -> {
            text(body, mechanism);
            byte[] encoded = first.getBytes(StandardCharsets.UTF_8);
            number(body, encoded.length);
            body.writeBytes(encoded);
        });
    }

    WireOutput sasl(String response) {
        return message('p', body -> body.writeBytes(response.getBytes(StandardCharsets.UTF_8)));
    }

    WireOutput copyData(String data) {
        return message('d', body -> body.writeBytes(data.getBytes(StandardCharsets.UTF_8)));
    }

    WireOutput copyDone() {
        return message('c', _ -> {});
    }

    WireOutput copyFail(String reason) {
        return message('f', body -> text(body, reason));
    }

    private interface Body {
        void writeTo(ByteArrayOutputStream out);
    }

    private WireOutput message(char type, Body body) {
        var content = new ByteArrayOutputStream();
        body.writeTo(content);
        bytes.write(type);
        bytes.writeBytes(withLength(content.toByteArray()));
        return this;
    }

    private static byte[] withLength(byte[] body) {
        return ByteBuffer.allocate(4 + body.length).putInt(4 + body.length).put(body).array();
    }

    private static void text(ByteArrayOutputStream out, String value) {
        out.writeBytes(value.getBytes(StandardCharsets.UTF_8));
        out.write(0);
    }

    private static void number(ByteArrayOutputStream out, int value) {
        out.writeBytes(ByteBuffer.allocate(4).putInt(value).array());
    }

    private static void shortNumber(ByteArrayOutputStream out, int value) {
        out.writeBytes(ByteBuffer.allocate(2).putShort((short) value).array());
    }
}
