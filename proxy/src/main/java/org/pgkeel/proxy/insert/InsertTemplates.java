package org.pgkeel.proxy.insert;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.copy.CopyText;

/// INSERTs whose values stand in their text, found again by what stands in front of the values: byte for byte the same, so that nothing of it has to
/// be read again. The values are quoted texts in which a backslash means itself, whole numbers, and NULL; anything else is not found.
///
/// Threading: confined to an event loop.
public final class InsertTemplates {
    private static final int HEAD_BYTES_MAX = 4096;
    private static final int TEMPLATES_MAX = 1024;
    private static final int COLUMNS_MAX = 1600;

    /// @param shape null if the head is understood to be no INSERT of one row
    private record Template(byte[] head, long hash, @Nullable InsertShape shape) {}

    private @Nullable Template[] table = new Template[2 * TEMPLATES_MAX];
    private int size;

    /// @param to where the text ends, its terminator not included
    /// @return the same object for the same head; null if the text is no INSERT of one row of literals
    public @Nullable InsertShape find(ByteBuf in, int from, int to) {
        int row = rowAt(in, from, to);
        if (row < 0) return null;
        InsertShape shape = templateOf(in, from, row).shape;
        return shape != null && count(in, row, to) == shape.values().size() ? shape : null;
    }

    /// Appends the row of a text that [#find] has found.
    /// @return false if one of its values cannot be said so that it means the same; then out holds half a row
    public boolean row(CopyPlan plan, ByteBuf in, int from, int to, ByteBuf out) {
        int at = rowAt(in, from, to);
        for (int column = 0; ; column++) {
            at = skipSpace(in, at, to);
            byte first = in.getByte(at);
            int end = valueEnd(in, at, to);
            if (column > 0) out.writeByte('\t');
            if (first == '\'') CopyText.writeQuoted(in, at + 1, end - 1, out);
            else if (first == 'n' || first == 'N') CopyText.writeNull(out);
            else if (plan.takesWholeNumber(column)) out.writeBytes(in, at, end - at);
            else return false;
            at = skipSpace(in, end, to);
            if (in.getByte(at) == ')') break;
            at++;
        }
        out.writeByte('\n');
        return true;
    }

    /// @return the hash of the key of a text that [#find] has found, or [RowKey#UNKNOWN]
    public long key(RowKey key, ByteBuf in, int from, int to) {
        if (key.place() < 0) return RowKey.UNKNOWN;
        int at = skipSpace(in, rowAt(in, from, to), to);
        for (int column = 0; column < key.place(); column++) at = skipSpace(in, skipSpace(in, valueEnd(in, at, to), to) + 1, to);
        byte first = in.getByte(at);
        int end = valueEnd(in, at, to);
        if (first == '\'') return key.ofQuoted(in, at + 1, end - 1);
        return first == 'n' || first == 'N' ? RowKey.ofNull() : key.ofUnquoted(in, at, end);
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

    private Template templateOf(ByteBuf in, int from, int row) {
        long hash = hash(in, from, row);
        int mask = table.length - 1;
        int place = (int) (hash >>> 32) & mask;
        for (Template there = table[place]; there != null; there = table[place]) {
            if (there.hash == hash && is(there.head, in, from, row)) return there;
            place = place + 1 & mask;
        }
        byte[] head = new byte[row - from];
        in.getBytes(from, head);
        var made = new Template(head, hash, shapeOf(head));
        if (size == TEMPLATES_MAX) {
            table = new Template[2 * TEMPLATES_MAX];
            size = 0;
            place = (int) (hash >>> 32) & mask;
        }
        table[place] = made;
        size++;
        return made;
    }

    private static @Nullable InsertShape shapeOf(byte[] head) {
        var read = InsertReader.headOf(new String(head, StandardCharsets.ISO_8859_1));
        if (read.isEmpty() || read.get().rowAt() != head.length || read.get().columns().isEmpty()) return null;
        List<Value> values = new ArrayList<>(Collections.nCopies(read.get().columns().size(), new Value.Any()));
        return new InsertShape(read.get().schema(), read.get().table(), read.get().columns(), values, true);
    }

    private static boolean is(byte[] head, ByteBuf in, int from, int to) {
        if (head.length != to - from) return false;
        for (int i = 0; i < head.length; i++) if (in.getByte(from + i) != head[i]) return false;
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
        while (at < to && InsertReader.isSpace(in.getByte(at))) at++;
        return at;
    }
}
