package org.pgkeel.proxy.insert;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;

/// Values of the server's own types as clients send them in binary: good ones, edges, and a few that the server refuses.
///
/// Threading: confined to one thread.
final class BinarySamples {
    private static final String[] WORDS = {"", " ", "null", "NULL", "a", "it's", "\"", "\\", "\\N", "\\.", "{}", "{\"a\",b}", ",", "a\tb\nc\rd", "\\\"", "x\\\\\"y", "Grüße 🐘", "ends in blanks  ", "\b\f\u000b", "12345678"};
    private static final String[] JSON = {"{}", "[]", "null", "\"\\\"\"", "{\"a\": \"x\\\\y\\n\\t\", \"b\" : [1, 2.50, null]}", "\"\\u00fc 🐘\"", "  [true,\n\tfalse]"};
    private static final long DAY_MICROS = 86_400_000_000L;

    private final Random random;

    BinarySamples(Random random) {
        this.random = random;
    }

    byte[] of(String type) {
        ByteBuf out = Unpooled.buffer();
        write(type, out);
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return bytes;
    }

    private void write(String type, ByteBuf out) {
        switch (type) {
            case "bool" -> out.writeByte(random.nextInt(3));
            case "int2" -> out.writeShort(random.nextInt(5) == 0 ? Short.MIN_VALUE : random.nextInt());
            case "int4" -> out.writeInt(random.nextInt(5) == 0 ? Integer.MIN_VALUE : random.nextInt());
            case "oid" -> out.writeInt(random.nextInt());
            case "int8" -> out.writeLong(random.nextInt(5) == 0 ? Long.MIN_VALUE : random.nextLong() >> random.nextInt(64));
            case "float4" -> out.writeFloat(random.nextInt(5) == 0 ? pick(Float.NaN, Float.NEGATIVE_INFINITY, -0f, Float.MIN_VALUE, Float.MAX_VALUE) : (float) random.nextGaussian() * 1e10f);
            case "float8" -> out.writeDouble(random.nextInt(5) == 0 ? pick(Double.NaN, Double.POSITIVE_INFINITY, -0d, Double.MIN_VALUE, Double.MAX_VALUE) : random.nextGaussian() * Math.pow(10, random.nextInt(600) - 300));
            case "numeric" -> numeric(out);
            case "uuid" -> out.writeLong(random.nextLong()).writeLong(random.nextLong());
            case "bytea" -> bytes(random.nextInt(20), out);
            case "text", "varchar", "bpchar", "ci_mood" -> out.writeBytes((type.equals("ci_mood") ? pick("happy", "sad", "it's \"so\" \\ so") : pick(WORDS)).getBytes(UTF_8));
            case "json" -> out.writeBytes(pick(JSON).getBytes(UTF_8));
            case "jsonb" -> out.writeByte(1).writeBytes(pick(JSON).getBytes(UTF_8));
            case "date" -> out.writeInt(random.nextInt(5) == 0 ? pick(Integer.MAX_VALUE, Integer.MIN_VALUE, -730_119, 2_921_939) : random.nextInt(1_000_000) - 500_000);
            case "time" -> out.writeLong(time());
            case "timetz" -> out.writeLong(time()).writeInt(random.nextInt(4) == 0 ? pick(-57_599, 57_599, 57_600, 0) : random.nextInt(30) * 1800 - 27_000);
            case "timestamp", "timestamptz" -> out.writeLong(random.nextInt(5) == 0 ? pick(Long.MAX_VALUE, Long.MIN_VALUE, 0L, -1L) : random.nextLong(200_000_000_000_000_000L) - 50_000_000_000_000_000L);
            case "interval" -> interval(out);
            case "inet", "cidr" -> address(type.equals("cidr"), out);
            case "macaddr" -> bytes(6, out);
            case "macaddr8" -> bytes(8, out);
            case "bit", "varbit" -> bits(type.equals("bit") ? 5 : random.nextInt(20), out);
            case "int4range" -> range("int4", out);
            case "int8range" -> range("int8", out);
            case "numrange" -> range("numeric", out);
            case "daterange" -> range("date", out);
            case "tsrange" -> range("timestamp", out);
            case "tstzrange" -> range("timestamptz", out);
            default -> throw new IllegalArgumentException(type);
        }
    }

    /// @param elementOid of the type of its elements
    byte[] array(String element, int elementOid) {
        int dimensions = random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(random.nextInt(4) == 0 ? 3 : 1);
        boolean oddBounds = random.nextInt(5) == 0;
        ByteBuf out = Unpooled.buffer().writeInt(dimensions).writeInt(random.nextInt(2)).writeInt(elementOid);
        int count = dimensions == 0 ? 0 : 1;
        for (int i = 0; i < dimensions; i++) {
            int size = random.nextInt(12) == 0 ? 0 : 1 + random.nextInt(4);
            count *= size;
            out.writeInt(size).writeInt(oddBounds ? random.nextInt(9) - 4 : 1);
        }
        for (int i = 0; i < count; i++) {
            if (random.nextInt(5) == 0) {
                out.writeInt(-1);
            } else {
                byte[] value = of(element);
                out.writeInt(value.length).writeBytes(value);
            }
        }
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return bytes;
    }

    /// Bytes that are cut off, too many, or changed.
    byte[] spoilt(byte[] good) {
        byte[] bad = java.util.Arrays.copyOf(good, Math.max(1, good.length + random.nextInt(3) - 1));
        bad[random.nextInt(bad.length)] = (byte) (int) pick(0, 1, 0x7f, 0xff);
        return bad;
    }

    private void numeric(ByteBuf out) {
        if (random.nextInt(12) == 0) {
            out.writeShort(0).writeShort(0).writeShort(pick(0xC000, 0xD000, 0xF000)).writeShort(0);
            return;
        }
        int groups = random.nextInt(7);
        out.writeShort(groups).writeShort(random.nextInt(10) == 0 ? random.nextInt(60) - 30 : random.nextInt(7) - 3).writeShort(random.nextBoolean() ? 0 : 0x4000).writeShort(random.nextInt(4) == 0 ? 0 : random.nextInt(25));
        for (int i = 0; i < groups; i++) out.writeShort(random.nextInt(4) == 0 ? 0 : random.nextInt(10_000));
    }

    private long time() {
        return random.nextInt(4) == 0 ? pick(0L, DAY_MICROS, DAY_MICROS - 1, DAY_MICROS + 1, -1L) : random.nextLong(DAY_MICROS);
    }

    private void interval(ByteBuf out) {
        int kind = random.nextInt(10);
        long micros = kind == 0 ? pick(Long.MIN_VALUE, Long.MAX_VALUE, -1L, 0L) : random.nextLong() >> random.nextInt(64);
        int days = kind == 1 ? pick(Integer.MIN_VALUE, Integer.MAX_VALUE, -1) : random.nextInt() >> random.nextInt(32);
        int months = kind == 2 ? pick(Integer.MIN_VALUE, Integer.MAX_VALUE, -1) : random.nextInt() >> random.nextInt(32);
        boolean infinite = random.nextInt(40) == 0;
        out.writeLong(infinite ? Long.MAX_VALUE : micros).writeInt(infinite ? Integer.MAX_VALUE : days).writeInt(infinite ? Integer.MAX_VALUE : months);
    }

    private void address(boolean network, ByteBuf out) {
        boolean is4 = random.nextBoolean();
        int bytes = is4 ? 4 : 16;
        int bits = network ? 8 * random.nextInt(bytes + 1) : random.nextInt(8 * bytes + 1);
        out.writeByte(is4 ? 2 : 3).writeByte(bits).writeByte(network ? 1 : 0).writeByte(bytes);
        for (int i = 0; i < bytes; i++) out.writeByte(network && i >= bits / 8 || random.nextInt(3) == 0 ? 0 : random.nextInt());
    }

    private void bits(int count, ByteBuf out) {
        out.writeInt(count);
        bytes((count + 7) / 8, out);
    }

    private void range(String bound, ByteBuf out) {
        int flags = random.nextInt(32);
        out.writeByte(flags);
        if ((flags & 1) != 0) return;
        byte[] one = of(bound);
        byte[] other = random.nextInt(10) == 0 ? one : of(bound);
        if ((flags & 8) == 0) out.writeInt(one.length).writeBytes(one);
        if ((flags & 16) == 0) out.writeInt(other.length).writeBytes(other);
    }

    private void bytes(int count, ByteBuf out) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        out.writeBytes(bytes);
    }

    @SafeVarargs
    private <T> T pick(T... of) {
        return of[random.nextInt(of.length)];
    }
}
