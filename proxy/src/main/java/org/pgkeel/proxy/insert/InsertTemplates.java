package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.copy.CopyText;

/// INSERTs whose values stand in their text, found again without reading them. Rows of quoted texts in which a backslash means itself, whole numbers and
/// NULL are found by what stands in front of the values, byte for byte the same; all others by their [Skeleton].
///
/// Threading: confined to an event loop.
public final class InsertTemplates {
    private static final int HEAD_BYTES_MAX = 4096;
    private static final int COLUMNS_MAX = 1600;

    /// @param shape null if the text is understood to be no INSERT that could share a commit
    private record Known(@Nullable InsertShape shape) {}

    private final TextMap<Known> heads = new TextMap<>();
    private final TextMap<Known> skeletons = new TextMap<>();
    private final Skeleton skeleton = new Skeleton();

    /// @param to where the text ends, its terminator not included
    /// @return the same object for texts that differ in their literals alone; null if the text is no INSERT that could share a commit
    public @Nullable InsertShape find(ByteBuf in, int from, int to) {
        if (!mayInsert(in, from, to)) return null;
        int row = rowAt(in, from, to);
        if (row >= 0) {
            int values = count(in, row, to);
            InsertShape shape = values < 0 ? null : headOf(in, from, row).shape;
            if (shape != null && shape.values().size() == values) return shape;
        }
        return skeleton.read(in, from, to) ? skeletonOf(in, from, to).shape : null;
    }

    private static boolean mayInsert(ByteBuf in, int from, int to) {
        int at = skipSpace(in, from, to);
        byte first = at < to ? in.getByte(at) : 0;
        return first == 'i' || first == 'I' || first == '/' || first == '-';
    }

    /// Appends the row of a text that [#find] has found.
    /// @param shape what it found
    /// @return false if one of its values cannot be said so that it means the same; then out holds half a row
    public boolean row(InsertShape shape, CopyPlan plan, ByteBuf in, int from, int to, ByteBuf out) {
        if (shape.isOfSkeleton()) return skeleton.read(in, from, to) && SkeletonRow.write(skeleton, shape, plan, in, out);
        int at = rowAt(in, from, to);
        for (int column = 0; ; column++) {
            at = skipSpace(in, at, to);
            byte first = in.getByte(at);
            int end = valueEnd(in, at, to);
            if (column > 0) out.writeByte('\t');
            if (first == '\'' && !plan.mayBeText(column, in, at + 1, end - 1)) return false;
            if (first == '\'') CopyText.writeQuoted(in, at + 1, end - 1, out);
            else if (first == 'n' || first == 'N') CopyText.writeNull(out);
            else if (plan.numerals(column).takes(in, at, end)) out.writeBytes(in, at, end - at);
            else return false;
            at = skipSpace(in, end, to);
            if (in.getByte(at) == ')') break;
            at++;
        }
        out.writeByte('\n');
        return true;
    }

    /// @param shape of a text that [#find] has found
    /// @return the hash of its key, or [RowKey#UNKNOWN]
    public long key(InsertShape shape, RowKey key, ByteBuf in, int from, int to) {
        if (key.place() < 0) return RowKey.UNKNOWN;
        if (shape.isOfSkeleton()) return skeleton.read(in, from, to) ? SkeletonRow.key(skeleton, shape, key, in) : RowKey.UNKNOWN;
        int row = rowAt(in, from, to);
        if (row < 0) return RowKey.UNKNOWN;
        int at = skipSpace(in, row, to);
        int end = valueEnd(in, at, to);
        for (int column = 0; column < key.place() && end >= 0; column++) {
            at = skipSpace(in, skipSpace(in, end, to) + 1, to);
            end = valueEnd(in, at, to);
        }
        if (end < 0) return RowKey.UNKNOWN;
        byte first = in.getByte(at);
        if (first == '\'') return key.ofQuoted(in, at + 1, end - 1);
        return first == 'n' || first == 'N' ? key.ofNull() : key.ofUnquoted(in, at, end);
    }

    /// @return behind the parenthesis that opens the row; -1 if there is none
    private static int rowAt(ByteBuf in, int from, int to) {
        int most = Math.min(to, from + HEAD_BYTES_MAX);
        if (most - from < 20 || (in.getByte(from) | 0x20) != 'i') return -1;
        for (int at = from + 12; at + 6 < most; at++) {
            if ((in.getByte(at) | 0x20) != 'v' || !isValues(in, at)) continue;
            int open = skipSpace(in, at + 6, most);
            if (open < most && in.getByte(open) == '(') return open + 1;
        }
        return -1;
    }

    private static boolean isValues(ByteBuf in, int at) {
        return (in.getByte(at + 1) | 0x20) == 'a' && (in.getByte(at + 2) | 0x20) == 'l' && (in.getByte(at + 3) | 0x20) == 'u'
                && (in.getByte(at + 4) | 0x20) == 'e' && (in.getByte(at + 5) | 0x20) == 's';
    }

    private Known headOf(ByteBuf in, int from, int row) {
        Known known = heads.get(in, from, row);
        if (known != null) return known;
        var read = InsertReader.headOf(in.toString(from, row - from, StandardCharsets.ISO_8859_1));
        boolean isUnderstood = read.isPresent() && read.get().rowAt() == row - from && !read.get().columns().isEmpty();
        known = new Known(isUnderstood ? shapeOf(read.get()) : null);
        heads.put(in, from, row, known);
        return known;
    }

    private static InsertShape shapeOf(InsertReader.Head head) {
        List<Value> values = Collections.nCopies(head.columns().size(), new Value.Any(Value.Any.Kind.LITERAL));
        return new InsertShape(head.schema(), head.table(), head.columns(), values, 1, true);
    }

    private Known skeletonOf(ByteBuf in, int from, int to) {
        Known known = skeletons.get(skeleton.bytes(), 0, skeleton.length());
        if (known != null) return known;
        known = new Known(new InsertReader(in.toString(from, to - from, StandardCharsets.ISO_8859_1)).read().map(read -> SkeletonRow.shape(skeleton, read, from)).orElse(null));
        skeletons.put(skeleton.bytes(), 0, skeleton.length(), known);
        return known;
    }

    /// @return how many values the row has; -1 if something else than such values stands there, or behind it
    private static int count(ByteBuf in, int from, int to) {
        int at = from;
        for (int values = 1; values <= COLUMNS_MAX; values++) {
            at = skipSpace(in, at, to);
            int end = valueEnd(in, at, to);
            if (end < 0) return -1;
            at = skipSpace(in, end, to);
            if (at >= to) return -1;
            byte next = in.getByte(at++);
            if (next == ',') continue;
            if (next != ')') return -1;
            at = skipSpace(in, at, to);
            if (at < to && in.getByte(at) == ';') at = skipSpace(in, at + 1, to);
            return at == to ? values : -1;
        }
        return -1;
    }

    /// @return behind the value; -1 if it is none of those that are understood
    private static int valueEnd(ByteBuf in, int from, int to) {
        if (from >= to) return -1;
        int at = from;
        byte first = in.getByte(at);
        if (first == '\'') {
            while (++at < to) {
                if (in.getByte(at) != '\'') continue;
                if (at + 1 < to && in.getByte(at + 1) == '\'') at++;
                else return at + 1;
            }
            return -1;
        }
        if (first == 'n' || first == 'N') {
            boolean isNull = from + 4 < to && (in.getByte(from + 1) | 0x20) == 'u' && (in.getByte(from + 2) | 0x20) == 'l' && (in.getByte(from + 3) | 0x20) == 'l';
            return isNull ? from + 4 : -1;
        }
        if (first == '-') at++;
        int digits = at;
        while (at < to && in.getByte(at) >= '0' && in.getByte(at) <= '9') at++;
        return at > digits ? at : -1;
    }

    private static int skipSpace(ByteBuf in, int from, int to) {
        int at = from;
        while (at < to && SqlCursor.isSpace(in.getByte(at))) at++;
        return at;
    }
}
