package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/// Finds what belongs to a text again, by the text's bytes where they stand. When it is full all is forgotten.
///
/// Threading: confined to an event loop.
final class TextMap<T> {
    private static final int TEXTS_MAX = 1024;

    private record Entry<T>(byte[] text, long hash, T value) {}

    private @Nullable Entry<T>[] table = empty();
    private int size;

    /// @return null if nothing was put there
    @Nullable T get(ByteBuf in, int from, int to) {
        long hash = hash(in, from, to);
        for (int place = place(hash); ; place = place + 1 & table.length - 1) {
            Entry<T> there = table[place];
            if (there == null) return null;
            if (there.hash == hash && is(there.text, in, from, to)) return there.value;
        }
    }

    /// @param text that is not there yet
    void put(ByteBuf in, int from, int to, T value) {
        if (size == TEXTS_MAX) {
            table = empty();
            size = 0;
        }
        byte[] text = new byte[to - from];
        in.getBytes(from, text);
        long hash = hash(in, from, to);
        int place = place(hash);
        while (table[place] != null) place = place + 1 & table.length - 1;
        table[place] = new Entry<>(text, hash, value);
        size++;
    }

    @SuppressWarnings("unchecked")
    private static <T> @Nullable Entry<T>[] empty() {
        return (Entry<T>[]) new Entry<?>[2 * TEXTS_MAX];
    }

    private int place(long hash) {
        return (int) (hash >>> 32) & table.length - 1;
    }

    private static boolean is(byte[] text, ByteBuf in, int from, int to) {
        if (text.length != to - from) return false;
        for (int i = 0; i < text.length; i++) if (in.getByte(from + i) != text[i]) return false;
        return true;
    }

    private static long hash(ByteBuf in, int from, int to) {
        long hash = 0x9E3779B97F4A7C15L;
        int i = from;
        for (; i + 8 <= to; i += 8) hash = mix(hash ^ in.getLongLE(i));
        long rest = to - from;
        for (; i < to; i++) rest = rest << 8 | in.getByte(i) & 0xFF;
        return mix(hash ^ rest);
    }

    private static long mix(long value) {
        long product = value * 0xFF51AFD7ED558CCDL;
        return product ^ product >>> 33;
    }
}
