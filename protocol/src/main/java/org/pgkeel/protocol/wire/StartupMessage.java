package org.pgkeel.protocol.wire;

import io.netty.buffer.ByteBuf;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/// `StartupMessage`: who wants to work on which database, and the settings to begin with.
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-STARTUPMESSAGE>
/// @param major      always 3
/// @param minor      as the client asked; one that the server does not know is answered by NegotiateProtocolVersion
/// @param parameters in the client's order, `user` and protocol options (`_pq_.*`) included; of a setting named twice the
///                   last one counts, as in PostgreSQL
public record StartupMessage(int major, int minor, SequencedMap<String, String> parameters) implements StartupPacket {
    public static final int MAJOR = 3;
    /// More are refused: a parameter of three bytes takes a hundred when it is read, and whoever sends it has proved nothing yet.
    static final int PARAMETERS_MAX = 200;
    /// Names that begin so ask for protocol extensions, not for settings.
    public static final String PROTOCOL_OPTION_PREFIX = "_pq_.";
    private static final String USER = "user";
    private static final String DATABASE = "database";

    public StartupMessage {
        parameters = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(parameters));
        if (parameters.getOrDefault(USER, "").isEmpty()) throw new ProtocolViolation("StartupMessage: no user name");
    }

    /// Protocol 3.0, which every server speaks.
    public static StartupMessage of(SequencedMap<String, String> parameters) {
        return new StartupMessage(MAJOR, 0, parameters);
    }

    public String user() {
        return parameters.getOrDefault(USER, "");
    }

    /// The database asked for; the user's name if none was.
    public String database() {
        String database = parameters.getOrDefault(DATABASE, "");
        return database.isEmpty() ? user() : database;
    }

    static StartupMessage decode(int major, int minor, ByteBuf body) {
        var in = new MessageReader("StartupMessage", body);
        if (major != MAJOR) throw in.violation("unsupported frontend protocol " + major + "." + minor);
        var parameters = new LinkedHashMap<String, String>();
        for (String name = in.cString(); !name.isEmpty(); name = in.cString()) {
            // Two users or two databases: a check of one and a use of the other would be a hole.
            if (parameters.containsKey(name) && (name.equals(USER) || name.equals(DATABASE))) {
                throw in.violation(name + " given twice");
            }
            parameters.putLast(name, in.cString());
            if (parameters.size() > PARAMETERS_MAX) throw in.violation("more than " + PARAMETERS_MAX + " parameters");
        }
        in.end();
        return new StartupMessage(major, minor, parameters);
    }

    @Override public void encode(ByteBuf out) {
        int mark = MessageWriter.beginUntyped(out);
        out.writeShort(major).writeShort(minor);
        for (Map.Entry<String, String> parameter : parameters.entrySet()) {
            MessageWriter.cString(out, parameter.getKey());
            MessageWriter.cString(out, parameter.getValue());
        }
        out.writeByte(0);
        MessageWriter.end(out, mark);
    }
}
