package org.pgkeel.protocol.copy;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/// Turns a parameter in binary format into text that the type's input function reads as the same value, whatever the session's settings are.
/// <https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES>
///
/// Threading: pure functions.
public final class BinaryValue {
    public static final int BOOL = 16;
    public static final int BYTEA = 17;
    public static final int INT8 = 20;
    public static final int INT2 = 21;
    public static final int INT4 = 23;
    public static final int TEXT = 25;
    public static final int OID = 26;
    public static final int JSON = 114;
    public static final int FLOAT4 = 700;
    public static final int FLOAT8 = 701;
    public static final int BPCHAR = 1042;
    public static final int VARCHAR = 1043;
    public static final int DATE = 1082;
    public static final int TIMESTAMP = 1114;
    public static final int TIMESTAMPTZ = 1184;
    public static final int UUID = 2950;
    public static final int JSONB = 3802;

    private static final byte JSONB_VERSION = 1;
    private static final LocalDate EPOCH = LocalDate.of(2000, 1, 1);
    private static final long MICROS_PER_SECOND = 1_000_000;
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private BinaryValue() {}

    /// Appends the value as COPY has it.
    /// @return false if the type is not known here, or the value has no text that is safe; then nothing that counts is written
    public static boolean write(int type, ByteBuf in, int from, int to, ByteBuf out) {
        int bytes = to - from;
        switch (type) {
            case TEXT, VARCHAR, BPCHAR, JSON -> CopyText.write(in, from, to, out);
            case JSONB -> {
                if (bytes < 1 || in.getByte(from) != JSONB_VERSION) return false;
                CopyText.write(in, from + 1, to, out);
            }
            case BOOL -> {
                if (bytes != 1) return false;
                out.writeByte(in.getByte(from) == 0 ? 'f' : 't');
            }
            case INT2 -> {
                if (bytes != 2) return false;
                writeLong(in.getShort(from), out);
            }
            case INT4 -> {
                if (bytes != 4) return false;
                writeLong(in.getInt(from), out);
            }
            case OID -> {
                if (bytes != 4) return false;
                writeLong(in.getUnsignedInt(from), out);
            }
            case INT8 -> {
                if (bytes != 8) return false;
                writeLong(in.getLong(from), out);
            }
            case FLOAT4 -> {
                if (bytes != 4) return false;
                ascii(Float.toString(in.getFloat(from)), out);
            }
            case FLOAT8 -> {
                if (bytes != 8) return false;
                ascii(Double.toString(in.getDouble(from)), out);
            }
            case UUID -> {
                if (bytes != 16) return false;
                for (int i = 0; i < 16; i++) {
                    if (i == 4 || i == 6 || i == 8 || i == 10) out.writeByte('-');
                    writeHex(in.getByte(from + i), out);
                }
            }
            case BYTEA -> {
                out.writeByte('\\').writeByte('\\').writeByte('x');
                for (int at = from; at < to; at++) writeHex(in.getByte(at), out);
            }
            case DATE -> {
                return bytes == 4 && writeDate(in.getInt(from), out);
            }
            case TIMESTAMP -> {
                return bytes == 8 && writeTimestamp(in.getLong(from), out);
            }
            case TIMESTAMPTZ -> {
                if (bytes != 8 || !writeTimestamp(in.getLong(from), out)) return false;
                out.writeByte('+').writeByte('0').writeByte('0');
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private static void writeHex(byte value, ByteBuf out) {
        out.writeByte(HEX[value >> 4 & 15]).writeByte(HEX[value & 15]);
    }

    private static void writeLong(long value, ByteBuf out) {
        if (value == Long.MIN_VALUE) {
            ascii("-9223372036854775808", out);
            return;
        }
        long rest = Math.abs(value);
        if (value < 0) out.writeByte('-');
        long power = 1;
        while (power <= rest / 10) power *= 10;
        for (; power > 0; power /= 10) out.writeByte('0' + (int) (rest / power % 10));
    }

    private static void ascii(String text, ByteBuf out) {
        for (int i = 0; i < text.length(); i++) out.writeByte(text.charAt(i));
    }

    /// Year, month and day in an order that no DateStyle changes.
    private static boolean writeDate(int days, ByteBuf out) {
        if (days == Integer.MAX_VALUE || days == Integer.MIN_VALUE) return false;
        return writeDate(EPOCH.plusDays(days), out);
    }

    private static boolean writeDate(LocalDate date, ByteBuf out) {
        if (date.getYear() < 1 || date.getYear() > 9999) return false;
        digits(date.getYear(), 4, out);
        out.writeByte('-');
        digits(date.getMonthValue(), 2, out);
        out.writeByte('-');
        digits(date.getDayOfMonth(), 2, out);
        return true;
    }

    private static boolean writeTimestamp(long micros, ByteBuf out) {
        if (micros == Long.MAX_VALUE || micros == Long.MIN_VALUE) return false;
        long seconds = Math.floorDiv(micros, MICROS_PER_SECOND);
        int rest = (int) Math.floorMod(micros, MICROS_PER_SECOND);
        LocalDateTime time = LocalDateTime.ofEpochSecond(seconds + EPOCH.toEpochDay() * 86_400, 0, ZoneOffset.UTC);
        if (!writeDate(time.toLocalDate(), out)) return false;
        out.writeByte(' ');
        digits(time.getHour(), 2, out);
        out.writeByte(':');
        digits(time.getMinute(), 2, out);
        out.writeByte(':');
        digits(time.getSecond(), 2, out);
        out.writeByte('.');
        digits(rest, 6, out);
        return true;
    }

    private static void digits(int value, int count, ByteBuf out) {
        int power = 1;
        for (int i = 1; i < count; i++) power *= 10;
        for (; power > 0; power /= 10) out.writeByte('0' + value / power % 10);
    }
}
