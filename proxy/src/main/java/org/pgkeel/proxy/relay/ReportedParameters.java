package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.ProtocolViolation;

/// What the server reports of its parameters: whose doing it was, and what the client hears of it. In a [Block] the server reports at each ReadyForQuery; the
/// client hears at the last one of what is not as it knows it then, as the server itself would tell it.
///
/// Threading: confined to the connection's event loop.
final class ReportedParameters {
    private final BackendConnection connection;
    private final ReplyRuns runs;

    ReportedParameters(BackendConnection connection, ReplyRuns runs) {
        this.connection = connection;
        this.runs = runs;
    }

    /// A whole ParameterStatus.
    /// @param aside that it is a reply to; null if it is one to the client's doing
    int came(ByteBuf in, int from, int at, int next, @Nullable Aside aside) {
        int nameEnd = in.indexOf(at + 5, next, (byte) 0);
        int valueEnd = nameEnd < 0 ? -1 : in.indexOf(nameEnd + 1, next, (byte) 0);
        if (valueEnd < 0) throw new ProtocolViolation("ParameterStatus: not two strings");
        String name = in.toString(at + 5, nameEnd - at - 5, StandardCharsets.UTF_8);
        String value = in.toString(nameEnd + 1, valueEnd - nameEnd - 1, StandardCharsets.UTF_8);
        if (aside != null) {
            aside.parameterStatus(name, value);
            return aside.tellsClient(name, value) && connection.lessee() != null ? from : runs.drop(in, from, at, next);
        }
        Lessee client = connection.lessee();
        if (client == null) return next;
        if (connection.exchange().block().keepsReport(name, value)) return runs.drop(in, from, at, next);
        String told = client.parameterStatus(name, value);
        if (told == null) return runs.drop(in, from, at, next);
        int start = runs.behindKept(in, from, at);
        if (told.equals(value)) return start;
        start = runs.drop(in, start, at, next);
        tell(client, name, told);
        return start;
    }

    /// ReadyForQuery of the client comes: what was kept stands in front of it.
    int atEndOfBlock(ByteBuf in, int from, int at) {
        Map<String, String> reports = connection.exchange().block().takeReports();
        if (reports.isEmpty()) return from;
        int start = runs.drop(in, from, at, at);
        Lessee client = connection.client();
        for (Map.Entry<String, String> report : reports.entrySet()) {
            if (client.knows(report.getKey(), report.getValue())) continue;
            String told = client.parameterStatus(report.getKey(), report.getValue());
            if (told != null) tell(client, report.getKey(), told);
        }
        return start;
    }

    private static void tell(Lessee client, String name, String value) {
        byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        byte[] valueBytes = value.getBytes(StandardCharsets.UTF_8);
        int length = nameBytes.length + valueBytes.length + 6;
        client.toClient().room(length + 1).writeByte(BackendType.PARAMETER_STATUS).writeInt(length)
                .writeBytes(nameBytes).writeByte(0).writeBytes(valueBytes).writeByte(0);
    }
}
