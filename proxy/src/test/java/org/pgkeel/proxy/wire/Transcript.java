package org.pgkeel.proxy.wire;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.backend.ErrorFields;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.NoticeResponse;
import org.pgkeel.protocol.backend.NotificationResponse;
import org.pgkeel.protocol.backend.RowDescription;
import org.pgkeel.protocol.wire.Octets;

/// What one client heard, in lines that are equal wherever it heard it: no process ids, no object ids, no source lines of the server.
///
/// Threading: confined to one thread.
final class Transcript {
    private final List<String> lines = new ArrayList<>();

    void said(String what) {
        lines.add("> " + what);
    }

    void heard(BackendMessage message) {
        lines.add(line(message));
    }

    void remark(String text) {
        lines.add("# " + text);
    }

    List<String> lines() {
        return lines;
    }

    private static String line(BackendMessage message) {
        return switch (message) {
            case ErrorResponse(var fields) -> "ErrorResponse " + told(fields);
            case NoticeResponse(var fields) -> "NoticeResponse " + told(fields);
            case NotificationResponse(_, var channel, var payload) -> "NotificationResponse " + channel + " " + payload;
            case RowDescription(var columns) -> "RowDescription " + columns.stream()
                    .map(column -> column.name() + ":" + column.typeOid() + ":" + column.format()).collect(Collectors.joining(" "));
            case DataRow(var values) -> "DataRow " + values.stream()
                    .map(value -> value instanceof Octets octets ? octets.text() : "NULL").collect(Collectors.joining("|"));
            default -> message.toString();
        };
    }

    /// Position is left out.
    private static String told(ErrorFields fields) {
        return fields + fields.detail().map(text -> " DETAIL " + text).orElse("") + fields.hint().map(text -> " HINT " + text).orElse("");
    }
}
