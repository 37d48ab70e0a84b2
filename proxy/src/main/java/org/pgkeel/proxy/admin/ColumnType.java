package org.pgkeel.proxy.admin;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.pgkeel.protocol.backend.Column;
import org.pgkeel.protocol.wire.Format;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.Value;

/// The types of the console's columns: those PgBouncer uses. Drivers that have run a statement a few times ask for
/// binary values, so each type can write both formats.
/// <https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES>
enum ColumnType {
    TEXT(25, -1),
    INT4(23, 4),
    INT8(20, 8),
    NUMERIC(1700, -1);

    private static final BigInteger NUMERIC_BASE = BigInteger.valueOf(10_000);
    private static final short NUMERIC_NEGATIVE = 0x4000;

    private final int oid;
    private final int sizeBytes;

    ColumnType(int oid, int sizeBytes) {
        this.oid = oid;
        this.sizeBytes = sizeBytes;
    }

    /// A column of this type that is no table's.
    Column column(String name, Format format) {
        return new Column(name, 0, 0, oid, sizeBytes, -1, format);
    }

    /// @param text the value in text format; a whole number in all types but TEXT
    Value value(String text, Format format) {
        return switch (format) {
            case TEXT -> Value.ofText(text);
            case BINARY -> switch (this) {
                case TEXT -> Value.ofText(text);
                case INT4 -> Octets.of(ByteBuffer.allocate(Integer.BYTES).putInt(Integer.parseInt(text)).array());
                case INT8 -> Octets.of(ByteBuffer.allocate(Long.BYTES).putLong(Long.parseLong(text)).array());
                case NUMERIC -> numeric(new BigInteger(text));
            };
        };
    }

    /// PostgreSQL's `numeric_send`: a count of digits to the base of 10000, the weight of the first one, the sign, no
    /// digits after the point, and the digits.
    private static Value numeric(BigInteger number) {
        var digits = new ArrayDeque<Short>();
        for (BigInteger rest = number.abs(); rest.signum() > 0; rest = rest.divide(NUMERIC_BASE)) {
            digits.push(rest.mod(NUMERIC_BASE).shortValueExact());
        }
        var bytes = ByteBuffer.allocate((4 + digits.size()) * Short.BYTES)
                .putShort((short) digits.size())
                .putShort((short) Math.max(digits.size() - 1, 0))
                .putShort(number.signum() < 0 ? NUMERIC_NEGATIVE : 0)
                .putShort((short) 0);
        digits.forEach(bytes::putShort);
        return Octets.of(bytes.array());
    }
}
