package org.pgkeel.proxy.coalesce;

import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.Optional;
import org.pgkeel.proxy.insert.ConflictClause;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.settings.Settings;

/// A batch, or a single one, of INSERTs that do nothing where their key is in the table already: each is sent with a conflict clause, and its client
/// gets the server's own replies. A key that another transaction is just inserting is waited for, so that nobody is told of a duplicate before the
/// first is committed; and where nothing but duplicates was found, a word is written into the WAL, so that the commit is acknowledged only when
/// all before it is as durable as commits are to be.
///
/// What fails in company runs in a batch of its own. What fails there is told, for it is what the server says to this INSERT, but that
///
/// | it fails with                                         | then it                                                       |
/// |-------------------------------------------------------|---------------------------------------------------------------|
/// | the batch's lock timeout                              | runs once more, until its client cancels it                    |
/// | a deadlock, a unique or an exclusion constraint       | runs once more, [#ATTEMPTS_MAX] times: a rival may be there now |
/// | class 42, 0A000 or 55000: the table is not what it was | runs unchanged, and the catalogue is asked again              |
final class DedupRun extends SharedCommitRun {
    static final int ATTEMPTS_MAX = 3;

    DedupRun(Coalescer coalescer, BatchQueue queue, Place place, Settings settings, Batch batch) {
        super(coalescer, queue, place, settings, batch);
    }

    /// What becomes of an INSERT that failed by itself.
    enum Verdict {
        AGAIN, UNCHANGED, TOLD, CANCELLED;

        /// @param attempts that failed before
        static Verdict of(String sqlState, int attempts, boolean cancelled) {
            if (sqlState.startsWith("42") || sqlState.equals("0A000") || sqlState.equals("55000")) return UNCHANGED;
            return switch (sqlState) {
                case "55P03" -> cancelled ? CANCELLED : AGAIN;
                case "40P01", "23505", "23P01" -> attempts < ATTEMPTS_MAX ? AGAIN : TOLD;
                default -> TOLD;
            };
        }
    }

    @Override
    List<Contribution> compose(BackendConnection leased, ByteBuf out, List<Contribution> wanted) {
        for (Contribution each : wanted) each.inserted(0);
        List<Contribution> taken = super.compose(leased, out, wanted);
        coalescer().own().leaveMark(script(), leased, out);
        return taken;
    }

    @Override
    void query(Contribution each, ByteBuf request, int from, int to, ByteBuf out) {
        Optional<ConflictClause> clause = each.target().clause();
        if (clause.isPresent() && clause.get().write(request, from, to - 1, out)) out.writeByte(0);
        else super.query(each, request, from, to, out);
    }

    @Override
    SharedStatement statement(Contribution each) {
        SharedStatement own = super.statement(each);
        return each.target().clause().flatMap(clause -> coalescer().deduplicated().of(own, clause)).orElse(own);
    }

    @Override
    void shown(Step step, ByteBuf in, int at, int next) {
        super.shown(step, in, at, next);
        Contribution of = step.of();
        if (of != null && in.getByte(at) == 'C') of.inserted(of.inserted() + lastNumber(in, at, next));
    }

    /// How many rows a tag says: `INSERT 0 1`.
    private static int lastNumber(ByteBuf in, int at, int next) {
        int number = 0;
        int unit = 1;
        for (int digit = next - 2; digit > at && in.getByte(digit) >= '0' && in.getByte(digit) <= '9'; digit--) {
            number += unit * (in.getByte(digit) - '0');
            unit *= 10;
        }
        return number;
    }

    @Override
    InsertWay way(Contribution each) {
        if (batch().all().size() > 1) return super.way(each);
        return each.isApart() ? each.aloneFor() : InsertWay.NO_COMPANY;
    }

    @Override
    void committed(Contribution each, ByteBuf commitNotices) {
        if (each.target().clause().isPresent()) queue().stats().dedup().duplicates(Math.max(0, each.rows() - each.inserted()));
        super.committed(each, commitNotices);
    }

    @Override
    Failure failure(BatchError error, List<Contribution> taken) {
        if (taken.size() > 1) return super.failure(error, taken);
        Contribution only = taken.getFirst();
        return switch (Verdict.of(error.sqlState(), only.attempts(), only.isCancelled())) {
            case AGAIN -> {
                only.forgetReplies();
                only.failedOnceMore();
                yield new Failure(taken, List.of());
            }
            case UNCHANGED -> {
                only.forgetReplies();
                only.target().table().outdate();
                only.goUnchanged();
                yield new Failure(taken, List.of());
            }
            case TOLD -> end(only, () -> tell(only, error));
            case CANCELLED -> end(only, () -> only.client().refused(Refusal.cancelled()));
        };
    }

    private static Failure end(Contribution only, Runnable tell) {
        return new Failure(List.of(), List.of(), Optional.of(() -> finish(only, tell)));
    }

    @Override
    void givenUp() {
        if (batch().all().size() == 1) batch().all().getFirst().goUnchanged();
        super.givenUp();
    }
}
