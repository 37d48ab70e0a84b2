package org.pgkeel.protocol.backend;

import io.netty.buffer.ByteBuf;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.protocol.wire.MessageReader;
import org.pgkeel.protocol.wire.MessageWriter;
import org.pgkeel.protocol.wire.ProtocolViolation;

/// The fields of an ErrorResponse or NoticeResponse, in the order they came, those that nobody here knows included.
/// The texts may be in the server's own encoding before the login is over, so bytes that are not UTF-8 are replaced.
/// <https://www.postgresql.org/docs/current/protocol-error-fields.html>
/// @param byType the fields by their type byte as a character; severity, SQLSTATE and message are always there
public record ErrorFields(SequencedMap<Character, String> byType) {
    public static final char SEVERITY_LOCALIZED = 'S';
    public static final char SEVERITY = 'V';
    public static final char SQLSTATE = 'C';
    public static final char MESSAGE = 'M';
    public static final char DETAIL = 'D';
    public static final char HINT = 'H';
    public static final char ROUTINE = 'R';

    public ErrorFields {
        byType = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(byType));
        for (char needed : new char[] {SEVERITY_LOCALIZED, SQLSTATE, MESSAGE}) {
            if (!byType.containsKey(needed)) throw new ProtocolViolation("error fields: no field '" + needed + "'");
        }
    }

    static ErrorFields of(Severity severity, SqlState sqlState, String message) {
        var fields = new LinkedHashMap<Character, String>();
        fields.put(SEVERITY_LOCALIZED, severity.name());
        fields.put(SEVERITY, severity.name());
        fields.put(SQLSTATE, sqlState.code());
        fields.put(MESSAGE, message);
        return new ErrorFields(fields);
    }

    /// The same with this field set.
    public ErrorFields with(char type, String text) {
        var fields = new LinkedHashMap<>(byType);
        fields.put(type, text);
        return new ErrorFields(fields);
    }

    /// The severity; ERROR if the sender has only a translated word for it (servers before 9.6).
    public Severity severity() {
        return Severity.named(byType.getOrDefault(SEVERITY, text(SEVERITY_LOCALIZED))).orElse(Severity.ERROR);
    }

    /// The SQLSTATE. A string, because a server sends codes that [SqlState] has no name for.
    public String code() {
        return text(SQLSTATE);
    }

    public String message() {
        return text(MESSAGE);
    }

    public Optional<String> detail() {
        return field(DETAIL);
    }

    public Optional<String> hint() {
        return field(HINT);
    }

    public Optional<String> field(char type) {
        return Optional.ofNullable(byType.get(type));
    }

    private String text(char always) {
        return byType.getOrDefault(always, "");
    }

    static ErrorFields decode(MessageReader in) {
        var fields = new LinkedHashMap<Character, String>();
        for (byte type = in.int8(); type != 0; type = in.int8()) {
            fields.put((char) Byte.toUnsignedInt(type), in.displayText());
        }
        return new ErrorFields(fields);
    }

    void encode(ByteBuf out) {
        for (Map.Entry<Character, String> field : byType.entrySet()) {
            out.writeByte(field.getKey());
            MessageWriter.cString(out, field.getValue());
        }
        out.writeByte(0);
    }

    /// Without DETAIL and the rest, which may quote a client's row.
    @Override public String toString() {
        return severity() + " " + code() + ": " + message();
    }
}
