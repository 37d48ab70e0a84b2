package org.pgkeel.proxy.coalesce;

import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// Why a server refused a batch.
///
/// @param body of the ErrorResponse behind its length
/// @param at   what it was answering; null at the commit
record BatchError(byte[] body, @Nullable Step at) {
    /// The field's text, empty if it is not there.
    String field(char code) {
        for (int i = 0; i < body.length && body[i] != 0; ) {
            int end = i + 1;
            while (end < body.length && body[end] != 0) end++;
            if (body[i] == code) return new String(body, i + 1, end - i - 1, StandardCharsets.ISO_8859_1);
            i = end + 1;
        }
        return "";
    }

    /// FATAL or PANIC: the server closes the connection.
    boolean endsSession() {
        String severity = field('V');
        return severity.equals("FATAL") || severity.equals("PANIC");
    }

    String sqlState() {
        return field('C');
    }

    /// The line of the COPY that the server names, counted from 1. The text behind it is a client's own and may pretend to be
    /// another such line: the first one counts. It only says whom to suspect.
    OptionalInt line() {
        for (String line : field('W').split("\n")) {
            if (!line.startsWith("COPY ")) continue;
            int at = line.indexOf(", line ");
            if (at < 0) continue;
            int from = at + ", line ".length();
            int to = from;
            while (to < line.length() && to - from < 9 && Character.isDigit(line.charAt(to))) to++;
            if (to > from) return OptionalInt.of(Integer.parseInt(line.substring(from, to)));
        }
        return OptionalInt.empty();
    }
}
