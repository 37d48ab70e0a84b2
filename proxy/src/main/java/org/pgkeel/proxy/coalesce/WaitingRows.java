package org.pgkeel.proxy.coalesce;

import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.CoalesceRule;

/// The requests of one [BatchQueue] that wait, in the order in which they came, in memory or on disk.
///
/// Threading: confined to its event loop.
final class WaitingRows implements Iterable<Contribution>, SpilledRows.Owner {
    private final ArrayDeque<Contribution> all = new ArrayDeque<>();
    /// Null where the rule has no disk.
    private final @Nullable SpilledRows spilled;
    private final Runnable goOn;
    /// Of the rule, all its queues.
    private final BufferedBytes buffered;
    private int rows;
    private long bytes;

    /// @param buffered what of the rule is in memory
    /// @param spill where requests go when too much is buffered; null if they stay
    /// @param goOn  something has come back from disk, or could not
    WaitingRows(CoalesceRule rule, BufferedBytes buffered, EventLoop loop, CoalesceStats stats, @Nullable Spill spill, Runnable goOn) {
        this.goOn = goOn;
        this.buffered = buffered;
        this.spilled = spill == null ? null : new SpilledRows(spill, Math.max(1, Math.min(rule.maxBytes(), rule.maxBufferedBytes() / 10)), buffered, loop, stats, this);
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    /// Null if none waits.
    @Nullable Contribution first() {
        return all.peekFirst();
    }

    /// To be taken out only by an iterator whose [Iterator#remove] is followed by [#left].
    @Override
    public Iterator<Contribution> iterator() {
        return all.iterator();
    }

    int rows() {
        return rows;
    }

    /// In memory.
    long bytes() {
        return bytes;
    }

    /// In memory, with copies that are on their way to the disk.
    long bufferedBytes() {
        return bytes + (spilled == null ? 0 : spilled.copiedBytes());
    }

    int awayRows() {
        return spilled == null ? 0 : spilled.rows();
    }

    long awayBytes() {
        return spilled == null ? 0 : spilled.bytes();
    }

    void add(Contribution contribution, long nowNanos) {
        contribution.become(Contribution.State.QUEUED);
        contribution.since(nowNanos);
        all.addLast(contribution);
        count(contribution, 1);
    }

    /// They go first once more, in their order; but for those whose clients are gone.
    void again(List<Contribution> back) {
        for (Contribution each : back.reversed()) {
            if (each.isAbandoned()) continue;
            each.become(Contribution.State.QUEUED);
            all.addFirst(each);
            count(each, 1);
        }
    }

    /// It was taken out, and leaves.
    void left(Contribution contribution) {
        count(contribution, -1);
    }

    /// @return false if it does not wait
    boolean withdraw(Contribution contribution) {
        if (!all.remove(contribution)) return false;
        if (spilled != null && contribution.isAway()) {
            rows -= contribution.rows();
            spilled.forget(contribution);
        } else {
            count(contribution, -1);
        }
        contribution.become(Contribution.State.FREE);
        return true;
    }

    private void count(Contribution contribution, int sign) {
        rows += sign * contribution.rows();
        count((long) sign * contribution.bytes());
    }

    private void count(long more) {
        bytes += more;
        buffered.add(more);
    }

    // --- its disk

    /// Too much is buffered.
    void offerToDisk(Contribution contribution, long nowNanos) {
        if (spilled != null) spilled.offer(contribution, nowNanos);
    }

    /// What is at the head comes back.
    void readAhead() {
        if (spilled != null) spilled.readAhead(all);
    }

    @Override
    public void away(Contribution contribution) {
        count(-contribution.bytes());
    }

    @Override
    public void back(Contribution contribution) {
        count(contribution.bytes());
    }

    @Override
    public void drop(Contribution contribution) {
        withdraw(contribution);
    }

    /// Those that leave last go first.
    @Override
    public void roomAgain() {
        long now = System.nanoTime();
        long tooMuch = buffered.tooMuch();
        for (var from = all.descendingIterator(); tooMuch > 0 && from.hasNext(); ) {
            Contribution each = from.next();
            if (!each.mayGoAway(this)) continue;
            offerToDisk(each, now);
            tooMuch -= each.bytes();
        }
    }

    @Override
    public void goOn() {
        goOn.run();
    }
}
