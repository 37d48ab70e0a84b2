package org.pgkeel.proxy.prepare;

import io.netty.buffer.ByteBuf;

/// What the rows of a statement look like: the names and types of its columns as one number, so that it can be told whether a
/// statement means the same after the catalogue has changed. PostgreSQL makes the same comparison of a cached plan.
public final class RowShape {
    /// Nobody was told yet.
    public static final long UNKNOWN = 0;
    /// It returns no rows.
    public static final long NO_ROWS = 1;
    private static final int BYTES_BEHIND_NAME = 18;

    private RowShape() {}

    /// @param from start of a whole RowDescription behind its length
    /// @param to   its end
    public static long of(ByteBuf in, int from, int to) {
        if (to - from < 2) return UNKNOWN;
        long shape = in.getShort(from);
        for (int at = from + 2; at < to; ) {
            int nameEnd = in.indexOf(at, to, (byte) 0);
            if (nameEnd < 0 || to - nameEnd <= BYTES_BEHIND_NAME) break;
            for (; at < nameEnd; at++) shape = 31 * shape + in.getByte(at);
            // Behind the name: table, column (6 bytes), then type (4), length (2), modifier (4), format (2).
            shape = 31 * (31 * shape + in.getInt(nameEnd + 7)) + in.getInt(nameEnd + 13);
            at = nameEnd + 1 + BYTES_BEHIND_NAME;
        }
        shape *= 0x9E3779B97F4A7C15L;
        return shape == UNKNOWN || shape == NO_ROWS ? shape + 2 : shape;
    }
}
