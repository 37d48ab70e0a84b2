package org.pgkeel.proxy.coalesce;

import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.outcome.CommitOutcome;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.Probe;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.failover.outcome.Work;
import org.pgkeel.proxy.cluster.DoubtReason;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Loss;
import org.pgkeel.proxy.relay.ServerDeath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What becomes of a batch whose server is lost, and what its clients are told.
///
/// | the cluster              | its commit   | then                                                          |
/// |--------------------------|--------------|---------------------------------------------------------------|
/// | not watched              | any          | its clients are told of the loss                              |
/// | watched                  | surely not   | it is sent again                                              |
/// | watched, `outcome = off` | may be done  | its clients are told that nobody knows                        |
/// | watched                  | may be done  | the survivor is asked: committed, sent again, or nobody knows |
///
/// What servers die of is not sent for ever. Requests that may be the reason by what [ServerDeath] says run one after the other, so that none dies of another one's row. The one
/// that servers go on dying under is told so, in a batch of its own or by the rules of all that runs by itself.
///
/// Threading: confined to its event loop.
final class LostBatch {
    private static final Logger log = LoggerFactory.getLogger(LostBatch.class);

    /// Whether a batch may be committed when its server is lost.
    sealed interface Commit {
        /// It was not asked for, or refused.
        record SurelyNot() implements Commit {}

        /// It was asked for, and nothing was to be known of it.
        record Untracked() implements Commit {}

        /// It was asked for.
        /// @param mark empty for a transaction that has written nothing
        record Tracked(Optional<TransactionMark> mark) implements Commit {}
    }

    private final BatchRun run;
    private final BackendConnection gone;
    private final Loss.Ending ending;
    private final ServerDeath death;

    /// @param lastWords of the server, if it said any
    LostBatch(BatchRun run, BackendConnection gone, Loss.Ending ending, byte @Nullable [] lastWords) {
        this.run = run;
        this.gone = gone;
        this.ending = ending;
        this.death = ServerDeath.of(ending, lastWords);
    }

    void handle(Commit commit, String why) {
        boolean watched = run.place().outlivesBackends();
        if (watched && ending != Loss.Ending.FENCED) run.place().cluster().doubt(gone.greeting().address(), DoubtReason.CONNECTION_LOST);
        if (!watched) {
            run.over();
            for (Contribution each : run.taken()) BatchRun.finish(each, () -> each.client().lost(why));
            return;
        }
        switch (commit) {
            case Commit.SurelyNot _ -> again();
            case Commit.Untracked _ -> {
                run.over();
                unknown();
            }
            case Commit.Tracked(var mark) -> findOut(mark);
        }
    }

    private void findOut(Optional<TransactionMark> mark) {
        InFlight.StreamEnd end = switch (ending) {
            case TOLD, SHUT_DOWN, END_OF_FILE -> InFlight.StreamEnd.IN_ORDER;
            case BROKEN -> InFlight.StreamEnd.BROKEN;
            case FENCED -> InFlight.StreamEnd.FENCED;
        };
        var inFlight = new InFlight(gone.origin(), gone.greeting().pid(), Work.TRANSACTION, InFlight.Stage.COMMIT_SENT, end, new Probe.Answered(mark));
        Coalescer coalescer = run.coalescer();
        coalescer.outcomes().resolve(run.place().cluster(), inFlight, run.sentNanos(), coalescer.loop()).thenAccept(outcome -> resolved(outcome, mark)).exceptionally(bug -> {
            log.error("a batch of {} rows: its clients were not all told what became of it", run.taken().size(), bug);
            return null;
        });
    }

    private void resolved(CommitOutcome outcome, Optional<TransactionMark> mark) {
        switch (outcome) {
            case CommitOutcome.Committed _ -> {
                run.acknowledge(mark, gone, System.nanoTime());
                run.count(System.nanoTime());
                for (Contribution each : run.taken()) BatchRun.finish(each, () -> run.committed(each, Unpooled.EMPTY_BUFFER));
                run.over();
            }
            case CommitOutcome.Aborted _ -> again();
            case CommitOutcome.Unknown _ -> {
                unknown();
                run.over();
            }
        }
    }

    private void again() {
        var back = new ArrayList<Contribution>(run.taken());
        var givenUp = new ArrayList<Contribution>();
        for (Contribution each : run.taken()) {
            each.forgetReplies();
            int weight = each.client().serverDied(death, gone.reign().number());
            if (ServerDeath.isGivenUp(weight)) givenUp.add(each);
            else if (ServerDeath.isSuspect(weight)) each.setSuspect();
        }
        back.removeAll(givenUp);
        run.queue().again(back);
        run.over();
        givenUp.forEach(each -> BatchRun.finish(each, () -> each.client().refused(Refusal.serversDied())));
    }

    private void unknown() {
        for (Contribution each : run.taken()) BatchRun.finish(each, each.client()::unknown);
    }
}
