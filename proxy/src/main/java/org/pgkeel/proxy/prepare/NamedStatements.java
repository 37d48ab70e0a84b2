package org.pgkeel.proxy.prepare;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// What one client calls its prepared statements. Found by the bytes of the name without an allocation.
///
/// Threading: confined to the session's event loop.
public final class NamedStatements {
    /// Most clients have none: they share these.
    private static final byte[][] NO_NAMES = new byte[1][];
    private static final SharedStatement[] NO_STATEMENTS = new SharedStatement[1];

    private byte @Nullable [][] names = NO_NAMES;
    private @Nullable SharedStatement[] statements = NO_STATEMENTS;
    private int size;

    public int size() {
        return size;
    }

    /// @return null if the client has no statement of that name
    public @Nullable SharedStatement get(ByteBuf buf, int from, int to) {
        int mask = names.length - 1;
        for (int at = spread(hash(buf, from, to)) & mask; names[at] != null; at = at + 1 & mask) {
            if (same(names[at], buf, from, to)) return statements[at];
        }
        return null;
    }

    /// @return null if the client has no statement of that name
    public @Nullable SharedStatement get(byte[] name) {
        int at = find(name);
        return at < 0 ? null : statements[at];
    }

    /// The client's name of a statement. Looks at all of them.
    /// @param proxyName name of the statement in backends
    /// @return null if none of the client's statements is that one
    public byte @Nullable [] nameOf(byte[] proxyName) {
        for (int i = 0; i < names.length; i++) {
            SharedStatement statement = statements[i];
            if (statement != null && statement.isNamed(proxyName)) return names[i];
        }
        return null;
    }

    public void put(byte[] name, SharedStatement statement) {
        int at = find(name);
        if (at >= 0) {
            statements[at] = statement;
            return;
        }
        if ((size + 1) * 2 > names.length) grow();
        insert(name, statement);
        size++;
    }

    public @Nullable SharedStatement remove(byte[] name) {
        int at = find(name);
        if (at < 0) return null;
        SharedStatement removed = statements[at];
        size--;
        fill(at);
        return removed;
    }

    /// Whoever stands behind a gap and would have stood there, or before, moves up: a look-up ends at the first gap.
    private void fill(int at) {
        int mask = names.length - 1;
        int gap = at;
        for (int next = at + 1 & mask; names[next] != null; next = next + 1 & mask) {
            boolean reachesGap = (next - place(names[next]) & mask) >= (next - gap & mask);
            if (!reachesGap) continue;
            names[gap] = names[next];
            statements[gap] = statements[next];
            gap = next;
        }
        names[gap] = null;
        statements[gap] = null;
    }

    public void clear() {
        names = NO_NAMES;
        statements = NO_STATEMENTS;
        size = 0;
    }

    private int find(byte[] name) {
        int mask = names.length - 1;
        for (int at = place(name); names[at] != null; at = at + 1 & mask) {
            if (Arrays.equals(names[at], name)) return at;
        }
        return -1;
    }

    private void insert(byte[] name, SharedStatement statement) {
        int mask = names.length - 1;
        int at = place(name);
        while (names[at] != null) at = at + 1 & mask;
        names[at] = name;
        statements[at] = statement;
    }

    private void grow() {
        byte[][] oldNames = names;
        SharedStatement[] oldStatements = statements;
        int length = Math.max(8, oldNames.length * 2);
        names = new byte[length][];
        statements = new SharedStatement[length];
        for (int i = 0; i < oldNames.length; i++) if (oldNames[i] != null) insert(oldNames[i], oldStatements[i]);
    }

    /// Where a name stands, if nobody else does.
    private int place(byte[] name) {
        return spread(Arrays.hashCode(name)) & names.length - 1;
    }

    /// Names that count upwards have neighbouring hashes: they are not to stand in one long row.
    private static int spread(int hash) {
        int spread = hash * 0x9E3779B1;
        return spread ^ spread >>> 15;
    }

    /// As `Arrays.hashCode(byte[])`.
    private static int hash(ByteBuf buf, int from, int to) {
        int hash = 1;
        for (int i = from; i < to; i++) hash = 31 * hash + buf.getByte(i);
        return hash;
    }

    private static boolean same(byte[] name, ByteBuf buf, int from, int to) {
        if (name.length != to - from) return false;
        for (int i = 0; i < name.length; i++) if (name[i] != buf.getByte(from + i)) return false;
        return true;
    }
}
