package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.copy.BinaryValue;

/// A value as a number in whose order the type's values are: whole numbers, dates and times in ISO notation, and the first half of a UUID.
///
/// Threading: immutable.
enum OrdinalKeys implements KeyCode {
    WHOLE, DATE, TIMESTAMP, TIMESTAMPTZ, UUID;

    private static final int DIGITS_MAX = 18;
    private static final LocalDate EPOCH_DATE = LocalDate.of(2000, 1, 1);
    private static final Instant EPOCH = EPOCH_DATE.atStartOfDay().toInstant(ZoneOffset.UTC);
    private static final int TIME_CHARS_MAX = 40;

    /// Null if the type is of another kind.
    static @Nullable OrdinalKeys of(int type) {
        return switch (type) {
            case BinaryValue.INT2, BinaryValue.INT4, BinaryValue.INT8 -> WHOLE;
            case BinaryValue.DATE -> DATE;
            case BinaryValue.TIMESTAMP -> TIMESTAMP;
            case BinaryValue.TIMESTAMPTZ -> TIMESTAMPTZ;
            case BinaryValue.UUID -> UUID;
            default -> null;
        };
    }

    @Override
    public boolean takes(int type) {
        return of(type) == this;
    }

    @Override
    public boolean takesNumerals() {
        return this == WHOLE;
    }

    @Override
    public long ofNull() {
        return RowKey.UNKNOWN;
    }

    @Override
    public long ofText(ByteBuf in, int from, int to, boolean quoted) {
        return switch (this) {
            case WHOLE -> whole(in, from, to);
            case UUID -> {
                long[] halves = EqualKeys.halves(in, from, to);
                yield halves.length == 0 ? RowKey.UNKNOWN : halves[0] ^ Long.MIN_VALUE;
            }
            case DATE, TIMESTAMP, TIMESTAMPTZ -> to - from > TIME_CHARS_MAX ? RowKey.UNKNOWN : time(in.toString(from, to - from, StandardCharsets.ISO_8859_1));
        };
    }

    @Override
    public long ofBinary(ByteBuf in, int from, int to) {
        return switch (to - from) {
            case 2 -> this == WHOLE ? in.getShort(from) : RowKey.UNKNOWN;
            case 4 -> this == WHOLE || this == DATE ? in.getInt(from) : RowKey.UNKNOWN;
            case 8 -> this == DATE || this == UUID ? RowKey.UNKNOWN : in.getLong(from);
            case 16 -> this == UUID ? in.getLong(from) ^ Long.MIN_VALUE : RowKey.UNKNOWN;
            default -> RowKey.UNKNOWN;
        };
    }

    private static long whole(ByteBuf in, int from, int to) {
        boolean negative = from < to && in.getByte(from) == '-';
        int at = negative ? from + 1 : from;
        if (at == to || to - at > DIGITS_MAX) return RowKey.UNKNOWN;
        long value = 0;
        for (; at < to; at++) {
            int digit = in.getByte(at) - '0';
            if (digit < 0 || digit > 9) return RowKey.UNKNOWN;
            value = 10 * value + digit;
        }
        return negative ? -value : value;
    }

    /// Days, or microseconds, since 2000. Without a zone a timestamptz is understood by settings that are not looked at.
    private long time(String text) {
        try {
            if (text.length() < 10) return RowKey.UNKNOWN;
            if (text.length() == 10) {
                long days = EPOCH_DATE.until(LocalDate.parse(text), ChronoUnit.DAYS);
                return this == DATE ? days : this == TIMESTAMP ? Math.multiplyExact(days, 86_400_000_000L) : RowKey.UNKNOWN;
            }
            String iso = text.charAt(10) == ' ' ? text.substring(0, 10) + 'T' + text.substring(11) : text;
            return switch (this) {
                case TIMESTAMP -> EPOCH.until(LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC), ChronoUnit.MICROS);
                case TIMESTAMPTZ -> EPOCH.until(OffsetDateTime.parse(iso).toInstant(), ChronoUnit.MICROS);
                case DATE, WHOLE, UUID -> RowKey.UNKNOWN;
            };
        } catch (DateTimeException | ArithmeticException _) {
            return RowKey.UNKNOWN;
        }
    }
}
