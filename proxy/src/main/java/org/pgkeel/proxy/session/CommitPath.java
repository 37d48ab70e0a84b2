package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.Origin;
import org.pgkeel.failover.outcome.Probe;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.failover.outcome.Work;
import org.pgkeel.failover.topology.Reign;
import org.pgkeel.proxy.cluster.Outcomes;
import org.pgkeel.proxy.config.OutcomeMode;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Exchange;
import org.pgkeel.proxy.relay.OutcomeProbe;
import org.pgkeel.proxy.statement.Access;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementKind;
import org.pgkeel.protocol.wire.FrontendType;

/// One client's way to a commit whose outcome can be found out: decides when the transaction's mark is asked for ([MarkProbe]), before its end is
/// sent, keeps the end back until the answer is there where `outcome = strict`, and the replies until it is committed.
///
/// Threading: confined to the session's event loop.
final class CommitPath {
    private static final byte[] NOTHING = {};
    private static final byte[] COMMITTED = committed();

    private final ClientSession session;
    private final CommitWatch watch = new CommitWatch();
    private final MarkProbe probe;
    private final Enclosure enclosure;
    private final CopyCommit copy;
    private final PreparedCommit prepared;
    /// The end of a Query whose commit is PgKeel's to ask for.
    private byte[] kept = NOTHING;
    /// In force when the lease began: a transaction that nobody has watched from its beginning cannot be watched at its end.
    private OutcomeMode mode = OutcomeMode.OFF;
    private Outcomes.@Nullable Client client;

    private static byte[] committed() {
        ByteBuf out = Unpooled.buffer(16);
        SessionMessages.commandComplete(out, "COMMIT");
        return ByteBufUtil.getBytes(out);
    }

    CommitPath(ClientSession session) {
        this.session = session;
        this.probe = new MarkProbe(session, watch);
        this.enclosure = new Enclosure(session, watch);
        this.copy = new CopyCommit(session);
        this.prepared = new PreparedCommit(session);
    }

    CommitWatch watch() {
        return watch;
    }

    MarkProbe probe() {
        return probe;
    }

    Enclosure enclosure() {
        return enclosure;
    }

    CopyCommit copy() {
        return copy;
    }

    PreparedCommit prepared() {
        return prepared;
    }

    /// The outcome of a commit is to be known though the primary is lost.
    boolean isWatched() {
        return session.recovers() && mode != OutcomeMode.OFF && !session.path().isOnReplica();
    }

    /// `outcome = strict` was in force when the lease began.
    boolean isStrict() {
        return mode == OutcomeMode.STRICT;
    }

    /// The transaction that is being answered may have written something.
    boolean mayHaveWritten() {
        return !isWatched() || watch.mayHaveWritten();
    }

    /// The client has a backend now. Of one whose server's run is not known nothing can be found out.
    void begins(BackendConnection leased) {
        boolean known = leased.reign().number() > Reign.NONE.number();
        mode = known ? session.pool().cluster().config().outcome() : OutcomeMode.OFF;
    }

    /// What is sent now commits by itself.
    boolean isOutside(BackendConnection leased) {
        return leased.exchange().status() == 'I' && !watch.hasBegun();
    }

    /// What comes next waits until the transaction that ends has ended.
    boolean mustSettleFirst(Exchange exchange, byte type) {
        if (exchange.block().isOpen()) return type != FrontendType.FLUSH;
        return isWatched() && watch.isEnding() && exchange.owed() > 0 && !exchange.batchOpen() && !exchange.copyIn() && type != FrontendType.FLUSH;
    }

    /// The end of what is sent now is to be kept back, if its kind allows that.
    boolean encloses(BackendConnection leased) {
        return keepsEnd(leased) && !leased.exchange().batchOpen();
    }

    /// The same within a batch.
    boolean keepsEnd(BackendConnection leased) {
        return isWatched() && isStrict() && isOutside(leased);
    }

    /// The COMMIT at the end of a text that is sent now is to be held back until the transaction's mark is there.
    boolean holdsCommitBack(BackendConnection leased) {
        Exchange exchange = leased.exchange();
        return isWatched() && isStrict() && watch.mustAsk() && !exchange.batchOpen() && exchange.status() != 'E';
    }

    /// One batch that writes is under way at a time, and a transaction is ended when it is known how it stands.
    /// @return true if the client's message has to wait for the answers to those before it
    boolean waitsForEarlier(BackendConnection leased, ByteBuf in, int from, int at) {
        return leased.exchange().owed() > 0 && session.lease().waitsForReplies(leased, in, from, at);
    }

    /// The client hears of what it does now when it is committed.
    void withhold(BackendConnection leased) {
        leased.withholdReplies(session.context().config().limits().rerunBytes());
    }

    /// The client wants to hear now what there is, before it commits. Behind a Query or a FunctionCall the server has nothing to flush.
    void flush() {
        BackendConnection leased = session.lease().backend();
        if (!session.toClient().isWithholding() || leased != null && leased.exchange().block().isOpen()) return;
        session.toClient().deliver();
        session.toClient().finish();
    }

    /// Whether the way to the commit is another with this: not with a read, but behind the transaction's end.
    boolean isConcernedBy(StatementClass kind) {
        return !kind.isRead() || watch.hasEnded();
    }

    /// An Execute is about to be sent that [#isConcernedBy].
    /// @param kind of its statement
    /// @return where the run of bytes to relay begins now; [RequestWalk#HELD] if the Execute has to wait
    int executes(BackendConnection leased, StatementClass kind, ByteBuf in, int from, int at) {
        int start = from;
        boolean ends = kind.has(StatementKind.COMMIT) || kind.has(StatementKind.PREPARE_TRANSACTION);
        if (isOutside(leased)) {
            if (!BatchContents.isHarmless(kind)) {
                if (waitsForEarlier(leased, in, from, at)) return RequestWalk.HELD;
                if (kind.has(StatementKind.COPY_IN)) flush();   // it is to hear that the server takes its data
                else withhold(leased);
            }
            watch.executes(kind, isStrict());
        } else if (ends) {
            if (waitsForEarlier(leased, in, from, at)) return RequestWalk.HELD;
            if (watch.mustAsk() && leased.exchange().status() != 'E') {
                if (!probe.ask(leased, in, from, at)) return RequestWalk.HELD;
                start = at;
            }
            watch.executes(kind);
            watch.sent();
        } else {
            // Behind a ROLLBACK in the batch under way: it commits with that batch, what was sent before does not.
            if (watch.isEnding() && kind.access() == Access.WRITE && waitsForEarlier(leased, in, from, at)) return RequestWalk.HELD;
            watch.executes(kind);
        }
        return start;
    }

    /// A Sync is about to be sent: outside of a transaction block it commits.
    /// @return where the run of bytes to relay begins now; [RequestWalk#HELD] if the Sync has to wait
    int syncs(BackendConnection leased, ByteBuf in, int from, int at) {
        if (leased.exchange().copyIn() && watch.copies()) flush();   // the Sync has waited for this, and the watch may have ended meanwhile
        int start = isWatched() ? commits(leased, in, from, at) : from;
        // A block that has begun is ended, though a reload may have ended the watch.
        if (start == RequestWalk.HELD || !enclosure.isInBatch()) return start;
        leased.outgoing().run(in, start, at);
        enclosure.endsBatch(leased);
        return at;
    }

    private int commits(BackendConnection leased, ByteBuf in, int from, int at) {
        Exchange exchange = leased.exchange();
        if (exchange.copyIn() || !exchange.batchOpen() || exchange.skipping() || !isOutside(leased)) return from;
        if (watch.isCopyKept()) {
            // What a Sync does behind a COPY is known when that has said that it takes data, or has ended; of its end the client hears when it is committed.
            withhold(leased);
            if (session.lease().waitsForReplies(leased, in, from, at)) return RequestWalk.HELD;
        }
        int start = from;
        if (watch.mustAsk()) {
            if (!probe.ask(leased, in, from, at)) return RequestWalk.HELD;
            start = at;
        }
        watch.sent();
        return start;
    }

    /// The end of a Query, which the client hears of when it is committed.
    void keep(ByteBuf in, int from, int to) {
        kept = new byte[to - from];
        in.getBytes(from, kept);
    }

    /// A COMMIT is about to be sent: if its server is lost with it, and it has happened, the client hears this.
    void keepCommitted() {
        kept = COMMITTED;
    }

    /// What was kept; nothing the second time, and behind an error: a Query fails or completes.
    byte[] takeKept() {
        byte[] taken = kept;
        kept = NOTHING;
        return taken;
    }

    /// The answer.
    void marked(ByteBuf in, int from, int to) {
        watch.answered(OutcomeProbe.parse(in, from, to - from));
        BackendConnection leased = session.lease().backend();
        if (leased != null && leased.exchange().block().isOpen()) enclosure.marked(leased);
        else probe.answered();
    }

    /// A cancel is on its way to the server: what it meets there must not be the wait for a synchronous standby, whose end would look like a success.
    boolean mayBeCancelled(BackendConnection leased) {
        return leased.cancelsUnderWay() > 0;
    }

    /// The server has been told of a cancel.
    void cancelDelivered() {
        BackendConnection leased = session.lease().backend();
        if (leased == null || mayBeCancelled(leased) || !watch.isAnswered()) return;
        if (leased.exchange().block().isOpen()) enclosure.cancelDelivered(leased);
        else probe.goOn();
    }

    /// An error came.
    void failed() {
        watch.failed();
        kept = NOTHING;
        BackendConnection leased = session.lease().backend();
        if (leased != null && leased.exchange().block().isOpen()) enclosure.failed(leased);
        else if (probe.awaitsAnswer()) probe.answered();
        else if (leased != null && copy.takes()) copy.failed(leased);
    }

    /// A batch is answered: the client hears of it, though a reload may have ended the watch while it was under way.
    void answered(BackendConnection leased, byte status) {
        if (status == 'I') {
            acknowledged(leased);
            watch.over();
        } else {
            boolean allAnswered = leased.exchange().owed() == 0 && !leased.exchange().batchOpen();
            if (allAnswered && watch.isSent()) acknowledged(leased);
            watch.batchOver(allAnswered);
        }
        session.toClient().deliver();
    }

    private void acknowledged(BackendConnection leased) {
        if (watch.isAsked() && !watch.endFailed() && watch.isMarkOwn() && isNamedIfLost(watch.work())) watch.mark().ifPresent(mark -> acknowledged(mark, leased.origin()));
    }

    /// Its server was lost, and the survivor has it: the next failover may lose it yet.
    void acknowledged(InFlight found) {
        if (isNamedIfLost(found.work()) && found.probe() instanceof Probe.Answered(var mark)) mark.ifPresent(known -> acknowledged(known, found.origin()));
    }

    /// What is prepared may be rolled back since: that it is not there says nothing.
    private static boolean isNamedIfLost(Work work) {
        return work == Work.TRANSACTION || work == Work.UNMARKED;
    }

    private void acknowledged(TransactionMark mark, Origin origin) {
        Outcomes.Client told = client;
        if (told == null) client = told = new Outcomes.Client(session.pool().shared().key().user(), session.pool().shared().key().database(), session.identity().address().toString());
        session.context().outcomes().acknowledged(session.pool().cluster(), session.context().index(), mark, origin, told, System.nanoTime());
    }

    void backendLost() {
        probe.backendLost();
        copy.backendLost();
        prepared.backendLost();
        enclosure.backendLost();
    }

    /// The server may be waiting for a synchronous standby: a cancelled wait looks like a success, and is none.
    boolean isUnderWay() {
        return watch.isSent() && watch.mark().isPresent();
    }
}
