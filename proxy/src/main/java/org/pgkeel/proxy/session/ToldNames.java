package org.pgkeel.proxy.session;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.prepare.NamedStatements;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.relay.ErrorBody;

/// Error messages about prepared statements in the client's words: the server knows a statement by the proxy's name, `pgkeel_12`, the client by its own.
///
/// Threading: confined to the session's event loop.
final class ToldNames {
    /// No such statement, wrong number of parameters (Bind, EXECUTE), a statement of that name exists.
    private static final Set<String> ABOUT_STATEMENTS = Set.of("26000", "08P01", "42601", "42P05");
    private static final String NO_SUCH_STATEMENT = "26000";
    /// [SqlStatementNames] puts it in front of a name of the client's that could be one of the proxy's.
    static final String CLIENTS = "client's ";
    private static final String PREFIX = '"' + SharedStatement.NAME_PREFIX;
    /// Of statements that the name does not stand for, while the server still answers what was sent with them.
    private static final int GONE_MAX = 8;

    private final NamedStatements names;
    private final ArrayDeque<Gone> gone = new ArrayDeque<>();

    private record Gone(byte[] name, SharedStatement statement) {}

    ToldNames(NamedStatements names) {
        this.names = names;
    }

    /// The client's name does not stand for the statement any more: it is deallocated, or was never made.
    void gone(byte[] name, SharedStatement statement) {
        if (gone.size() == GONE_MAX) gone.removeFirst();
        gone.addLast(new Gone(name, statement));
    }

    /// A backend has the statement in the place of what the client has by the name.
    void isCalled(byte[] name, SharedStatement statement) {
        gone(name, statement);
    }

    /// @param unnamed the client's unnamed statement
    /// @return the body of the error with the client's name in its message; null if it names none of its statements
    byte @Nullable [] told(byte[] errorBody, @Nullable SharedStatement unnamed) {
        String sqlState = ErrorBody.field(errorBody, 'C');
        if (!ABOUT_STATEMENTS.contains(sqlState)) return null;
        String message = ErrorBody.field(errorBody, 'M');
        if (message.contains('"' + CLIENTS + SharedStatement.NAME_PREFIX)) return withMessage(errorBody, message.replace('"' + CLIENTS, "\""));
        int from = message.indexOf(PREFIX);
        int to = from < 0 ? -1 : message.indexOf('"', from + 1);
        if (to < 0) return null;
        byte[] name = nameOf(message.substring(from + 1, to), unnamed);
        if (name == null) return null;
        String told = name.length == 0 && sqlState.equals(NO_SUCH_STATEMENT) ? "unnamed prepared statement does not exist"
                : message.substring(0, from + 1) + new String(name, StandardCharsets.UTF_8) + message.substring(to);
        return withMessage(errorBody, told);
    }

    private byte @Nullable [] nameOf(String proxyName, @Nullable SharedStatement unnamed) {
        byte[] wanted = proxyName.getBytes(StandardCharsets.US_ASCII);
        for (Iterator<Gone> last = gone.descendingIterator(); last.hasNext(); ) {
            Gone each = last.next();
            if (each.statement.isNamed(wanted)) return each.name;
        }
        if (unnamed != null && unnamed.isNamed(wanted)) return new byte[0];
        return names.nameOf(wanted);
    }

    private static byte[] withMessage(byte[] body, String message) {
        var out = new ByteArrayOutputStream(body.length);
        for (int at = 0; at < body.length && body[at] != 0; ) {
            int end = at;
            while (end < body.length && body[end] != 0) end++;
            if (body[at] == 'M') {
                out.write('M');
                out.writeBytes(message.getBytes(StandardCharsets.UTF_8));
            } else {
                out.write(body, at, end - at);
            }
            out.write(0);
            at = end + 1;
        }
        out.write(0);
        return out.toByteArray();
    }
}
