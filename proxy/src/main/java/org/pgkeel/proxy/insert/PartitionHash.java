package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;

/// The hash by which PostgreSQL divides rows among hash partitions: Bob Jenkins' lookup3, with PostgreSQL's seed, as its operator classes for
/// whole numbers, uuid and text have it. It is the same on all platforms, since dumps rely on it.
///
/// Threading: pure functions.
final class PartitionHash {
    private static final long SEED = 0x7A5B22367996DCFDL;
    private static final long COMBINED_WITH_ZERO = 0x49A0F4DD15E5A8E3L;
    private static final int INITIAL = 0x9E3779B9 + 3923095;

    private PartitionHash() {}

    /// Of an int2, int4 or int8: numbers that are equal have equal hashes in all three.
    static long ofWhole(long value) {
        int low = (int) value;
        int high = (int) (value >> 32);
        low ^= value >= 0 ? high : ~high;
        int start = INITIAL + 4;
        return ofMixed(new Mix(start, start, start).seeded().plus(low, 0, 0).last());
    }

    /// @param quoted two quotes mean one
    static long ofBytes(ByteBuf in, int from, int to, boolean quoted) {
        int length = quoted ? unquotedLength(in, from, to) : to - from;
        int start = INITIAL + length;
        var mix = new Mix(start, start, start).seeded();
        int at = from;
        int left = length;
        int[] word = new int[3];
        while (true) {
            int bytes = Math.min(left, 12);
            word[0] = 0;
            word[1] = 0;
            word[2] = 0;
            for (int i = 0; i < bytes; i++) {
                byte b = in.getByte(at++);
                if (quoted && b == '\'') at++;
                int place = left < 12 && i >= 8 ? i + 1 : i;   // at the end the lowest byte of c is kept for the length
                word[place / 4] |= (b & 0xFF) << 8 * (place % 4);
            }
            mix = mix.plus(word[0], word[1], word[2]);
            if (left < 12) return ofMixed(mix.last());
            mix = mix.mixed();
            left -= 12;
        }
    }

    private static int unquotedLength(ByteBuf in, int from, int to) {
        int length = 0;
        for (int at = from; at < to; at++, length++) if (in.getByte(at) == '\'') at++;
        return length;
    }

    static long ofUuid(long high, long low) {
        int start = INITIAL + 16;
        return ofMixed(new Mix(start, start, start).seeded()
                .plus(Integer.reverseBytes((int) (high >>> 32)), Integer.reverseBytes((int) high), Integer.reverseBytes((int) (low >>> 32))).mixed()
                .plus(Integer.reverseBytes((int) low), 0, 0).last());
    }

    /// Of a row whose key is null.
    static long ofNull() {
        return 0;
    }

    private static long ofMixed(Mix mix) {
        return ((long) mix.b << 32 | mix.c & 0xFFFFFFFFL) + COMBINED_WITH_ZERO;
    }

    private record Mix(int a, int b, int c) {
        Mix plus(int toA, int toB, int toC) {
            return new Mix(a + toA, b + toB, c + toC);
        }

        Mix seeded() {
            return plus((int) (SEED >>> 32), (int) SEED, 0).mixed();
        }

        Mix mixed() {
            int x = a;
            int y = b;
            int z = c;
            x -= z; x ^= Integer.rotateLeft(z, 4); z += y;
            y -= x; y ^= Integer.rotateLeft(x, 6); x += z;
            z -= y; z ^= Integer.rotateLeft(y, 8); y += x;
            x -= z; x ^= Integer.rotateLeft(z, 16); z += y;
            y -= x; y ^= Integer.rotateLeft(x, 19); x += z;
            z -= y; z ^= Integer.rotateLeft(y, 4); y += x;
            return new Mix(x, y, z);
        }

        Mix last() {
            int x = a;
            int y = b;
            int z = c;
            z ^= y; z -= Integer.rotateLeft(y, 14);
            x ^= z; x -= Integer.rotateLeft(z, 11);
            y ^= x; y -= Integer.rotateLeft(x, 25);
            z ^= y; z -= Integer.rotateLeft(y, 16);
            x ^= z; x -= Integer.rotateLeft(z, 4);
            y ^= x; y -= Integer.rotateLeft(x, 14);
            z ^= y; z -= Integer.rotateLeft(y, 24);
            return new Mix(x, y, z);
        }
    }
}
