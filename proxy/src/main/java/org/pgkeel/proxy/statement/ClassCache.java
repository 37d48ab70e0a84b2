package org.pgkeel.proxy.statement;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.catalogue.Catalogue;

/// The classes of the texts that one event loop sees again and again, found by their bytes without an allocation. A text has
/// four places; the one used longest ago goes when a fifth comes. When the texts outgrow the limit all are forgotten.
///
/// Threading: confined to its event loop.
public final class ClassCache {
    private static final int SETS = 2048;
    private static final int WAYS = 4;
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final class Entry {
        final long hash;
        final byte[] text;
        final Dialect dialect;
        final Catalogue catalogue;
        StatementClass statementClass;
        int usedAt;

        Entry(long hash, byte[] text, Dialect dialect, Catalogue catalogue, StatementClass statementClass) {
            this.hash = hash;
            this.text = text;
            this.dialect = dialect;
            this.catalogue = catalogue;
            this.statementClass = statementClass;
        }
    }

    private final long bytesMax;
    private final int textBytesMax;
    private final @Nullable Entry[] table = new Entry[SETS * WAYS];
    private int clock;
    private long bytes;

    /// @param bytesMax     limit of all texts together
    /// @param textBytesMax longer texts are classified anew each time
    public ClassCache(long bytesMax, int textBytesMax) {
        this.bytesMax = bytesMax;
        this.textBytesMax = textBytesMax;
    }

    /// The class of a text, of which the buffer keeps its indices.
    ///
    /// @param from start of the text in a Query or Parse message
    /// @param to   its end, the terminator left out
    public StatementClass classify(ByteBuf buf, int from, int to, Dialect dialect, Catalogue catalogue) {
        long hash = hash(buf, from, to);
        Entry known = lookUp(hash, buf, from, to, dialect, catalogue);
        if (known != null) {
            known.usedAt = ++clock;
            return known.statementClass;
        }
        byte[] text = new byte[to - from];
        buf.getBytes(from, text);
        StatementClass made = Classifier.classify(new String(text, StandardCharsets.ISO_8859_1), dialect, catalogue);
        if (text.length <= textBytesMax) add(new Entry(hash, text, dialect, catalogue, made));
        return made;
    }

    /// A node has refused the text with `25006`: it writes, whatever the catalogue says.
    public void learnWrite(ByteBuf buf, int from, int to, Dialect dialect, Catalogue catalogue) {
        StatementClass made = classify(buf, from, to, dialect, catalogue);
        Entry known = lookUp(hash(buf, from, to), buf, from, to, dialect, catalogue);
        if (known != null) known.statementClass = made.asWrite();
    }

    /// What the texts in it take.
    public long bytes() {
        return bytes;
    }

    private @Nullable Entry lookUp(long hash, ByteBuf buf, int from, int to, Dialect dialect, Catalogue catalogue) {
        int first = place(hash);
        for (int at = first; at < first + WAYS; at++) {
            Entry entry = table[at];
            if (entry != null && entry.hash == hash && entry.catalogue == catalogue && entry.dialect.equals(dialect) && isText(entry.text, buf, from, to)) {
                return entry;
            }
        }
        return null;
    }

    private void add(Entry added) {
        if (bytes + added.text.length > bytesMax) {
            Arrays.fill(table, null);
            bytes = 0;
        }
        int first = place(added.hash);
        int oldest = first;
        for (int at = first; at < first + WAYS; at++) {
            Entry there = table[at];
            if (there == null) {
                oldest = at;
                break;
            }
            Entry candidate = table[oldest];
            if (candidate != null && there.usedAt - candidate.usedAt < 0) oldest = at;
        }
        Entry leaving = table[oldest];
        bytes += added.text.length - (leaving == null ? 0 : leaving.text.length);
        added.usedAt = ++clock;
        table[oldest] = added;
    }

    private static int place(long hash) {
        return ((int) (hash >>> 32) & SETS - 1) * WAYS;
    }

    private static boolean isText(byte[] text, ByteBuf buf, int from, int to) {
        if (to - from != text.length) return false;
        int i = 0;
        for (; i + 8 <= text.length; i += 8) {
            if (buf.getLongLE(from + i) != (long) LONGS.get(text, i)) return false;
        }
        for (; i < text.length; i++) {
            if (buf.getByte(from + i) != text[i]) return false;
        }
        return true;
    }

    private static long hash(ByteBuf buf, int from, int to) {
        long hash = 0x9E3779B97F4A7C15L;
        int i = from;
        for (; i + 8 <= to; i += 8) hash = mix(hash ^ buf.getLongLE(i));
        long rest = to - from;
        for (; i < to; i++) rest = rest << 8 | buf.getByte(i) & 0xFF;
        return mix(hash ^ rest);
    }

    private static long mix(long value) {
        long product = value * 0xFF51AFD7ED558CCDL;
        return product ^ product >>> 33;
    }
}
