package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.statement.TextHash;

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
        long hash = TextHash.of(TextHash.SEED, in, from, to);
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
        long hash = TextHash.of(TextHash.SEED, in, from, to);
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
}
