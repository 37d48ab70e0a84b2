package org.pgkeel.proxy.coalesce;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.settings.Settings;

/// A batch as one COPY, followed by the guard against a table that has changed since the catalogue was asked.
///
/// A row that the server refuses is suspected by its line: it runs alone, and the others go once more. Without a line, or after
/// [#ATTEMPTS_MAX], all run alone.
final class CopyRun extends BatchRun {
    static final int ATTEMPTS_MAX = 3;
    private static final int CHUNK_BYTES = 32 * 1024;
    private static final String DIVISION_BY_ZERO = "22012";

    private final Target target;
    private boolean guarding;

    CopyRun(Coalescer coalescer, BatchQueue queue, Target target, Settings settings, Batch batch) {
        super(coalescer, queue, target.place(), settings, batch);
        this.target = target;
    }

    @Override
    List<Contribution> compose(BackendConnection leased, ByteBuf out, List<Contribution> wanted) {
        OwnStatements own = coalescer().own();
        SharedStatement copy = own.copy(target.copyPlan().copyText());
        own.lockTimeout(queue().rule().lockTimeout(), script(), leased, out);
        script().ensure(leased, copy, out);
        execute(copy, out);
        var taken = new ArrayList<Contribution>(wanted.size());
        int chunk = -1;
        for (Contribution each : wanted) {
            if (chunk < 0) {
                chunk = out.writerIndex();
                out.writeByte(FrontendType.COPY_DATA).writeInt(0);
            }
            if (each.target().rows(each, out)) taken.add(each);
            else if (queue().choice().isOrdered()) break;   // what is behind it must not be there first
            if (out.writerIndex() - chunk >= CHUNK_BYTES) chunk = end(out, chunk);
        }
        if (chunk >= 0) end(out, chunk);
        out.writeByte(FrontendType.COPY_DONE).writeInt(4);
        own.guard(target.copyPlan().table(), target.table().writtenName(), script(), leased, out);
        return taken;
    }

    private static int end(ByteBuf out, int chunk) {
        out.setInt(chunk + 1, out.writerIndex() - chunk - 1);
        return -1;
    }

    private void execute(SharedStatement statement, ByteBuf out) {
        byte[] name = statement.name();
        out.writeByte(FrontendType.BIND).writeInt(name.length + 12).writeByte(0).writeBytes(name).writeByte(0).writeShort(0).writeShort(0).writeShort(0);
        out.writeByte(FrontendType.EXECUTE).writeInt(9).writeByte(0).writeInt(0);
        script().expect(Step.own(Step.Ends.BIND));
        script().expect(Step.copy());
    }

    @Override
    void shown(Step step, ByteBuf in, int at, int next) {}

    @Override
    void answered(Step step) {
        if (step.isCopy()) guarding = true;
    }

    @Override
    InsertWay way(Contribution each) {
        return InsertWay.MANY_ROWS;
    }

    @Override
    void committed(Contribution each, ByteBuf commitNotices) {
        each.client().committed(commitNotices);
    }

    @Override
    Failure failure(BatchError error, List<Contribution> taken) {
        if (guarding && error.sqlState().equals(DIVISION_BY_ZERO)) {
            target.table().outdate();
            return new Failure(taken, List.of());
        }
        if (error.sqlState().startsWith("42")) target.table().outdate();
        OptionalInt line = guarding ? OptionalInt.empty() : error.line();
        if (line.isEmpty() || taken.stream().anyMatch(each -> each.attempts() >= ATTEMPTS_MAX)) return new Failure(taken, List.of());
        var others = new ArrayList<Contribution>(taken);
        int rows = 0;
        for (int i = 0; i < others.size(); i++) {
            rows += others.get(i).rows();
            if (rows >= line.getAsInt()) return new Failure(List.of(others.remove(i)), others);
        }
        return new Failure(taken, List.of());
    }
}
