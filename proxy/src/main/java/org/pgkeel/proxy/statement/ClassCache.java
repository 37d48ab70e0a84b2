package org.pgkeel.proxy.statement;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.catalogue.Catalogue;

/// The classes of the texts that one event loop sees again and again, found without an allocation: by a look whether the text fits the [KnownShape] that one
/// which began like it was found to have last, and else by its own [TextShape]. A shape has four places; the one used longest ago goes when a fifth comes. When
/// the shapes outgrow the limit all are forgotten.
///
/// Threading: confined to its event loop.
public final class ClassCache {
    private static final int SETS = 2048;
    private static final int WAYS = 4;
    private static final int NOWHERE = -1;
    /// So much of a text's beginning decides which shape it is compared with.
    private static final int BEGINNING_BYTES = 24;
    private static final int BEGINNINGS = 512;
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final class Entry {
        final long hash;
        final KnownShape shape;
        final Dialect dialect;
        final Catalogue catalogue;
        StatementClass statementClass;
        int usedAt;

        Entry(long hash, KnownShape shape, Dialect dialect, Catalogue catalogue, StatementClass statementClass) {
            this.hash = hash;
            this.shape = shape;
            this.dialect = dialect;
            this.catalogue = catalogue;
            this.statementClass = statementClass;
        }
    }

    private final LongSupplier bytesMax;
    private final IntSupplier textBytesMax;
    private final @Nullable Entry[] table = new Entry[SETS * WAYS];
    /// For texts that begin in the same way: where in the table the last of them was found.
    private final int[] lastPlaces = new int[BEGINNINGS];
    private final TextShape shape = new TextShape();
    private int clock;
    private long bytes;

    /// Both may be changed by a reload.
    /// @param bytesMax     limit of all shapes together
    /// @param textBytesMax longer texts are classified anew each time
    public ClassCache(LongSupplier bytesMax, IntSupplier textBytesMax) {
        this.bytesMax = bytesMax;
        this.textBytesMax = textBytesMax;
    }

    /// The class of a text, of which the buffer keeps its indices.
    ///
    /// @param from start of the text in a Query or Parse message
    /// @param to   its end, the terminator left out
    public StatementClass classify(ByteBuf buf, int from, int to, Dialect dialect, Catalogue catalogue) {
        int beginning = beginning(buf, from, to);
        Entry last = table[lastPlaces[beginning]];
        if (last != null && last.catalogue == catalogue && last.dialect.equals(dialect) && last.shape.fits(buf, from, to)) {
            last.usedAt = ++clock;
            return last.statementClass;
        }
        if (to - from > textBytesMax.getAsInt()) return Classifier.classify(buf.toString(from, to - from, StandardCharsets.ISO_8859_1), dialect, catalogue);
        shape.read(buf, from, to, dialect);
        int place = placeOf(dialect, catalogue);
        lastPlaces[beginning] = place;
        return at(place).statementClass;
    }

    /// A node has refused the text with `25006`: it writes, whatever the catalogue says. So do all others of its shape.
    public void learnWrite(ByteBuf buf, int from, int to, Dialect dialect, Catalogue catalogue) {
        if (to - from > textBytesMax.getAsInt()) return;
        shape.read(buf, from, to, dialect);
        Entry known = at(placeOf(dialect, catalogue));
        known.statementClass = known.statementClass.asWrite();
    }

    /// What the shapes in it take.
    public long bytes() {
        return bytes;
    }

    private Entry at(int place) {
        Entry entry = table[place];
        if (entry == null) throw new IllegalStateException("nothing at " + place);
        return entry;
    }

    /// Where the entry of the shape read last is; made if there is none.
    private int placeOf(Dialect dialect, Catalogue catalogue) {
        long hash = hash(shape.bytes(), shape.length());
        int place = lookUp(hash, dialect, catalogue);
        if (place == NOWHERE) {
            KnownShape kept = shape.known();
            place = add(new Entry(hash, kept, dialect, catalogue, Classifier.classify(new String(kept.bytes(), StandardCharsets.ISO_8859_1), dialect, catalogue)));
        }
        at(place).usedAt = ++clock;
        return place;
    }

    private int lookUp(long hash, Dialect dialect, Catalogue catalogue) {
        int first = place(hash);
        for (int at = first; at < first + WAYS; at++) {
            Entry entry = table[at];
            if (entry != null && entry.hash == hash && entry.catalogue == catalogue && entry.dialect.equals(dialect) && entry.shape.isMadeOf(shape.bytes(), shape.length())) return at;
        }
        return NOWHERE;
    }

    /// @return where it is
    private int add(Entry added) {
        if (bytes + added.shape.size() > bytesMax.getAsLong()) {
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
        bytes += added.shape.size() - (leaving == null ? 0 : leaving.shape.size());
        table[oldest] = added;
        return oldest;
    }

    private static int beginning(ByteBuf buf, int from, int to) {
        long hash = TextHash.SEED;
        int end = Math.min(to, from + BEGINNING_BYTES);
        for (int i = from; i + Long.BYTES <= end; i += Long.BYTES) hash = TextHash.mix(hash ^ buf.getLongLE(i));
        return (int) (hash >>> 32) & BEGINNINGS - 1;
    }

    private static int place(long hash) {
        return ((int) (hash >>> 32) & SETS - 1) * WAYS;
    }

    private static long hash(byte[] bytes, int length) {
        long hash = TextHash.SEED;
        int i = 0;
        for (; i + 8 <= length; i += 8) hash = TextHash.mix(hash ^ (long) LONGS.get(bytes, i));
        long rest = length;
        for (; i < length; i++) rest = rest << 8 | bytes[i] & 0xFF;
        return TextHash.mix(hash ^ rest);
    }
}
