package org.pgkeel.proxy.coalesce;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.BackendType;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.settings.Settings;

/// A batch of unchanged INSERTs that share one commit: each client gets the server's own replies to its messages. One that the server refuses
/// runs alone, and the others go once more. What is answered is kept until the commit, and counted as buffered; a table with long answers is remembered.
class SharedCommitRun extends BatchRun {
    private static final byte[] SIMPLE_TAIL = {
            // no parameter types
            0, 0,
            // Bind of the unnamed statement to the unnamed portal, Describe, Execute
            'B', 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0,
            'D', 0, 0, 0, 6, 'P', 0,
            'E', 0, 0, 0, 9, 0, 0, 0, 0, 0};

    private static final byte[] NONE = {};

    private @Nullable ByteBuf replies;
    private int keptBytes;
    /// Of a simple Query that is being executed: the server sends it behind the notices of the rows.
    private byte[] rowDescription = NONE;
    /// The last step whose ParseComplete is among the replies.
    private @Nullable Step begun;

    SharedCommitRun(Coalescer coalescer, BatchQueue queue, Place place, Settings settings, Batch batch) {
        super(coalescer, queue, place, settings, batch);
    }

    @Override
    List<Contribution> compose(BackendConnection leased, ByteBuf out, List<Contribution> wanted) {
        coalescer().own().lockTimeout(queue().rule().lockTimeout(), script(), leased, out);
        replies = leased.channel().alloc().buffer(256);
        for (Contribution each : wanted) {
            if (each.form() == Contribution.Form.SIMPLE) simple(each, out);
            else extended(each, leased, out);
        }
        return wanted;
    }

    private void simple(Contribution each, ByteBuf out) {
        ByteBuf request = each.client().request();
        int from = request.readerIndex();
        int parse = out.writerIndex();
        out.writeByte(FrontendType.PARSE).writeInt(0).writeByte(0);
        query(each, request, from + 5, from + each.bytes(), out);
        out.setInt(parse + 1, out.writerIndex() - parse + 1).writeBytes(SIMPLE_TAIL);
        script().expect(Step.of(each, Step.Ends.PARSE, Step.Shown.NOTHING));
        script().expect(Step.of(each, Step.Ends.BIND, Step.Shown.NOTHING));
        script().expect(Step.of(each, Step.Ends.DESCRIBE, Step.Shown.ROWS_ONLY));
        script().expect(Step.of(each, Step.Ends.EXECUTE, Step.Shown.ALL));
    }

    /// Writes the text of a simple Query.
    /// @param to behind its terminator
    void query(Contribution each, ByteBuf request, int from, int to, ByteBuf out) {
        out.writeBytes(request, from, to - from);
    }

    /// What its Bind binds in the backend.
    SharedStatement statement(Contribution each) {
        SharedStatement bound = each.statement();
        if (bound == null) throw new IllegalStateException("a Bind of nothing");
        return bound;
    }

    private void extended(Contribution each, BackendConnection leased, ByteBuf out) {
        ByteBuf request = each.client().request();
        SharedStatement statement = statement(each);
        script().ensure(leased, statement, out);
        int end = request.readerIndex() + each.bytes();
        Step.Owed owed = Step.Owed.NOTHING;
        for (int at = request.readerIndex(); at < end; ) {
            int next = at + 1 + request.getInt(at + 1);
            switch (request.getByte(at)) {
                case FrontendType.PARSE -> owed = Step.Owed.PARSE_COMPLETE;   // the backend has the statement, or gets it in front
                case FrontendType.BIND -> {
                    bind(request, at, next, statement, out);
                    script().expect(Step.of(each, Step.Ends.BIND, Step.Shown.ALL, owed));
                    owed = Step.Owed.NOTHING;
                }
                case FrontendType.DESCRIBE -> {
                    out.writeBytes(request, at, next - at);
                    script().expect(Step.of(each, Step.Ends.DESCRIBE, Step.Shown.ALL));
                }
                case FrontendType.EXECUTE -> {
                    out.writeBytes(request, at, next - at);
                    boolean more = request.getByte(next) == FrontendType.SYNC && next + 1 + request.getInt(next + 1) < end;
                    script().expect(Step.of(each, Step.Ends.EXECUTE, Step.Shown.ALL, more ? Step.Owed.READY_FOR_QUERY : Step.Owed.NOTHING));
                }
                default -> { }   // a Sync
            }
            at = next;
        }
    }

    private static void bind(ByteBuf request, int at, int next, SharedStatement statement, ByteBuf out) {
        int portalEnd = request.indexOf(at + 5, next, (byte) 0);
        int nameEnd = request.indexOf(portalEnd + 1, next, (byte) 0);
        byte[] name = statement.name();
        out.writeByte(FrontendType.BIND).writeInt(request.getInt(at + 1) + name.length - (nameEnd - portalEnd - 1));
        out.writeBytes(request, at + 5, portalEnd - at - 4).writeBytes(name).writeBytes(request, nameEnd, next - nameEnd);
    }

    @Override
    void shown(Step step, ByteBuf in, int at, int next) {
        Contribution of = step.of();
        ByteBuf kept = replies;
        if (of == null || kept == null) return;
        if (of.repliesTo() == 0) of.repliesBegin(kept.writerIndex());
        if (step.shown() == Step.Shown.ROWS_ONLY) {
            rowDescription = new byte[next - at];
            in.getBytes(at, rowDescription);
            return;
        }
        owedInFront(step, kept);
        if (in.getByte(at) != BackendType.NOTICE_RESPONSE) {
            kept.writeBytes(rowDescription);
            rowDescription = NONE;
        }
        kept.writeBytes(in, at, next - at);
        of.repliesEnd(kept.writerIndex());
        count(kept, of);
    }

    private void count(ByteBuf kept, Contribution of) {
        int more = kept.writerIndex() - keptBytes;
        keptBytes += more;
        queue().keeps(more);
        if (keptBytes > queue().rule().maxBytes()) of.target().table().answersAreLong();
    }

    private void owedInFront(Step step, ByteBuf kept) {
        if (step.owed() != Step.Owed.PARSE_COMPLETE || step == begun) return;
        begun = step;
        kept.writeByte('1').writeInt(4);
    }

    @Override
    void answered(Step step) {
        Contribution of = step.of();
        ByteBuf kept = replies;
        if (step.owed() != Step.Owed.READY_FOR_QUERY || of == null || kept == null) return;
        kept.writeByte('Z').writeInt(5).writeByte('I');
        of.repliesEnd(kept.writerIndex());
    }

    @Override
    InsertWay way(Contribution each) {
        return each.isUnsayable() ? InsertWay.ROW : each.target().inFew();
    }

    @Override
    void committed(Contribution each, ByteBuf commitNotices) {
        ByteBuf kept = replies;
        if (kept == null) throw new IllegalStateException("no replies");
        each.client().committed(kept, each.repliesFrom(), each.repliesTo(), commitNotices);
        each.forgetReplies();
    }

    /// Its client gets what was answered to it, and the error.
    void tell(Contribution each, BatchError error) {
        ByteBuf kept = replies;
        if (kept == null) throw new IllegalStateException("no replies");
        Step at = error.at();
        if (at != null && at.of() == each) {
            if (each.repliesTo() == 0) each.repliesBegin(kept.writerIndex());
            owedInFront(at, kept);
            each.repliesEnd(kept.writerIndex());
        }
        each.client().failed(kept, each.repliesFrom(), each.repliesTo(), error.body());
        each.forgetReplies();
    }

    @Override
    Failure failure(BatchError error, List<Contribution> taken) {
        for (Contribution each : taken) each.forgetReplies();
        Step at = error.at();
        Contribution suspect = at == null ? null : at.of();
        if (suspect == null || taken.stream().anyMatch(each -> each.attempts() >= CopyRun.ATTEMPTS_MAX)) return new Failure(taken, List.of());
        var others = new ArrayList<Contribution>(taken);
        others.remove(suspect);
        return new Failure(List.of(suspect), others);
    }

    @Override
    void release() {
        super.release();
        queue().keeps(-keptBytes);
        keptBytes = 0;
        if (replies != null) replies.release();
        replies = null;
    }
}
