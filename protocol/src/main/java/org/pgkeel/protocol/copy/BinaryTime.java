package org.pgkeel.protocol.copy;

import io.netty.buffer.ByteBuf;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/// Dates and times in ISO 8601's notation, which no DateStyle, IntervalStyle or TimeZone changes.
/// <https://www.postgresql.org/docs/current/datatype-datetime.html>
///
/// Threading: pure functions.
final class BinaryTime {
    private static final LocalDate EPOCH = LocalDate.of(2000, 1, 1);
    private static final long MICROS_PER_SECOND = 1_000_000;
    private static final long MICROS_PER_MINUTE = 60 * MICROS_PER_SECOND;
    private static final long MICROS_PER_HOUR = 60 * MICROS_PER_MINUTE;
    private static final long MICROS_PER_DAY = 24 * MICROS_PER_HOUR;
    private static final int ZONE_SECONDS_MAX = 16 * 3600 - 1;

    private BinaryTime() {}

    /// @param days since 2000
    static boolean date(int days, ByteBuf out) {
        if (days == Integer.MAX_VALUE || days == Integer.MIN_VALUE) return infinity(days > 0, out);
        return date(EPOCH.plusDays(days), out);
    }

    /// @param micros since 2000
    static boolean timestamp(long micros, ByteBuf out) {
        if (isInfinite(micros)) return infinity(micros > 0, out);
        long seconds = Math.floorDiv(micros, MICROS_PER_SECOND);
        LocalDateTime time = LocalDateTime.ofEpochSecond(seconds + EPOCH.toEpochDay() * 86_400, 0, ZoneOffset.UTC);
        if (!date(time.toLocalDate(), out)) return false;
        out.writeByte(' ');
        return time(Math.floorMod(micros, MICROS_PER_DAY), out);
    }

    /// @param micros since 2000 in UTC
    static boolean timestamptz(long micros, ByteBuf out) {
        if (!timestamp(micros, out)) return false;
        if (!isInfinite(micros)) Ascii.write("+00", out);
        return true;
    }

    /// @param micros since midnight; the day's end is a time, too
    static boolean time(long micros, ByteBuf out) {
        if (micros < 0 || micros > MICROS_PER_DAY) return false;
        Ascii.digits((int) (micros / MICROS_PER_HOUR), 2, out);
        out.writeByte(':');
        Ascii.digits((int) (micros / MICROS_PER_MINUTE % 60), 2, out);
        out.writeByte(':');
        Ascii.digits((int) (micros / MICROS_PER_SECOND % 60), 2, out);
        out.writeByte('.');
        Ascii.digits((int) (micros % MICROS_PER_SECOND), 6, out);
        return true;
    }

    /// @param secondsWest of Greenwich
    static boolean timetz(long micros, int secondsWest, ByteBuf out) {
        if (secondsWest < -ZONE_SECONDS_MAX || secondsWest > ZONE_SECONDS_MAX || !time(micros, out)) return false;
        int seconds = Math.abs(secondsWest);
        out.writeByte(secondsWest > 0 ? '-' : '+');
        Ascii.digits(seconds / 3600, 2, out);
        out.writeByte(':');
        Ascii.digits(seconds / 60 % 60, 2, out);
        out.writeByte(':');
        Ascii.digits(seconds % 60, 2, out);
        return true;
    }

    /// Each field with a sign of its own.
    static boolean interval(long micros, int days, int months, ByteBuf out) {
        // Infinite from version 17 on, and something else before.
        if (micros == Long.MIN_VALUE && days == Integer.MIN_VALUE && months == Integer.MIN_VALUE) return false;
        if (micros == Long.MAX_VALUE && days == Integer.MAX_VALUE && months == Integer.MAX_VALUE) return false;
        out.writeByte('P');
        Ascii.number(months, out);
        out.writeByte('M');
        Ascii.number(days, out);
        Ascii.write("DT", out);
        Ascii.number(micros / MICROS_PER_HOUR, out);
        out.writeByte('H');
        Ascii.number(micros / MICROS_PER_MINUTE % 60, out);
        out.writeByte('M');
        int rest = (int) (micros % MICROS_PER_MINUTE);
        if (rest < 0) out.writeByte('-');
        Ascii.number(Math.abs(rest) / MICROS_PER_SECOND, out);
        out.writeByte('.');
        Ascii.digits((int) (Math.abs(rest) % MICROS_PER_SECOND), 6, out);
        out.writeByte('S');
        return true;
    }

    private static boolean isInfinite(long micros) {
        return micros == Long.MAX_VALUE || micros == Long.MIN_VALUE;
    }

    private static boolean infinity(boolean positive, ByteBuf out) {
        Ascii.write(positive ? "infinity" : "-infinity", out);
        return true;
    }

    /// Year, month and day in an order that no DateStyle changes.
    private static boolean date(LocalDate date, ByteBuf out) {
        if (date.getYear() < 1 || date.getYear() > 9999) return false;
        Ascii.digits(date.getYear(), 4, out);
        out.writeByte('-');
        Ascii.digits(date.getMonthValue(), 2, out);
        out.writeByte('-');
        Ascii.digits(date.getDayOfMonth(), 2, out);
        return true;
    }
}
