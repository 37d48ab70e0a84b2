package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.prepare.SharedStatement;

/// Reads units of the extended protocol that bind one statement and execute it, once or more, and nothing else: the first of what a client sends, and
/// those behind it that do the same.
///
/// Threading: confined to the session's event loop.
final class InsertUnits {
    private static final int SYNC_BYTES = 5;

    private final ClientSession session;

    // What has been read.
    private @Nullable SharedStatement statement;
    private int units;
    private int rows;
    private int bytes;
    private boolean parses;

    // The unit that is being read.
    private int executes;
    private boolean parsesAgain;

    InsertUnits(ClientSession session) {
        this.session = session;
    }

    /// @return false if it is something else, or not whole
    boolean readFirst(ByteBuf in, int from) {
        statement = null;
        units = 0;
        rows = 0;
        bytes = 0;
        parses = false;
        return readOne(in, from, in.writerIndex());
    }

    /// Reads the units behind those that have been read, as long as they execute the same statement.
    /// @param from     where the first begins
    /// @param bytesMax of all
    void readOthers(ByteBuf in, int from, int bytesMax) {
        int end = Math.min(in.writerIndex(), from + bytesMax);
        while (readOne(in, from + bytes, end)) { }
    }

    private boolean readOne(ByteBuf in, int from, int end) {
        int next = unit(in, from, end);
        if (next == 0) return false;
        units++;
        rows += executes;
        bytes += next - from;
        parses |= parsesAgain;
        return true;
    }

    /// @return where it ends; 0 if it is something else, or not whole
    private int unit(ByteBuf in, int from, int end) {
        executes = 0;
        parsesAgain = false;
        boolean bound = false;
        for (int at = from; end - at >= 5; ) {
            int next = at + 1 + in.getInt(at + 1);
            if (next > end || next <= at) return 0;
            switch (in.getByte(at)) {
                case FrontendType.PARSE -> {
                    if (at != from || in.getByte(at + 5) != 0) return 0;
                    parsesAgain = true;
                    if (isAnother(session.walk().parsing().known(in, at + 6, next))) return 0;
                }
                case FrontendType.BIND -> {
                    if (bound || in.getByte(at + 5) != 0 || isAnother(boundBy(in, at, next))) return 0;
                    bound = true;
                }
                case FrontendType.DESCRIBE -> {
                    if (!bound || next - at != 7 || in.getByte(at + 5) != 'P') return 0;
                }
                case FrontendType.EXECUTE -> {
                    if (!bound || next - at != 10) return 0;
                    bound = false;
                    executes++;
                }
                case FrontendType.SYNC -> {
                    return executes > 0 && !bound && next - at == SYNC_BYTES ? next : 0;
                }
                default -> {
                    return 0;
                }
            }
            at = next;
        }
        return 0;
    }

    private boolean isAnother(@Nullable SharedStatement of) {
        if (statement == null) statement = of;
        return of == null || of != statement;
    }

    private @Nullable SharedStatement boundBy(ByteBuf in, int at, int next) {
        int nameEnd = in.indexOf(at + 6, next, (byte) 0);
        if (nameEnd < 0) return null;
        if (nameEnd > at + 6) return session.statements().get(in, at + 6, nameEnd);
        return parses || parsesAgain ? statement : session.statements().unnamedKept();
    }

    /// Null if nothing was read.
    @Nullable SharedStatement statement() {
        return statement;
    }

    int units() {
        return units;
    }

    /// How often it is executed.
    int rows() {
        return rows;
    }

    /// Of all units.
    int bytes() {
        return bytes;
    }

    /// It is the client's unnamed statement now.
    boolean parses() {
        return parses;
    }
}
