package org.pgkeel.bench.client;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Frontend messages of the extended protocol, gathered to be sent in one write. All parameters and results are text.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html>
///
/// Threading: confined to one thread.
public final class Requests {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /// Parse, Bind and Execute of the unnamed statement and portal.
    public Requests query(String sql, List<String> parameters) {
        return message('P', out -> {
            out.writeByte(0);
            text(out, sql);
            out.writeShort(0);
        }).execute("", parameters);
    }

    /// A Query.
    public Requests simple(String sql) {
        return message('Q', out -> text(out, sql));
    }

    /// Bind and Execute of a statement that was prepared; the empty name is that of the unnamed one.
    public Requests execute(String statement, List<String> parameters) {
        return message('B', out -> {
            out.writeByte(0);
            text(out, statement);
            out.writeShort(0);
            out.writeShort(parameters.size());
            for (String parameter : parameters) {
                byte[] value = parameter.getBytes(StandardCharsets.UTF_8);
                out.writeInt(value.length);
                out.write(value);
            }
            out.writeShort(0);
        }).message('E', out -> {
            out.writeByte(0);
            out.writeInt(0);
        });
    }

    /// Parse of a named statement.
    ///
    /// @param types oids of the parameters' types, 0 for one that the server finds out
    public Requests prepare(String name, String sql, int... types) {
        return message('P', out -> {
            text(out, name);
            text(out, sql);
            out.writeShort(types.length);
            for (int type : types) out.writeInt(type);
        });
    }

    public Requests sync() {
        return message('S', _ -> { });
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    private interface Body {
        void write(DataOutputStream out) throws IOException;
    }

    private Requests message(char type, Body body) {
        var content = new ByteArrayOutputStream();
        try {
            body.write(new DataOutputStream(content));
            var out = new DataOutputStream(bytes);
            out.writeByte(type);
            out.writeInt(content.size() + Integer.BYTES);
            content.writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.writeByte(0);
    }
}
