package org.pgkeel.proxy.coalesce;

import java.util.Arrays;
import org.pgkeel.proxy.insert.RowKey;

/// The keys of one request's rows, as hashes.
///
/// Threading: confined to its event loop.
final class RowKeys {
    private static final long[] NONE = {};

    private long[] hashes = NONE;
    private int rows;
    private boolean unknown;

    void clear() {
        rows = 0;
        unknown = false;
    }

    /// A row has this key: a hash, or [RowKey#UNKNOWN].
    void add(long key) {
        if (key == RowKey.UNKNOWN) unknown = true;
        if (rows == hashes.length) hashes = Arrays.copyOf(hashes, Math.max(1, 2 * rows));
        hashes[rows++] = key;
    }

    int rows() {
        return rows;
    }

    long hash(int row) {
        return hashes[row];
    }

    /// One of them may be equal to any other.
    boolean isUnknown() {
        return unknown;
    }

    /// All rows have one key, and it is known.
    boolean isOne() {
        if (unknown) return false;
        for (int i = 1; i < rows; i++) if (hashes[i] != hashes[0]) return false;
        return true;
    }

    /// The key that all rows have; [RowKey#UNKNOWN] if it cannot be told, or they have several, or there are none.
    long one() {
        return rows > 0 && isOne() ? hashes[0] : RowKey.UNKNOWN;
    }
}
