package org.pgkeel.proxy.coalesce;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.backend.UnreplicatedCommit;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.pool.CloseReason;
import org.pgkeel.proxy.pool.Waiter;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Diversion;
import org.pgkeel.proxy.relay.ErrorMeaning;
import org.pgkeel.proxy.relay.Loss;
import org.pgkeel.proxy.relay.OutcomeProbe;
import org.pgkeel.proxy.settings.Settings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One batch on one backend, from its lease to what its clients are told. It is one implicit transaction: the rows, the question for
/// the transaction's mark where the cluster is watched, and the Sync that commits. That is sent when the mark is known.
///
/// | from      | event                          | to        |
/// |-----------|--------------------------------|-----------|
/// | Waiting   | leased                         | Sent      |
/// | Waiting   | refused                        | Over      |
/// | Sent      | the mark is there, or not asked | Committing |
/// | Sent      | an error                       | Failed    |
/// | Committing | ReadyForQuery                 | Over: committed |
/// | Committing | an error                      | Failed    |
/// | Failed    | ReadyForQuery                  | Over: as the error demands |
/// | Sent, Committing, Failed | lost            | Lost, see [LostBatch] |
/// | Lost      | it is known what to do         | Over      |
///
/// Threading: confined to its event loop.
abstract class BatchRun implements Waiter<BackendConnection>, Diversion {
    private static final Logger log = LoggerFactory.getLogger(BatchRun.class);

    enum State { WAITING, SENT, COMMITTING, FAILED, LOST, OVER }

    private static final int NOTICES_BYTES_MAX = 16 * 1024;

    private final Coalescer coalescer;
    private final BatchQueue queue;
    private final Place place;
    private final Settings settings;
    private final Batch batch;
    private final BatchScript script = new BatchScript();
    private final Messages messages = new Messages();
    private State state = State.WAITING;
    private @Nullable BackendConnection backend;
    private long sentNanos;
    /// The transaction's mark is asked for, and known before it commits.
    private boolean tracked;
    private Optional<TransactionMark> mark = Optional.empty();
    private @Nullable BatchError error;
    /// With which the server ends the session.
    private byte @Nullable [] lastWords;
    /// By what an INSERT has called: whoever has the backend next must not find that.
    private boolean settingsChanged;
    private @Nullable ByteBuf notices;
    private List<Contribution> taken = List.of();

    BatchRun(Coalescer coalescer, BatchQueue queue, Place place, Settings settings, Batch batch) {
        this.coalescer = coalescer;
        this.queue = queue;
        this.place = place;
        this.settings = settings;
        this.batch = batch;
    }

    // --- what the two ways differ in

    /// Writes the messages of the rows, and says to the [#script] what is answered to them.
    /// @return those that it has taken; the others go unchanged
    abstract List<Contribution> compose(BackendConnection leased, ByteBuf out, List<Contribution> wanted);

    /// A message of the server that answers a step of a client. Only asked of steps that show it.
    abstract void shown(Step step, ByteBuf in, int at, int next);

    /// A step is answered.
    void answered(Step step) {}

    /// Of its rows, once they are committed.
    abstract InsertWay way(Contribution each);

    abstract void committed(Contribution each, ByteBuf commitNotices);

    /// What becomes of a batch that the server refused.
    abstract Failure failure(BatchError error, List<Contribution> taken);

    /// @param alone these run by themselves
    /// @param again these share a batch once more
    /// @param told  instead of both, how the only one of a batch is told of its end
    record Failure(List<Contribution> alone, List<Contribution> again, Optional<Runnable> told) {
        Failure(List<Contribution> alone, List<Contribution> again) {
            this(alone, again, Optional.empty());
        }
    }

    /// The backend is of no use, and nothing happened.
    void givenUp() {
        back(new Failure(taken, List.of()), InsertWay.BACKEND_FAILED);
    }

    void release() {
        messages.release();
        if (notices != null) notices.release();
        notices = null;
    }

    final BatchScript script() {
        return script;
    }

    final Batch batch() {
        return batch;
    }

    final Coalescer coalescer() {
        return coalescer;
    }

    final BatchQueue queue() {
        return queue;
    }

    final Place place() {
        return place;
    }

    /// When its lease began.
    final long sentNanos() {
        return sentNanos;
    }

    /// Those whose rows it has.
    final List<Contribution> taken() {
        return taken;
    }

    // --- the lease

    final void start() {
        BackendConnection leased = place.slice().lease(this, System.nanoTime());
        if (leased != null) leased(leased);
    }

    @Override
    public final int requestBytes() {
        return Math.toIntExact(batch.bytes());
    }

    @Override
    public final void refused(Refusal refusal) {
        state = State.OVER;
        queue.batchEnded(batch, 0);
        for (Contribution each : batch.all()) finish(each, () -> each.client().refused(refusal));
        release();
    }

    @Override
    public final void leased(BackendConnection leased) {
        backend = leased;
        leased.divert(this);
        sentNanos = System.nanoTime();
        var wanted = batch.all().stream().filter(each -> !each.isAbandoned() && !each.isCancelled()).toList();
        if (wanted.size() < batch.all().size()) queue.again(batch.all().stream().filter(Contribution::isCancelled).toList());
        if (wanted.isEmpty()) {
            state = State.OVER;
            leased.undivert();
            leased.endLease(leased.applied(), sentNanos);
            queue.batchEnded(batch, 0);
            release();
            return;
        }
        ByteBuf out = Unpooled.EMPTY_BUFFER;
        try {
            out = leased.channel().alloc().directBuffer(requestBytes() + 1024);
            script.settings(leased, settings, out);
            // Sent even if no row could be taken: what it prepares counts as prepared already.
            taken = compose(leased, out, wanted);
        } catch (RuntimeException | Error bug) {   // one of them must not take the others with it, nor the lane
            log.error("a batch of {} rows: they run one by one", batch.rows(), bug);
            out.release();
            taken = wanted;
            giveUp(CloseReason.REPLIES_OWED);
            return;
        }
        List<Contribution> left = Batch.without(wanted, taken);
        state = State.SENT;
        tracked = place.isTracked();
        if (tracked) {
            script.askMark(leased, out);
        } else {
            sync(out);
        }
        leased.slice().stats().received(out.readableBytes());
        leased.channel().writeAndFlush(out, leased.channel().voidPromise());
        if (!left.isEmpty()) queue.leftOver(left);
    }

    private void sync(ByteBuf out) {
        out.writeByte(FrontendType.SYNC).writeInt(4);
        if (state == State.SENT) state = State.COMMITTING;
    }

    private void sendSync() {
        BackendConnection leased = leased();
        ByteBuf out = leased.channel().alloc().directBuffer(5);
        sync(out);
        leased.channel().writeAndFlush(out, leased.channel().voidPromise());
    }

    private BackendConnection leased() {
        if (backend == null) throw new IllegalStateException("no lease in state " + state);
        return backend;
    }

    // --- what the server says

    @Override
    public final void read(ByteBuf arrived) {
        try {
            messages.read(arrived, this::message);
        } catch (ProtocolViolation violation) {
            endsHere(CloseReason.PROTOCOL_BROKEN, Loss.Ending.BROKEN, "the server broke the protocol: " + violation.getMessage());
        } catch (UnreplicatedCommit unreplicated) {
            endsHere(CloseReason.UNREPLICATED, Loss.Ending.FENCED, unreplicated.getMessage());
        }
    }

    private void endsHere(CloseReason reason, Loss.Ending ending, String why) {
        BackendConnection ended = leased();
        log.warn("backend {} pid {}: {}", ended.greeting().address(), ended.greeting().pid(), why);
        ended.abandon(reason, System.nanoTime());
        lost(ending, why);
    }

    private boolean message(byte type, ByteBuf in, int at, int next) {
        switch (type) {
            case 'E' -> failed(in, at, next);
            case 'N' -> notice(in, at, next);
            case 'S' -> settingsChanged |= !script.isAtSettings();
            case 'A', 'G' -> { }
            case 'Z' -> {
                return ready(in.getByte(at + 5));
            }
            default -> {
                if (error == null) answer(type, in, at, next);
            }
        }
        return state != State.OVER;
    }

    private void answer(byte type, ByteBuf in, int at, int next) {
        Step now = script.nowFor(type);
        if (script.isAtSettings()) return;
        if (now.asksMark() && type == 'D') marked(OutcomeProbe.parse(in, at + 5, next - at - 5));
        if (now.shows(type)) shown(now, in, at, next);
        if (!now.isEndedBy(type)) return;
        script.next(leased());
        answered(now);
    }

    private void marked(Optional<TransactionMark> answer) {
        mark = answer;
        if (state == State.SENT) sendSync();
    }

    private void notice(ByteBuf in, int at, int next) {
        byte[] body = bodyOf(in, at, next);
        if (ErrorMeaning.isGoodbye(body)) lastWords = body;
        Step now = script.now();
        if (now != null && now.of() != null) {
            shown(now, in, at, next);
            return;
        }
        if (now != null) return;
        if (tracked && UnreplicatedCommit.isToldBy(in, at + 5, next)) throw new UnreplicatedCommit();
        // Behind the last answer: it is about the commit, and everybody's; but for a deferred trigger that came since the catalogue was asked.
        if (taken.size() > 1) for (Contribution each : taken) each.target().table().outdate();
        ByteBuf kept = notices == null ? Unpooled.buffer(256) : notices;
        notices = kept;
        if (kept.readableBytes() + next - at <= NOTICES_BYTES_MAX) kept.writeBytes(in, at, next - at);
    }

    private void failed(ByteBuf in, int at, int next) {
        if (error != null) return;
        byte[] body = bodyOf(in, at, next);
        var said = new BatchError(body, script.now());
        // The session ends, and what it was committing may be committed all the same: the end of the connection decides.
        if (said.endsSession()) lastWords = body;
        if (lastWords != null) return;
        error = said;
        script.skipRest(leased());
        if (state == State.SENT) sendSync();
        state = State.FAILED;
    }

    private static byte[] bodyOf(ByteBuf in, int at, int next) {
        byte[] body = new byte[next - at - 5];
        in.getBytes(at + 5, body);
        return body;
    }

    private boolean ready(byte status) {
        if (script.isAtSettings()) {
            script.next(leased());
            if (error != null) giveUp(CloseReason.SETTINGS_FAILED);
            return state != State.OVER;
        }
        if (status != 'I' || error == null && script.now() != null) {
            giveUp(CloseReason.PROTOCOL_BROKEN);
            return false;
        }
        long now = System.nanoTime();
        BackendConnection done = leased();
        backend = null;
        done.undivert();
        BatchError why = error;
        done.slice().stats().transactionEnded(now - sentNanos);
        done.slice().stats().queryEnded(now - sentNanos);
        state = State.OVER;
        if (why == null) acknowledge(mark, done, now);
        if (settingsChanged) {
            for (Contribution each : taken) each.target().table().rest();
            done.abandon(CloseReason.SETTINGS_FAILED, now);
        } else {
            done.endLease(settings, now);
        }
        if (why == null) {
            queue.batchEnded(batch, now - sentNanos);
            count(now);
            ByteBuf told = notices == null ? Unpooled.EMPTY_BUFFER : notices;
            for (Contribution each : taken) finish(each, () -> committed(each, told));
        } else {
            queue.stats().failed(why.sqlState());
            apply(failure(why, taken));
        }
        release();
        return false;
    }

    /// Its clients are about to hear that it is committed.
    final void acknowledge(Optional<TransactionMark> told, BackendConnection done, long now) {
        told.ifPresent(known -> coalescer.outcomes().acknowledged(place.cluster(), coalescer.loopIndex(), known, done.origin(), coalescer.everybody(place), now));
    }

    /// Its rows are committed.
    final void count(long nowNanos) {
        int rows = 0;
        long bytes = 0;
        for (Contribution each : taken) {
            rows += each.rows();
            bytes += each.bytes();
            queue.stats().rows(way(each), each.rows());
        }
        queue.stats().flushed(rows, bytes, nowNanos - sentNanos);
    }

    /// The backend is of no use: what its batch was runs one by one, where the reason will be told to whom it concerns.
    private void giveUp(CloseReason reason) {
        BackendConnection bad = leased();
        boolean mayBeDone = state == State.COMMITTING && error == null;
        backend = null;
        state = State.OVER;
        bad.abandon(reason, System.nanoTime());
        if (!mayBeDone) givenUp();
        queue.batchEnded(batch, 0);
        if (mayBeDone) for (Contribution each : taken) finish(each, each.client()::unknown);
        release();
    }

    private void apply(Failure failure) {
        if (failure.told.isEmpty()) back(failure, InsertWay.BATCH_FAILED);
        queue.batchEnded(batch, 0);
        failure.told.ifPresent(Runnable::run);
    }

    /// @param why they run alone, those that do
    private void back(Failure failure, InsertWay why) {
        failure.again.forEach(Contribution::failedOnceMore);
        failure.alone.forEach(each -> each.setApart(why));
        queue.again(taken);
    }

    static void finish(Contribution each, Runnable tell) {
        each.become(Contribution.State.FREE);
        if (!each.isAbandoned()) each.tell(tell);
    }

    // --- the server is lost

    @Override
    public final void lost(Loss.Ending ending, String why) {
        BackendConnection gone = backend;
        backend = null;
        if (state == State.OVER || gone == null) return;
        LostBatch.Commit commit = state != State.COMMITTING ? new LostBatch.Commit.SurelyNot() : tracked ? new LostBatch.Commit.Tracked(mark) : new LostBatch.Commit.Untracked();
        state = State.LOST;
        new LostBatch(this, gone, ending, lastWords).handle(commit, why);
    }

    /// Nothing of it is under way any more.
    final void over() {
        state = State.OVER;
        queue.batchEnded(batch, 0);
        release();
    }
}
