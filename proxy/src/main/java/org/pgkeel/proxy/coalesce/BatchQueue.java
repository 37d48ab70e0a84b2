package org.pgkeel.proxy.coalesce;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.CoalesceRule;
import org.pgkeel.proxy.pool.PoolSettings;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;

/// The rows of one table that may share a commit, in the order in which they came, and the batches that are under way with them.
///
/// | what comes                                 | finds                                   | and                      |
/// |--------------------------------------------|-----------------------------------------|--------------------------|
/// | a request                                  | nothing waits and nothing is under way  | runs alone, undelayed     |
/// | a request                                  | anything else                           | waits                    |
/// | the end of the event loop's turn, or a commit | a free lane and enough rows, see [FlushPolicy] | a batch leaves    |
///
/// Threading: confined to its event loop.
final class BatchQueue implements SpilledRows.Owner {
    /// Unchanged INSERTs in one commit: more of them gain little, and one that fails takes all with it.
    private static final int SHARED_MAX = 100;

    private final CoalesceRule rule;
    private final int lanes;
    private final FlushPolicy policy;
    private final Crowd crowd = new Crowd();
    private final EventLoop loop;
    private final BatchMaker maker;
    private final CoalesceStats stats;
    private final ArrayDeque<Contribution> waiting = new ArrayDeque<>();
    /// They run one by one in their own form, ahead of those that wait: their batch has failed.
    private final ArrayDeque<Contribution> single = new ArrayDeque<>();
    /// Null where the rule has no disk.
    private final @Nullable SpilledRows spilled;
    private int waitingRows;
    /// In memory.
    private long waitingBytes;
    private int sentRows;
    private long sentBytes;
    private int batches;
    private int alone;
    private long aloneSinceNanos;
    private long commitNanos;
    private boolean pumpDue;
    private @Nullable ScheduledFuture<?> timer;

    /// Makes and starts a batch.
    interface BatchMaker {
        /// @param size [Size#MANY] only if the first of them may be a COPY; the others may be the same one
        void start(BatchQueue from, List<Contribution> taken, Size size);
    }

    /// How many rows a batch has: enough for a COPY, or few.
    enum Size { FEW, MANY }

    /// @param lanes batches that may be under way at once
    /// @param spill where requests go when too much is buffered; null if they stay
    BatchQueue(CoalesceRule rule, int lanes, EventLoop loop, BatchMaker maker, CoalesceStats stats, @Nullable Spill spill) {
        this.rule = rule;
        this.lanes = lanes;
        this.policy = new FlushPolicy(rule.maxRows(), rule.maxBytes(), rule.maxDelay(), rule.copyFromRows(), lanes);
        this.loop = loop;
        this.maker = maker;
        this.stats = stats;
        this.spilled = spill == null ? null : new SpilledRows(spill, Math.max(1, Math.min(rule.maxBytes(), rule.maxBufferedBytes() / 10)), loop, stats, this);
    }

    CoalesceRule rule() {
        return rule;
    }

    CoalesceStats stats() {
        return stats;
    }

    // --- what comes

    /// Nothing waits and nothing is under way: whoever comes now need not wait for anybody.
    boolean isQuiet() {
        return isUnused() && crowd.isNone();
    }

    /// A request runs by itself, as one of the batches under way; [#aloneEnded] follows.
    void aloneBegins(int rows, long nowNanos) {
        stats.row(CoalesceStats.Way.ALONE, rows);
        if (alone++ == 0) aloneSinceNanos = nowNanos;
    }

    void aloneEnded() {
        alone--;
        pumpSoon();
    }

    void add(Contribution contribution, long nowNanos) {
        if (isShareThere(nowNanos)) flush(nowNanos);
        contribution.become(Contribution.State.QUEUED);
        contribution.since(nowNanos);
        waiting.addLast(contribution);
        count(contribution, 1);
        if (isOverfull()) {
            contribution.client().pauseReading();
            if (spilled != null) spilled.offer(contribution, nowNanos);
        }
        pumpSoon();
    }

    /// Those that came before need not wait for the end of the turn: a lane is free, and they are its share. It is a COPY, which nobody is
    /// told of at once: this is called in the midst of what a client has sent.
    private boolean isShareThere(long nowNanos) {
        return waitingRows >= policy.share(crowd.rows()) && single.isEmpty() && underWay(nowNanos) < lanes && !waiting.peekFirst().isAway() && waiting.peekFirst().target().isCopyable();
    }

    private boolean isOverfull() {
        return bufferedBytes() * 5 >= rule.maxBufferedBytes() * 4;
    }

    boolean withdraw(Contribution contribution) {
        if (!waiting.remove(contribution)) return false;
        if (spilled != null && contribution.isAway()) {
            waitingRows -= contribution.rows();
            spilled.forget(contribution);
        } else {
            count(contribution, -1);
        }
        contribution.become(Contribution.State.FREE);
        return true;
    }

    private void count(Contribution contribution, int sign) {
        waitingRows += sign * contribution.rows();
        waitingBytes += (long) sign * contribution.bytes();
    }

    // --- what leaves

    /// When all that has arrived in this turn of the event loop is there.
    private void pumpSoon() {
        if (pumpDue) return;
        pumpDue = true;
        loop.execute(this::endOfTurn);
    }

    private void endOfTurn() {
        pumpDue = false;
        pump();
    }

    private void pump() {
        while (!single.isEmpty() && !(isOrdered() && alone > 0)) runAlone(single.removeFirst());
        while (single.isEmpty() && !waiting.isEmpty()) {
            if (spilled != null) spilled.readAhead(waiting);
            if (waiting.peekFirst().isAway()) return;   // it is being read
            long now = System.nanoTime();
            long waited = now - waiting.peekFirst().sinceNanos();
            int underWay = underWay(now);
            if (underWay >= lanes) {
                if (batches < lanes && !isOrdered()) again(rule.maxDelay().toNanos());
                return;
            }
            long wait = policy.waitNanos(new FlushPolicy.Situation(waitingRows, waitingBytes, underWay, waited, crowd.rows(), commitNanos));
            if (wait > 0) {
                again(wait);
                return;
            }
            flush(now);
        }
    }

    /// A single statement may be waiting for a lock: it is not waited for longer than for rows.
    private int underWay(long nowNanos) {
        boolean aloneCounts = alone > 0 && (nowNanos - aloneSinceNanos < rule.maxDelay().toNanos() || isOrdered());
        return batches + (aloneCounts ? alone : 0);
    }

    private boolean isOrdered() {
        return rule.orderBy().isPresent();
    }

    private void again(long nanos) {
        if (timer != null && !timer.isDone()) timer.cancel(false);
        timer = loop.schedule(this::pump, nanos, TimeUnit.NANOSECONDS);
    }

    private void flush(long nowNanos) {
        crowd.seen(waitingRows + sentRows + alone);
        Size size = waitingRows >= rule.copyFromRows() && waiting.peekFirst().target().isCopyable() ? Size.MANY : Size.FEW;
        int most = size == Size.FEW ? Math.min(SHARED_MAX, rule.maxRows()) : underWay(nowNanos) + 1 < lanes ? policy.share(crowd.rows()) : rule.maxRows();
        var taken = new ArrayList<Contribution>(Math.min(waiting.size(), most));
        int rows = 0;
        long bytes = 0;
        while (!waiting.isEmpty()) {
            Contribution next = waiting.peekFirst();
            boolean fits = !next.isAway() && (taken.isEmpty() || rows + next.rows() <= most && bytes + next.bytes() <= rule.maxBytes() && (size == Size.FEW || next.target().goesWith(taken.getFirst().target())));
            if (!fits) break;
            waiting.removeFirst();
            count(next, -1);
            rows += next.rows();
            bytes += next.bytes();
            next.become(Contribution.State.SENT);
            stats.waited(nowNanos - next.sinceNanos());
            taken.add(next);
        }
        if (taken.size() == 1 && size == Size.FEW) {
            runAlone(taken.getFirst());
            return;
        }
        sentRows += rows;
        sentBytes += bytes;
        batches++;
        maker.start(this, taken, size);
    }

    private void runAlone(Contribution contribution) {
        contribution.become(Contribution.State.FREE);
        if (contribution.isAbandoned()) return;
        aloneBegins(contribution.rows(), System.nanoTime());
        contribution.client().alone();
    }

    // --- how batches end

    /// Its backend is free again. What follows for its clients is told behind this.
    /// @param tookNanos until its commit; 0 if it came to none
    void batchEnded(List<Contribution> all, long tookNanos) {
        batches--;
        for (Contribution each : all) {
            sentRows -= each.rows();
            sentBytes -= each.bytes();
        }
        if (tookNanos > 0) commitNanos = commitNanos == 0 ? tookNanos : (commitNanos * 3 + tookNanos) / 4;
        pump();
    }

    /// What did not happen runs one by one from now on, where it belongs in a batch with nobody.
    void onePerOne(List<Contribution> back) {
        single.addAll(back);
        pumpSoon();
    }

    /// What did not happen goes first once more, in its order.
    void again(List<Contribution> back) {
        for (Contribution each : back.reversed()) {
            if (each.isAbandoned()) continue;
            each.become(Contribution.State.QUEUED);
            waiting.addFirst(each);
            count(each, 1);
        }
        pumpSoon();
    }

    /// Refuses those that have waited for longer than a client waits for a backend.
    void tick(long nowNanos, PoolSettings settings) {
        var maxWait = settings.shape().maxWait();
        if (maxWait.isZero() || waiting.isEmpty()) return;
        var late = new ArrayList<Contribution>();
        for (Contribution each : waiting) {
            if (nowNanos - each.sinceNanos() < maxWait.toNanos()) break;
            late.add(each);
        }
        for (Contribution each : late) {
            boolean away = each.isAway();
            withdraw(each);
            Refusal why = Refusal.of(RefusalReason.POOL_WAIT_TIMEOUT, "the rows before it were not committed within " + maxWait.toMillis() + " ms",
                    "The wait is pool.max-wait, the number of batches under way coalesce.lanes.");
            if (away) each.client().refusedAway(why);
            else each.client().refused(why);
        }
    }

    boolean isUnused() {
        return waiting.isEmpty() && single.isEmpty() && batches == 0 && alone == 0;
    }

    int waitingRows() {
        return waitingRows;
    }

    long bufferedBytes() {
        return waitingBytes + sentBytes + (spilled == null ? 0 : spilled.copiedBytes());
    }

    int awayRows() {
        return spilled == null ? 0 : spilled.rows();
    }

    long awayBytes() {
        return spilled == null ? 0 : spilled.bytes();
    }

    // --- what its disk says

    @Override
    public void away(Contribution contribution) {
        waitingBytes -= contribution.bytes();
    }

    @Override
    public void back(Contribution contribution) {
        waitingBytes += contribution.bytes();
    }

    @Override
    public void drop(Contribution contribution) {
        withdraw(contribution);
    }

    @Override
    public void goOn() {
        pumpSoon();
    }

    int batchesUnderWay() {
        return batches;
    }
}
