package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.outcome.CommitOutcome;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.Work;
import org.pgkeel.protocol.backend.ParameterStatus;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.cluster.DoubtReason;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.ErrorBody;
import org.pgkeel.proxy.relay.Loss;
import org.pgkeel.proxy.relay.RequestLog;
import org.pgkeel.proxy.relay.ServerDeath;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementKind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings one client over the loss of its backend, as [LossRules] says.
///
/// Threading: confined to the session's event loop.
final class LostBackend {
    private static final Logger log = LoggerFactory.getLogger(LostBackend.class);

    private final ClientSession session;
    private final BackendConnection lost;
    private final Loss loss;
    /// What the client had asked and was not answered; its first batch.
    private final byte[] requests;
    private final int firstBytes;
    private final boolean whole;
    private final boolean anything;
    private final boolean mayCommit;
    private final LossRules.Node node;
    private final boolean enclosed;
    private final boolean copies;
    /// With `outcome = off` nothing waits for the replies to what was sent before it: behind the first batch something may have been committed.
    private boolean restIsUnknown;

    /// @param node what the backend belonged to
    LostBackend(ClientSession session, BackendConnection lost, Loss loss, LossRules.Node node) {
        this.session = session;
        this.lost = lost;
        this.loss = loss;
        this.node = node;
        this.enclosed = lost.exchange().block().isOpen();
        this.copies = session.commit().watch().copies();
        RequestLog log = lost.requests();
        this.requests = log.copy();
        this.firstBytes = log.firstBatchBytes();
        this.whole = !log.isIncomplete();
        this.anything = !log.isEmpty() || log.isIncomplete();
        this.mayCommit = log.mayCommit();
    }

    void handle() {
        guarded(this::decide);
    }

    /// Nobody else is left to hear of a bug here: the client must not wait for ever.
    private void guarded(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | Error bug) {
            log.error("client {}: could not be brought over the loss of {}: {}", session.identity().address(), lost.greeting().address(), loss);
            session.end().broken(bug);
        }
    }

    private void decide() {
        LossRules.CommitPoint commit = session.commit().watch().point(lost, session.commit().isWatched());
        if (loss.ending() != Loss.Ending.FENCED) session.pool().cluster().doubt(lost.greeting().address(), doubt());
        session.lease().takeBack();
        BatchContents first = first();
        restIsUnknown = !loss.midMessage() && node == LossRules.Node.PRIMARY && !session.commit().isWatched() && restMayCommit();
        if (anything) countDeath(session.path().deaths());
        var at = new LossRules.Situation(loss, first, anything, whole, commit, node, session.path().deaths().weight());
        LossVerdict verdict = restIsUnknown ? new LossVerdict.Fail(RefusalReason.OUTCOME_UNKNOWN) : LossRules.verdict(at);
        log.debug("client {}: backend {} lost ({}): {}", session.identity().address(), lost.greeting().address(), loss, verdict);
        session.context().stats().backendLost(verdict.word());
        apply(verdict, first);
    }

    private void countDeath(ServerDeaths deaths) {
        if (node == LossRules.Node.PRIMARY) deaths.ofPrimary(loss.death(), lost.reign().number());
        else deaths.ofReplica(loss.death(), lost.greeting().address(), lost.openedNanos(), System.nanoTime());
    }

    private BatchContents first() {
        if (!whole) return BatchContents.unknown(loss.owed() > 0, mayCommit);
        BatchContents read = BatchReader.read(requests, firstBytes, this::classOfText, this::classOfName);
        return session.commit().watch().isEnclosed() ? read.enclosed() : read;
    }

    private boolean restMayCommit() {
        byte[] rest = rest();
        return !BatchReader.read(rest, rest.length, this::classOfText, this::classOfName).onlyReads();
    }

    private DoubtReason doubt() {
        byte[] words = loss.lastWords();
        if (words == null) return DoubtReason.CONNECTION_LOST;
        if (ErrorBody.hasSqlState(words, "57P02")) return DoubtReason.CRASH_SHUTDOWN;
        return ErrorBody.hasSqlState(words, "57P03") ? DoubtReason.CANNOT_CONNECT_NOW : DoubtReason.ADMIN_SHUTDOWN;
    }

    private StatementClass classOfText(String text) {
        return session.statements().classOf(text);
    }

    private StatementClass classOfName(String name) {
        SharedStatement statement = session.statements().get(name);
        return statement == null ? StatementClass.UNREAD : session.statements().classOf(statement);
    }

    /// Since when its server is known to have lived at least, if the question for the mark was answered: in this lease.
    private long aliveNanos() {
        return Math.max(session.times().leasedNanos(), session.commit().watch().askedNanos());
    }

    private void apply(LossVerdict verdict, BatchContents first) {
        switch (verdict) {
            case LossVerdict.Resolve(InFlight inFlight, LossVerdict ifAborted) -> {
                session.becomes(ClientSession.State.RESOLVING);
                session.context().outcomes().resolve(session.pool().cluster(), inFlight, aliveNanos(), session.context().loop())
                        .thenAccept(outcome -> guarded(() -> resolved(outcome, inFlight, ifAborted, first)));
            }
            case LossVerdict.Close _ -> session.end().lost(loss);
            case LossVerdict.Unnoticed _ -> {
                forget();
                session.path().unitOver();
                session.progress().goesOn();
            }
            case LossVerdict.Rerun _ when session.pins().areMissing() -> {
                forget();
                fail(RefusalReason.PIN_LOST, first);
            }
            case LossVerdict.Rerun(int suppressed) -> {
                forget();
                session.waiting().again(requests);
                if (node != LossRules.Node.PRIMARY) askElsewhere(suppressed);
                else askAgain(new Comeback(suppressed));
            }
            case LossVerdict.EndOfBatch _ -> {
                session.toClient().deliver();
                session.toClient().finish();
                forget();
                firstIsOver(loss.withheld() ? loss.received() : loss.visible());
                endFirst(first.complete(), outcomeUnknown());
                goOnWithRest();
            }
            case LossVerdict.Fail(RefusalReason reason) -> {
                forget();
                fail(reason, first);
            }
            case LossVerdict.FailTransaction(boolean told, int suppressed) -> {
                forget();
                firstIsOver(suppressed);
                failTransaction(told, suppressed);
            }
        }
    }

    /// The first batch is not asked again.
    /// @param replies of it that the client has
    private void firstIsOver(int replies) {
        AnsweredNames.keep(requests, firstBytes, replies, session.statements());
        session.path().unitOver();
    }

    private void forget() {
        session.settings().backendLost();
        session.toClient().discard();
        session.commit().takeKept();
        session.commit().watch().over();
    }

    /// The replica is lost, and the client has this many replies to what it asked.
    private void askElsewhere(int suppressed) {
        SessionRoutes routes = session.path().routes();
        if (routes != null) routes.asksElsewhere(suppressed);
        session.progress().goesOn();
    }

    /// Where an administrator has ended just this session, and the server lives on, what it did is not done again.
    private void askAgain(Comeback back) {
        byte[] lastWords = ended();
        if (lastWords == null) {
            session.path().askAgain(back);
            return;
        }
        session.becomes(ClientSession.State.RESOLVING);
        session.pool().cluster().goesOn(lost.reign()).thenAcceptAsync(goesOn -> guarded(() -> {
            if (!session.isOpen()) return;
            if (goesOn) session.end().inItsWords(lastWords, ClientClose.SERVER_FATAL);
            else session.path().askAgain(back);
        }), session.context().loop());
    }

    /// The server's word if an administrator may have ended just this session.
    private byte @Nullable [] ended() {
        byte[] words = loss.lastWords();
        return loss.ending() == Loss.Ending.SHUT_DOWN && words != null && ErrorBody.hasSqlState(words, "57P01") ? words : null;
    }

    private static Refusal outcomeUnknown() {
        return Refusal.of(RefusalReason.OUTCOME_UNKNOWN, "failover: it is not known whether the transaction was committed", "Look for its effects before it is sent again.");
    }

    private Refusal rolledBack() {
        if (copies) return Refusal.of(RefusalReason.PRIMARY_LOST, "failover: the COPY was rolled back, retry it with its data");
        if (ServerDeath.isGivenUp(session.path().deaths().weight())) return Refusal.serversDied();
        return Refusal.of(RefusalReason.PRIMARY_LOST, "failover: the transaction was rolled back, retry it");
    }

    private void fail(RefusalReason reason, BatchContents first) {
        Refusal refusal = switch (reason) {
            case OUTCOME_UNKNOWN -> outcomeUnknown();
            case PIN_LOST -> session.pins().missed();
            default -> rolledBack();
        };
        session.context().stats().refused(refusal.reason().word());
        firstIsOver(loss.visible());
        session.socket().write(SessionMessages.error(refusal));
        boolean complete = first.complete() && !(loss.copyIn() && loss.open());
        endFirst(complete, refusal);
        if (restIsUnknown) failRest(refusal);
        else goOnWithRest();
    }

    /// The first batch is answered, but for its end. What was sent behind it and is not known word for word is told this too.
    /// @param complete its end was sent
    private void endFirst(boolean complete, Refusal ofOthers) {
        if (complete) session.socket().write(SessionMessages.readyForQuery());
        else session.walk().dropUntilSync();
        if (whole) return;
        for (int i = 1; i < loss.owed(); i++) session.socket().write(SessionMessages.error(ofOthers), SessionMessages.readyForQuery());
        if (complete && loss.open()) failOpen(ofOthers);
    }

    /// What was begun and not ended fails as a whole, whatever of it is still to come.
    private void failOpen(Refusal refusal) {
        session.socket().write(SessionMessages.error(refusal));
        session.walk().dropUntilSync();
    }

    private void failRest(Refusal refusal) {
        ByteBuf in = Unpooled.wrappedBuffer(rest());
        boolean open = false;
        for (int at = 0; at < in.writerIndex(); at += 1 + in.getInt(at + 1)) {
            switch (in.getByte(at)) {
                case FrontendType.QUERY, FrontendType.FUNCTION_CALL, FrontendType.SYNC -> {
                    session.socket().write(SessionMessages.error(refusal), SessionMessages.readyForQuery());
                    open = false;
                }
                case FrontendType.FLUSH, FrontendType.COPY_DATA, FrontendType.COPY_DONE, FrontendType.COPY_FAIL -> { }   // They begin no batch.
                default -> open = true;
            }
        }
        if (open) failOpen(refusal);
        session.progress().goesOn();
    }

    private void failTransaction(boolean told, int suppressed) {
        var transaction = new LostTransaction(session.statements(), session.context().stats(), told, suppressed, loss.owed());
        if (loss.failed() && !loss.withheld()) transaction.firstFailed();
        session.failedTransaction().begins(transaction);
        session.waiting().again(requests);
        if (!whole) {
            ByteBuf out = session.channel().alloc().buffer(256);
            transaction.unknownBatches(loss.owed(), loss.open(), out);
            session.socket().write(out);
        }
        session.progress().goesOn();
    }

    private void goOnWithRest() {
        session.waiting().again(rest());
        session.progress().goesOn();
    }

    /// What was asked behind the first batch.
    private byte[] rest() {
        return Arrays.copyOfRange(requests, firstBytes, requests.length);
    }

    private static String tag(Work work) {
        return switch (work) {
            case TRANSACTION, UNMARKED, COMMITS_INSIDE -> "COMMIT";
            case PREPARE -> "PREPARE TRANSACTION";
            case COMMIT_PREPARED -> "COMMIT PREPARED";
            case ROLLBACK_PREPARED -> "ROLLBACK PREPARED";
        };
    }

    private void resolved(CommitOutcome outcome, InFlight inFlight, LossVerdict ifAborted, BatchContents first) {
        if (!session.isOpen()) return;
        session.path().wrote(System.nanoTime());   // It may have been committed long after its connection was lost.
        session.times().ready(System.nanoTime());
        switch (outcome) {
            case CommitOutcome.Committed _ -> committed(first, inFlight);
            case CommitOutcome.Aborted _ -> apply(ifAborted, first);
            case CommitOutcome.Unknown _ -> {
                forget();
                fail(RefusalReason.OUTCOME_UNKNOWN, first);
            }
        }
    }

    /// The client gets the success that it was owed. A transaction that began at once behind its COMMIT is lost, and nothing was done in it.
    private void committed(BatchContents first, InFlight inFlight) {
        boolean chains = first.has(StatementKind.COMMIT_AND_CHAIN);
        ByteBuf rest = session.channel().alloc().buffer(64);
        byte[] kept = session.commit().takeKept();
        if (enclosed || kept.length > 0) rest.writeBytes(kept);
        else if (!whole && session.commit().watch().hasEnded() || !CommitReplies.write(requests, firstBytes, loss.received(), tag(inFlight.work()), rest) || !first.complete()) {
            rest.release();
            forget();
            fail(RefusalReason.OUTCOME_UNKNOWN, first);
            return;
        }
        session.commit().acknowledged(inFlight);
        lost.exchange().block().takeReports().forEach((name, value) -> {
            String told = session.settings().isKnown(name, value) ? null : session.settings().parameterStatus(name, value);
            if (told != null) new ParameterStatus(name, told).encode(rest);
        });
        session.settings().committed();
        session.toClient().deliver();
        session.toClient().room(rest.readableBytes() + 6).writeBytes(rest).writeBytes(SessionMessages.readyForQuery(chains ? (byte) 'T' : (byte) 'I'));
        rest.release();
        session.toClient().finish();
        forget();
        firstIsOver(Integer.MAX_VALUE);
        if (chains) session.failedTransaction().begins(new LostTransaction(session.statements(), session.context().stats(), false, 0, loss.owed() - 1));
        goOnWithRest();
    }
}
