package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/// Looks up fields in the body of an ErrorResponse or NoticeResponse without decoding the rest.
/// <https://www.postgresql.org/docs/current/protocol-error-fields.html>
public final class ErrorBody {
    private ErrorBody() {}

    /// @param body behind the length
    /// @return the field's text, empty if it is not there
    public static String field(byte[] body, char field) {
        int at = 0;
        while (at < body.length && body[at] != 0) {
            int end = at + 1;
            while (end < body.length && body[end] != 0) end++;
            if (body[at] == field) return new String(body, at + 1, end - at - 1, StandardCharsets.UTF_8);
            at = end + 1;
        }
        return "";
    }

    public static boolean hasSqlState(byte[] body, String sqlState) {
        return field(body, 'C').equals(sqlState);
    }

    static byte[] copy(ByteBuf in, int from, int to) {
        byte[] body = new byte[to - from];
        in.getBytes(from, body);
        return body;
    }
}
