package org.pgkeel.proxy.coalesce;

import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.KeyOrder;
import org.pgkeel.proxy.insert.RowKey;

/// Which of the requests that wait in a [BatchQueue] may leave now. Without `order-by` it is the first and those behind it.
///
/// With `lanes-by = partition` it is the first and those of its partition, if they are enough for a COPY; else as they came. The first always leaves,
/// so that no partition waits for another one's rows, and few rows of many partitions are no slower than without.
///
/// With `order-by` each key belongs to one lane, by its hash; a request belongs to the lanes of its rows, and to all lanes if one of its keys cannot
/// be told. Of one queue on one event loop:
/// - a lane is held by at most one batch, or one request that runs alone: rows of equal key are never in two transactions at once;
/// - a request leaves only if those in front of it that stay share no lane with it, or, held back by `max-in-flight-per-key`, no key:
///   rows of equal key leave, and so are committed, in the order in which they came;
/// - no batch has more rows of a key than `max-in-flight-per-key`, but that a request is not divided; as a key is in one batch at a time, no
///   more of them are in flight.
///
/// Threading: confined to its event loop.
final class LaneChoice {
    private static final long ONE = 1;

    private final boolean ordered;
    private final int lanes;
    private final long all;
    private final int inFlightMax;
    /// So many rows of one partition leave without others; 0: partitions do not matter.
    private final int partitionRowsMin;
    private final KeyCounts counts = new KeyCounts();
    private long busy;
    /// Lanes of which the next request may leave, while requests are gone through.
    private long open;
    /// Lanes with a request that was held back for its key.
    private long held;
    private int rows;
    private long bytes;
    /// Whose rows leave; [RowKey#UNKNOWN] if any may.
    private long partition = RowKey.UNKNOWN;

    private LaneChoice(boolean ordered, int lanes, int inFlightMax, int partitionRowsMin) {
        this.ordered = ordered;
        this.lanes = lanes;
        this.all = lanes == Long.SIZE ? -1 : (ONE << lanes) - 1;
        this.inFlightMax = inFlightMax;
        this.partitionRowsMin = partitionRowsMin;
    }

    /// @param lanes 1 to 64
    static LaneChoice byKey(KeyOrder order, int lanes) {
        return new LaneChoice(true, lanes, order.inFlightMax().orElse(Integer.MAX_VALUE), 0);
    }

    /// Any row may leave with any other.
    static LaneChoice any() {
        return new LaneChoice(false, 1, Integer.MAX_VALUE, 0);
    }

    /// Keys of rows are numbers of partitions.
    /// @param rowsMin of one partition that leave without others
    static LaneChoice byPartition(int rowsMin) {
        return new LaneChoice(false, 1, Integer.MAX_VALUE, rowsMin);
    }

    boolean isOrdered() {
        return ordered;
    }

    /// @return a bit for each lane that the rows belong to
    long of(RowKeys keys) {
        if (!ordered || keys.isUnknown()) return all;
        long of = 0;
        for (int i = 0; i < keys.rows(); i++) of |= ONE << Long.remainderUnsigned(keys.hash(i), lanes);
        return of == 0 ? all : of;
    }

    // --- what holds lanes

    void begins(long lanesOfIt) {
        if (!ordered) return;
        if ((busy & lanesOfIt) != 0) throw new IllegalStateException("lanes " + Long.toBinaryString(lanesOfIt) + ", and " + Long.toBinaryString(busy) + " are held");
        busy |= lanesOfIt;
    }

    void ends(long lanesOfIt) {
        if (!ordered) return;
        if ((busy & lanesOfIt) != lanesOfIt) throw new IllegalStateException("lanes " + Long.toBinaryString(lanesOfIt) + ", but " + Long.toBinaryString(busy) + " are held");
        busy &= ~lanesOfIt;
    }

    // --- what may leave

    /// Looks for the first of those that wait that may leave, and for [#rows] and [#bytes] that may leave with it.
    /// @param enough of the rows
    /// @return null if none may leave
    @Nullable Contribution look(WaitingRows waiting, int enough) {
        rows = 0;
        bytes = 0;
        Contribution first = null;
        if (!ordered) {
            first = waiting.first();
            if (first == null || first.isAway()) return null;
            partition = partitionRowsMin == 0 || first.isApart() ? RowKey.UNKNOWN : first.keys().one();
            if (partition != RowKey.UNKNOWN && countPartition(waiting, enough)) return first;
            partition = RowKey.UNKNOWN;
            rows = waiting.rows();
            bytes = waiting.bytes();
            return first;
        }
        begin(all & ~busy);
        for (Contribution each : waiting) {
            if (isOver() || rows >= enough) break;
            if (!lets(each, first == null)) continue;
            if (first == null) first = each;
            rows += each.rows();
            bytes += each.bytes();
            if (first.isApart()) break;
        }
        return first;
    }

    /// @return it has rows for a batch of its own
    private boolean countPartition(WaitingRows waiting, int enough) {
        for (Contribution each : waiting) {
            if (rows >= enough) break;
            if (each.keys().one() != partition || each.isAway() || each.isApart()) continue;
            rows += each.rows();
            bytes += each.bytes();
        }
        boolean enoughOfIt = rows >= partitionRowsMin;
        if (!enoughOfIt) {
            rows = 0;
            bytes = 0;
        }
        return enoughOfIt;
    }

    /// Those that were found are all of one partition.
    boolean isOfOnePartition() {
        return partition != RowKey.UNKNOWN;
    }

    int rows() {
        return rows;
    }

    long bytes() {
        return bytes;
    }

    /// Requests are gone through from the first on: [#lets] is asked of each until [#isOver].
    /// @param most rows that fit: if there are more, those of the first one's lanes leave, and the other lanes are left to others
    void begin(Contribution first, int most) {
        begin(rows <= most ? all & ~busy : first.lanes());
    }

    private void begin(long lanesToOpen) {
        open = lanesToOpen;
        held = 0;
        if (inFlightMax != Integer.MAX_VALUE) counts.clear();
    }

    boolean isOver() {
        return open == 0;
    }

    /// The request may leave with those that were let before it. If it stays, those behind it stay that must not overtake it.
    /// @param asFirst those that are apart leave if they are the first
    boolean lets(Contribution each, boolean asFirst) {
        if (partition != RowKey.UNKNOWN) return each.keys().one() == partition && !each.isAway() && !each.isApart();
        boolean free = (each.lanes() & ~open) == 0 && !each.isAway() && (asFirst || !each.isApart()) && !(each.keys().isUnknown() && held != 0);
        if (free && inFlightMax != Integer.MAX_VALUE) {
            if (isFull(each.keys())) {
                each.holdBack();
                if (each.keys().isOne()) {
                    held |= each.lanes();
                    return false;
                }
                free = false;
            } else {
                count(each.keys());
            }
        }
        if (!free) open &= ~each.lanes();
        return free;
    }

    private boolean isFull(RowKeys keys) {
        for (int i = 0; i < keys.rows(); i++) if (keys.hash(i) != RowKey.UNKNOWN && counts.of(keys.hash(i)) >= inFlightMax) return true;
        return false;
    }

    private void count(RowKeys keys) {
        for (int i = 0; i < keys.rows(); i++) if (keys.hash(i) != RowKey.UNKNOWN) counts.add(keys.hash(i));
    }
}
