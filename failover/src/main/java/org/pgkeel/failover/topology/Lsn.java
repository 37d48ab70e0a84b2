package org.pgkeel.failover.topology;

import java.util.Set;

/// A position in the write-ahead log, as `pg_lsn`: comparable within one timeline only. Threading: immutable.
/// <https://www.postgresql.org/docs/current/datatype-pg-lsn.html>
///
/// @param value unsigned bytes since the cluster was made
public record Lsn(long value) implements Comparable<Lsn> {
    public static final Lsn ZERO = new Lsn(0);
    private static final int HALF_DIGITS_MAX = 8;
    private static final int PAGE_BYTES = 8192;
    /// Of a page of WAL, and of the first one in a file.
    private static final Set<Long> HEADER_BYTES = Set.of(24L, 40L);

    /// @param text as PostgreSQL prints it, `16/B374D848`
    /// @throws IllegalArgumentException if it is no LSN
    public static Lsn parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) throw new IllegalArgumentException("no LSN: no slash in " + text.length() + " characters");
        return new Lsn(half(text, 0, slash) << Integer.SIZE | half(text, slash + 1, text.length()));
    }

    private static long half(String text, int from, int to) {
        if (to == from || to - from > HALF_DIGITS_MAX) throw new IllegalArgumentException("no LSN: " + (to - from) + " digits in a half");
        long value = 0;
        for (int i = from; i < to; i++) {
            int digit = Character.digit(text.charAt(i), 16);
            if (digit < 0) throw new IllegalArgumentException("no LSN: character " + (int) text.charAt(i));
            value = value << 4 | digit;
        }
        return value;
    }

    /// Where the last record ends, if this is the end of the WAL that `pg_current_wal_insert_lsn()` says: at the beginning of a page it counts the header, which nobody
    /// writes, and nobody replays, before a record stands behind it.
    public Lsn behindLastRecord() {
        long inPage = value & PAGE_BYTES - 1;
        return HEADER_BYTES.contains(inPage) ? new Lsn(value - inPage) : this;
    }

    /// How far this position is ahead of `other`, in bytes; 0 if it is not.
    public long bytesAhead(Lsn other) {
        return compareTo(other) <= 0 ? 0 : value - other.value;
    }

    @Override
    public int compareTo(Lsn other) {
        return Long.compareUnsigned(value, other.value);
    }

    @Override
    public String toString() {
        return String.format("%X/%X", value >>> Integer.SIZE, value & 0xFFFF_FFFFL);
    }
}
