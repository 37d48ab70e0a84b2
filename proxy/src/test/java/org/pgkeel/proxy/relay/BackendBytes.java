package org.pgkeel.proxy.relay;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// What a server says, message after message.
final class BackendBytes {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    static BackendBytes server() {
        return new BackendBytes();
    }

    BackendBytes raw(int type, int length) {
        bytes.write(type);
        bytes.writeBytes(ByteBuffer.allocate(4).putInt(length).array());
        return this;
    }

    BackendBytes message(char type, byte... body) {
        raw(type, body.length + 4);
        bytes.writeBytes(body);
        return this;
    }

    BackendBytes message(char type, String body) {
        return message(type, body.getBytes(StandardCharsets.UTF_8));
    }

    BackendBytes then(BackendBytes others) {
        bytes.writeBytes(others.bytes());
        return this;
    }

    BackendBytes ready(char status) {
        return message('Z', (byte) status);
    }

    BackendBytes complete(String tag) {
        return message('C', tag + "\0");
    }

    BackendBytes row(String value) {
        byte[] text = value.getBytes(StandardCharsets.UTF_8);
        return message('D', ByteBuffer.allocate(6 + text.length).putShort((short) 1).putInt(text.length).put(text).array());
    }

    BackendBytes columns() {
        return message('T', "\0\1a\0\0\0\0\0\0\0\0\0\0\31\377\377\377\377\377\377\0\0".getBytes(StandardCharsets.ISO_8859_1));
    }

    BackendBytes error(String severity, String sqlState) {
        return message('E', "SERROR\0V" + severity + "\0C" + sqlState + "\0Mno\0\0");
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }
}
