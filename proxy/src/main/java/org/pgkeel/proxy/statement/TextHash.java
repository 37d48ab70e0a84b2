package org.pgkeel.proxy.statement;

import io.netty.buffer.ByteBuf;

/// A hash of a statement's text where it lies, eight bytes at a time: for the tables in which texts are looked up on the relay path. It allocates nothing.
public final class TextHash {
    /// To begin with where nothing else is in the hash.
    public static final long SEED = 0x9E3779B97F4A7C15L;

    private TextHash() {}

    /// @param seed what else the hash is of
    public static long of(long seed, ByteBuf text, int from, int to) {
        long hash = seed;
        int i = from;
        for (; i + 8 <= to; i += 8) hash = mix(hash ^ text.getLongLE(i));
        long rest = to - from;
        for (; i < to; i++) rest = rest << 8 | text.getByte(i) & 0xFF;
        return mix(hash ^ rest);
    }

    static long mix(long value) {
        long product = value * 0xFF51AFD7ED558CCDL;
        return product ^ product >>> 33;
    }
}
