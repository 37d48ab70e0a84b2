package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.statement.StatementClass;

/// Reads the unit that a client's bytes begin with: a Query, or the messages of the extended protocol up to their Sync. It runs on one
/// server as a whole.
///
/// Threading: one call, on the session's event loop.
final class UnitReader {
    /// Hears of the statements of a unit, in their order.
    interface Listener {
        /// In a Query or a Parse.
        /// @param from where the text begins; its terminator stands at `to`
        void text(StatementClass kind, ByteBuf in, int from, int to);

        /// Prepared before the unit, or kept prepared for all who say the same.
        void prepared(StatementClass kind, SharedStatement statement);
    }

    private final ClientSession session;
    private final Listener listener;
    /// What the unit itself has prepared by then: without a name, and with one.
    private boolean parsedUnnamed;
    private Set<String> parsed = Set.of();

    private UnitReader(ClientSession session, Listener listener) {
        this.session = session;
        this.listener = listener;
    }

    /// @return false if the unit is not there as a whole, or there is something in it that is not understood
    static boolean read(ClientSession session, ByteBuf in, int at, int end, Listener listener) {
        return new UnitReader(session, listener).read(in, at, end);
    }

    private boolean read(ByteBuf in, int at, int end) {
        int first = at;
        while (end - at >= 5) {
            byte type = in.getByte(at);
            int length = in.getInt(at + 1);
            if (length < 4 || length > end - at - 1) return false;
            int next = at + 1 + length;
            switch (type) {
                case FrontendType.QUERY -> {
                    if (at != first || in.getByte(next - 1) != 0) return false;
                    listener.text(session.statements().classOf(in, at + 5, next - 1), in, at + 5, next - 1);
                    return true;
                }
                case FrontendType.SYNC -> {
                    return true;
                }
                case FrontendType.PARSE -> {
                    if (!parse(in, at + 5, next)) return false;
                }
                case FrontendType.BIND -> {
                    int portalEnd = in.indexOf(at + 5, next, (byte) 0);
                    if (portalEnd < 0 || !statement(in, portalEnd + 1, next)) return false;
                }
                case FrontendType.DESCRIBE -> {
                    if (length < 6 || in.getByte(at + 5) == 'S' && !statement(in, at + 6, next)) return false;
                }
                case FrontendType.EXECUTE, FrontendType.CLOSE, FrontendType.FLUSH -> { }
                default -> {
                    return false;
                }
            }
            at = next;
        }
        return false;
    }

    private boolean parse(ByteBuf in, int nameFrom, int next) {
        int nameEnd = in.indexOf(nameFrom, next, (byte) 0);
        int textEnd = nameEnd < 0 ? -1 : in.indexOf(nameEnd + 1, next, (byte) 0);
        if (textEnd < 0) return false;
        if (nameEnd == nameFrom) {
            parsedUnnamed = true;
        } else {
            if (parsed.isEmpty()) parsed = new HashSet<>(2);
            parsed.add(in.toString(nameFrom, nameEnd - nameFrom, StandardCharsets.ISO_8859_1));
        }
        // What is kept prepared knows its class: no need to look into the text again.
        SharedStatement kept = nameEnd == nameFrom ? session.walk().parsing().known(in, nameEnd + 1, next) : null;
        if (kept != null) listener.prepared(session.statements().classOf(kept), kept);
        else listener.text(session.statements().classOf(in, nameEnd + 1, textEnd), in, nameEnd + 1, textEnd);
        return true;
    }

    private boolean statement(ByteBuf in, int nameFrom, int next) {
        int nameEnd = in.indexOf(nameFrom, next, (byte) 0);
        if (nameEnd < 0) return false;
        boolean isUnnamed = nameEnd == nameFrom;
        if (isUnnamed ? parsedUnnamed : !parsed.isEmpty() && parsed.contains(in.toString(nameFrom, nameEnd - nameFrom, StandardCharsets.ISO_8859_1))) return true;
        @Nullable SharedStatement statement = isUnnamed ? session.statements().unnamed() : session.statements().get(in, nameFrom, nameEnd);
        if (statement == null) return false;
        listener.prepared(session.statements().classOf(statement), statement);
        return true;
    }
}
