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
                    int portalEnd = nameEnd(in, at + 5, next);
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
        int nameEnd = nameEnd(in, nameFrom, next);
        if (nameEnd < 0) return false;
        int text = nameEnd + 1;
        if (nameEnd == nameFrom) {
            parsedUnnamed = true;
            // What is kept prepared knows its class: no need to look into the text again.
            SharedStatement kept = session.walk().parsing().known(in, text, next);
            if (kept != null) {
                listener.prepared(session.statements().classOf(kept), kept);
                return true;
            }
        } else {
            if (parsed.isEmpty()) parsed = new HashSet<>(2);
            parsed.add(in.toString(nameFrom, nameEnd - nameFrom, StandardCharsets.ISO_8859_1));
        }
        int textEnd = in.indexOf(text, next, (byte) 0);
        if (textEnd < 0) return false;
        listener.text(session.statements().classOf(in, text, textEnd), in, text, textEnd);
        return true;
    }

    private boolean statement(ByteBuf in, int nameFrom, int next) {
        int nameEnd = nameEnd(in, nameFrom, next);
        if (nameEnd < 0) return false;
        boolean isUnnamed = nameEnd == nameFrom;
        if (isUnnamed ? parsedUnnamed : !parsed.isEmpty() && parsed.contains(in.toString(nameFrom, nameEnd - nameFrom, StandardCharsets.ISO_8859_1))) return true;
        @Nullable SharedStatement statement = isUnnamed ? session.statements().unnamed() : session.statements().get(in, nameFrom, nameEnd);
        if (statement == null) return false;
        listener.prepared(session.statements().classOf(statement), statement);
        return true;
    }

    /// Most names are empty, which is seen without a search.
    /// @return where the name's terminator stands; -1 if it has none
    private static int nameEnd(ByteBuf in, int from, int next) {
        return from < next && in.getByte(from) == 0 ? from : in.indexOf(from, next, (byte) 0);
    }
}
