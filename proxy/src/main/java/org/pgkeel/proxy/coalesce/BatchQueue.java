package org.pgkeel.proxy.coalesce;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.CoalesceRule;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.pool.WaitLimit;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;

/// The rows of one table that may share a commit, and the batches that are under way with them. What waits is in [WaitingRows], what of it may
/// leave says [LaneChoice], and whether it does [FlushPolicy].
///
/// | what comes                                 | finds                                   | and                      |
/// |--------------------------------------------|-----------------------------------------|--------------------------|
/// | a request of one transaction               | nothing waits and nothing is under way  | runs alone, undelayed     |
/// | a request                                  | anything else                           | waits                    |
/// | the end of the event loop's turn, or a commit | a free lane and enough rows             | a batch leaves            |
/// | the end of a batch that failed             | a request that may be the reason        | it runs alone, in its turn |
/// | deaths of servers                          | requests that may be the reason         | they run one after the other, and nothing beside them, for a second each |
///
/// Threading: confined to its event loop.
final class BatchQueue {
    /// Unchanged INSERTs in one commit: more of them gain little, and one that fails takes all with it.
    private static final int SHARED_MAX = 100;

    private static final long LOOK_AGAIN_NANOS = 1_000_000;

    /// What kills its server does so at once. Whatever is under way for longer waits for a lock, maybe, and holds up nobody.
    private static final Duration SUSPICION = Duration.ofSeconds(1);

    private final CoalesceRule rule;
    private final int lanes;
    private final FlushPolicy policy;
    private final LaneChoice choice;
    private final Crowd crowd = new Crowd();
    private final EventLoop loop;
    private final BatchMaker maker;
    private final CoalesceStats stats;
    private final BufferedBytes buffered;
    private final WaitingRows waiting;
    private final List<BatchQueue> earlier = new ArrayList<>();
    private int sentRows;
    private long sentBytes;
    private long replyBytes;
    private int batches;
    private int alone;
    private long aloneSinceNanos;
    private long commitNanos;
    /// What left last may be what servers die of, and something is under way.
    private boolean suspectLeft;
    /// When it left, or when the first began that found nothing under way.
    private long leftNanos;
    /// Since then the servers were there for less than [#SUSPICION].
    private boolean leftLately;
    private boolean pumpDue;
    private boolean retired;
    private @Nullable ScheduledFuture<?> timer;

    /// Makes and starts a batch.
    interface BatchMaker {
        /// @param size [Size#MANY] only if the first of them may be a COPY; the others may be the same one
        void start(BatchQueue from, Batch batch, Size size);
    }

    /// How many rows a batch has: enough for a COPY, or few.
    enum Size { FEW, MANY }

    /// @param buffered of all queues of the rule
    /// @param spill where requests go when too much is buffered; null if they stay
    BatchQueue(CoalesceRule rule, BufferedBytes buffered, EventLoop loop, BatchMaker maker, CoalesceStats stats, @Nullable Spill spill) {
        this.rule = rule;
        this.lanes = rule.lanes();
        this.policy = new FlushPolicy(rule.maxRows(), rule.maxBytes(), rule.maxDelay(), rule.copyFromRows(), lanes);
        this.choice = choiceOf(rule);
        this.loop = loop;
        this.maker = maker;
        this.stats = stats;
        this.buffered = buffered;
        this.waiting = new WaitingRows(rule, buffered, loop, stats, spill, this::pumpSoon);
    }

    private static LaneChoice choiceOf(CoalesceRule rule) {
        if (rule.orderBy().isPresent()) return LaneChoice.byKey(rule.orderBy().get(), rule.lanes());
        return switch (rule.lanesBy()) {
            case ARRIVAL -> LaneChoice.any();
            case PARTITION -> LaneChoice.byPartition(rule.copyFromRows());
        };
    }

    CoalesceRule rule() {
        return rule;
    }

    CoalesceStats stats() {
        return stats;
    }

    LaneChoice choice() {
        return choice;
    }

    /// Whatever is in those goes first.
    void behind(List<BatchQueue> those) {
        earlier.addAll(those);
    }

    private boolean isBehind() {
        earlier.removeIf(BatchQueue::isUnused);
        return !earlier.isEmpty();
    }

    // --- what comes

    /// Nothing waits and nothing is under way: whoever comes now need not wait for anybody.
    boolean isQuiet() {
        return isUnused() && crowd.isNone() && !isBehind();
    }

    /// A request runs by itself, as one of the batches under way; [#aloneEnded] follows.
    /// @param lanesOfIt that it holds
    void aloneBegins(InsertWay why, int rows, long lanesOfIt, long nowNanos) {
        choice.begins(lanesOfIt);
        stats.rows(why, rows);
        if (batches + alone == 0) leaves(nowNanos);
        if (alone++ == 0) aloneSinceNanos = nowNanos;
    }

    void aloneEnded(long lanesOfIt) {
        choice.ends(lanesOfIt);
        alone--;
        oneEnded();
        pumpSoon();
    }

    void add(Contribution contribution, long nowNanos) {
        Contribution first = firstOfShare(nowNanos);
        if (first != null) flush(first, nowNanos);
        waiting.add(contribution, nowNanos);
        if (buffered.isOverfull()) {
            contribution.client().pauseReading();
            waiting.offerToDisk(contribution, nowNanos);
        }
        pumpSoon();
    }

    /// Those that came before need not wait for the end of the turn: a lane is free, and they are its share. It is a COPY, which nobody is
    /// told of at once: this is called in the midst of what a client has sent.
    private @Nullable Contribution firstOfShare(long nowNanos) {
        if (isSuspectUnderWay() || choice.isOrdered() || waiting.rows() < policy.share(crowd.rows()) || underWay(nowNanos) >= lanes) return null;
        Contribution first = choice.look(waiting, rule.maxRows());
        return first != null && first.mayBeCopied() ? first : null;
    }

    boolean withdraw(Contribution contribution) {
        return waiting.withdraw(contribution);
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
        while (!waiting.isEmpty()) {
            waiting.readAhead();
            if (isBehind()) {
                again(LOOK_AGAIN_NANOS);
                return;
            }
            if (isSuspectUnderWay()) return;
            Contribution first = choice.look(waiting, rule.maxRows());
            if (first == null) return;   // its lane is held, or it is being read
            if (first.isSuspect() && leftLately && batches + alone > 0) return;
            long now = System.nanoTime();
            if (!first.isApart()) {
                int underWay = underWay(now);
                if (underWay >= lanes) {
                    if (batches < lanes && !choice.isOrdered()) again(rule.maxDelay().toNanos());
                    return;
                }
                int rows = choice.isOrdered() ? choice.rows() : waiting.rows();
                long bytes = choice.isOrdered() ? choice.bytes() : waiting.bytes();
                long wait = policy.waitNanos(new FlushPolicy.Situation(rows, bytes, underWay, now - first.sinceNanos(), crowd.rows(), attainable(rows), commitNanos));
                if (wait > 0) {
                    again(wait);
                    return;
                }
            }
            flush(first, now);
        }
    }

    private boolean isSuspectUnderWay() {
        return suspectLeft && leftLately;
    }

    private void leaves(long nowNanos) {
        leftNanos = nowNanos;
        leftLately = true;
    }

    /// In an order by key the rows of a lane that is held come to no other batch: where one key has most of the rows, those of the others are not kept waiting for them.
    private double attainable(int rows) {
        return choice.isOrdered() ? crowd.rows() - sentRows - alone - (waiting.rows() - rows) : Double.POSITIVE_INFINITY;
    }

    /// A single statement may be waiting for a lock: it is not waited for longer than for rows.
    private int underWay(long nowNanos) {
        boolean aloneCounts = alone > 0 && (nowNanos - aloneSinceNanos < rule.maxDelay().toNanos() || choice.isOrdered());
        return batches + (aloneCounts ? alone : 0);
    }

    private void again(long nanos) {
        if (timer != null && !timer.isDone()) timer.cancel(false);
        timer = loop.schedule(this::pump, nanos, TimeUnit.NANOSECONDS);
    }

    /// @param first that [#choice] has found, with those that may leave with it
    private void flush(Contribution first, long nowNanos) {
        crowd.seen(waiting.rows() + sentRows + alone);
        suspectLeft = first.isSuspect();
        leaves(nowNanos);
        Size size = choice.rows() >= rule.copyFromRows() && first.mayBeCopied() ? Size.MANY : Size.FEW;
        int limit = size == Size.FEW ? Math.min(SHARED_MAX, rule.maxRows()) : rule.maxRows();
        int share = size == Size.MANY && underWay(nowNanos) + 1 < lanes ? policy.share(crowd.rows()) : limit;
        Batch batch = take(first, size, share, limit, nowNanos);
        boolean sharesWithItself = first.units() > 1 && !first.isApart();
        if (batch.all().size() == 1 && size == Size.FEW && !first.isDeduplicated() && !sharesWithItself) {
            if (!first.isApart()) first.aloneFor(InsertWay.NO_COMPANY);
            runAlone(first);
            return;
        }
        choice.begins(batch.lanes());
        if (choice.isOfOnePartition()) stats.ofOnePartition(batch.rows());
        sentRows += batch.rows();
        sentBytes += batch.bytes();
        buffered.add(batch.bytes());
        batches++;
        maker.start(this, batch, size);
    }

    /// @param share what is more than it is left to other lanes; but in an order by key no other lane may have what is in the first one's
    private Batch take(Contribution first, Size size, int share, int limit, long nowNanos) {
        int most = choice.isOrdered() ? limit : share;
        var taken = new ArrayList<Contribution>(Math.min(choice.rows(), most));
        int rows = 0;
        long bytes = 0;
        long lanesOfIt = 0;
        choice.begin(first, share);
        for (Iterator<Contribution> left = waiting.iterator(); left.hasNext() && !choice.isOver() && !(first.isApart() && rows > 0); ) {
            Contribution next = left.next();
            boolean isFirst = next == first;
            if (!choice.lets(next, isFirst)) continue;
            boolean fits = isFirst || rows + next.rows() <= most && bytes + next.bytes() <= rule.maxBytes() && (size == Size.FEW || !next.isUnsayable() && next.target().goesWith(first.target()));
            if (!fits) break;
            left.remove();
            waiting.left(next);
            rows += next.rows();
            bytes += next.bytes();
            lanesOfIt |= next.lanes();
            next.become(Contribution.State.SENT);
            stats.waited(nowNanos - next.sinceNanos());
            taken.add(next);
        }
        return new Batch(taken, rows, bytes, lanesOfIt);
    }

    private void runAlone(Contribution contribution) {
        contribution.become(Contribution.State.FREE);
        aloneBegins(contribution.aloneFor(), contribution.rows(), contribution.lanes(), System.nanoTime());
        contribution.tell(contribution.client()::alone);
    }

    // --- how batches end

    /// Its backend is free again. What follows for its clients is told behind this.
    /// @param tookNanos until its commit; 0 if it came to none
    void batchEnded(Batch batch, long tookNanos) {
        batches--;
        sentRows -= batch.rows();
        sentBytes -= batch.bytes();
        buffered.add(-batch.bytes());
        choice.ends(batch.lanes());
        oneEnded();
        if (tookNanos > 0) commitNanos = commitNanos == 0 ? tookNanos : (commitNanos * 3 + tookNanos) / 4;
        pump();
    }

    private void oneEnded() {
        if (batches + alone == 0) suspectLeft = false;
    }

    /// What was answered to a batch, until its clients are told.
    /// @param more less than 0: they are
    void keeps(long more) {
        replyBytes += more;
        buffered.add(more);
    }

    /// What could not be said in a COPY, beginning with such a request: it goes unchanged.
    /// @param back in an order by key, with all that came behind it
    void leftOver(List<Contribution> back) {
        if (choice.isOrdered()) back.getFirst().setUnsayable();
        else back.forEach(Contribution::setUnsayable);
        again(back);
    }

    /// What did not happen goes first once more, and what is apart runs alone: in its turn where there is an order, else ahead of the others. A client
    /// that has cancelled it meanwhile is told so.
    void again(List<Contribution> those) {
        List<Contribution> back = those.stream().filter(each -> !each.isCancelled()).toList();
        if (back.size() < those.size()) those.stream().filter(Contribution::isCancelled).forEach(this::cancelled);
        if (choice.isOrdered()) {
            waiting.again(back);
        } else {
            waiting.again(back.stream().filter(each -> !each.isApart()).toList());
            waiting.again(back.stream().filter(Contribution::isApart).toList());
        }
        pumpSoon();
    }

    /// Not at once: its batch has not ended yet.
    private void cancelled(Contribution contribution) {
        loop.execute(() -> BatchRun.finish(contribution, () -> contribution.client().refused(Refusal.cancelled())));
    }

    /// Ends suspicions, and refuses those that have waited for longer than a client waits for a backend, or for the end of a hold.
    void tick(long nowNanos, WaitLimit limit) {
        if (leftLately && limit.isOpenFor(SUSPICION, leftNanos, nowNanos)) {
            leftLately = false;
            pumpSoon();
        }
        var late = new ArrayList<Contribution>(0);
        for (Contribution each : waiting) {
            if (!limit.isOver(each.sinceNanos(), nowNanos)) break;
            late.add(each);
        }
        for (Contribution each : late) {
            boolean away = each.isAway();
            withdraw(each);
            Refusal why = limit.ofHold().orElseGet(() -> Refusal.of(RefusalReason.POOL_WAIT_TIMEOUT, "the rows before it were not committed within " + limit.most().toMillis() + " ms",
                    "The wait is pool.max-wait, the number of batches under way coalesce.lanes."));
            each.tell(() -> {
                if (away) each.client().refusedAway(why);
                else each.client().refused(why);
            });
        }
    }

    boolean isUnused() {
        return waiting.isEmpty() && batches == 0 && alone == 0;
    }

    /// Nobody looks for it any more, if it is not in use.
    boolean retires() {
        retired = isUnused();
        return retired;
    }

    /// Whoever knows it has to ask for another one.
    boolean isRetired() {
        return retired;
    }

    WaitingRows waiting() {
        return waiting;
    }

    long bufferedBytes() {
        return waiting.bufferedBytes() + sentBytes + replyBytes;
    }

    int batchesUnderWay() {
        return batches;
    }
}
