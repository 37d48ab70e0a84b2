package org.pgkeel.proxy.coalesce;

import io.netty.buffer.ByteBuf;
import java.util.Optional;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.insert.ConflictClause;
import org.pgkeel.proxy.insert.CopyPlan;
import org.pgkeel.proxy.insert.InsertShape;
import org.pgkeel.proxy.insert.InsertTemplates;
import org.pgkeel.proxy.insert.RowKey;
import org.pgkeel.proxy.observe.InsertWay;
import org.pgkeel.proxy.settings.Settings;

/// Where the rows of one kind of INSERT of one kind of client go.
///
/// Threading: confined to its event loop.
public final class Target {
    private final Place place;
    private final BatchQueue queue;
    private final Settings settings;
    private final InsertShape shape;
    private final TableKnowledge table;
    private final int tableVersion;
    private final Optional<CopyPlan> plan;
    private final InsertWay inFew;
    private final Optional<RowKey> laneKey;
    private final InsertTemplates templates;
    private final Optional<ConflictClause> clause;
    private final CopyTrials trials = new CopyTrials();
    /// When the last request came.
    private long latestNanos;

    /// @param plan     of its rows as a COPY; empty if they may not be one
    /// @param inFew    the way of its rows that are no COPY, and why: they share a commit, or run alone
    /// @param laneKey  by which rows share a lane; empty if any may leave with any other
    /// @param clause   with which its rows are sent
    Target(Place place, BatchQueue queue, Settings settings, InsertShape shape, TableKnowledge table, Optional<CopyPlan> plan, InsertWay inFew, Optional<RowKey> laneKey,
            InsertTemplates templates, Optional<ConflictClause> clause) {
        this.place = place;
        this.queue = queue;
        this.settings = settings;
        this.shape = shape;
        this.table = table;
        this.tableVersion = table.version();
        this.plan = plan;
        this.inFew = inFew;
        this.laneKey = laneKey;
        this.templates = templates;
        this.clause = clause;
    }

    /// What was decided still holds.
    public boolean isCurrent(long nowNanos) {
        return table.isReliable(nowNanos) && table.version() == tableVersion && !queue.isRetired();
    }

    /// What a client has sent without waiting may be one request of several units, which share one commit. If one of them fails, all of them run as they
    /// came, by themselves. Not where rows have an order by key, of which each is to hold its own lane alone, nor where a batch of one tells of its error.
    public boolean takesSeveralUnits() {
        return clause.isEmpty() && !queue.choice().isOrdered();
    }

    /// The client waits for others, or for nobody.
    /// @param in has the request
    /// @param at where it begins
    /// @return false if it is to run by itself; [#aloneEnded] follows
    public boolean offer(Contribution contribution, ByteBuf in, int at, long nowNanos) {
        latestNanos = nowNanos;
        laneKey.ifPresent(key -> findKeys(key, contribution, in, at));
        contribution.lanes(queue.choice().of(contribution.keys()));
        InsertWay why = plan.isEmpty() && table.hasLongAnswers(nowNanos) ? InsertWay.LONG_ANSWERS : inFew;
        boolean alone = why.way() == InsertWay.Way.ALONE;
        if (clause.isEmpty() && (contribution.units() == 1 && queue.isQuiet() || alone && !queue.choice().isOrdered())) {
            queue.aloneBegins(alone ? why : InsertWay.QUIET, contribution.rows(), contribution.lanes(), nowNanos);
            return false;
        }
        if (alone) contribution.setApart(why);
        queue.add(contribution, nowNanos);
        return true;
    }

    /// What ran by itself has ended.
    public void aloneEnded(Contribution contribution) {
        queue.aloneEnded(contribution.lanes());
    }

    private void findKeys(RowKey key, Contribution of, ByteBuf in, int from) {
        int end = from + of.bytes();
        if (of.form() == Contribution.Form.SIMPLE) {
            of.keys().add(templates.key(shape, key, in, from + 5, end - 1));
            return;
        }
        for (int at = from; at < end; at += 1 + in.getInt(at + 1)) {
            if (in.getByte(at) == FrontendType.BIND) of.keys().add(key.ofBind(in, valuesAt(in, at, at + 1 + in.getInt(at + 1)), at + 1 + in.getInt(at + 1)));
        }
    }

    /// Behind the names of a Bind.
    private static int valuesAt(ByteBuf request, int at, int next) {
        int portalEnd = request.indexOf(at + 5, next, (byte) 0);
        return request.indexOf(portalEnd + 1, next, (byte) 0) + 1;
    }

    boolean isCopyable() {
        return plan.isPresent() && trials.isDue(latestNanos);
    }

    /// The way of its rows that are no COPY, and why.
    InsertWay inFew() {
        return plan.isPresent() && !isCopyable() ? InsertWay.ROW : inFew;
    }

    /// With which its rows are sent, where their keys may be in the table already.
    Optional<ConflictClause> clause() {
        return clause;
    }

    /// Their rows may be one COPY.
    boolean goesWith(Target other) {
        return plan.equals(other.plan);
    }

    CopyPlan copyPlan() {
        return plan.orElseThrow();
    }

    Place place() {
        return place;
    }

    BatchQueue queue() {
        return queue;
    }

    Settings settings() {
        return settings;
    }

    TableKnowledge table() {
        return table;
    }

    /// Writes a client's rows as COPY has them.
    /// @return false, and nothing is written, if one of them cannot be said in a COPY
    boolean rows(Contribution of, ByteBuf out) {
        int start = out.writerIndex();
        ByteBuf request = of.client().request();
        int from = request.readerIndex();
        boolean written = of.form() == Contribution.Form.SIMPLE
                ? templates.row(shape, copyPlan(), request, from + 5, from + of.bytes() - 1, out)
                : boundRows(request, from, from + of.bytes(), out);
        if (written) {
            trials.said();
        } else {
            trials.unsaid(latestNanos);
            out.writerIndex(start);
        }
        return written;
    }

    private boolean boundRows(ByteBuf request, int from, int end, ByteBuf out) {
        for (int at = from; at < end; ) {
            int next = at + 1 + request.getInt(at + 1);
            if (request.getByte(at) == FrontendType.BIND && !copyPlan().row(request, valuesAt(request, at, next), next, out)) return false;
            at = next;
        }
        return true;
    }
}
