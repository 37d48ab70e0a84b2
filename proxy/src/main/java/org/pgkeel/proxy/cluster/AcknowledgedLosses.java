package org.pgkeel.proxy.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.pgkeel.failover.outcome.AcknowledgedLedger;
import org.pgkeel.failover.outcome.AcknowledgedLedger.Acknowledged;
import org.pgkeel.failover.outcome.AcknowledgedLedger.Recent;
import org.pgkeel.failover.outcome.CommitOutcome;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.InFlight.Stage;
import org.pgkeel.failover.outcome.InFlight.StreamEnd;
import org.pgkeel.failover.outcome.Origin;
import org.pgkeel.failover.outcome.Probe;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.failover.outcome.Work;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Names the transactions that clients were told are committed and that the surviving history does not have: with asynchronous
/// replication a failover can lose them, and silence would be a lie. Each is one line in the log, once.
///
/// Threading: [#ledger] may be called from any thread; all else is confined to the cluster rooms' thread.
final class AcknowledgedLosses<C> {
    private static final Logger log = LoggerFactory.getLogger(AcknowledgedLosses.class);
    private static final int NAMED_MAX = 200_000;
    /// Thousands may have to be asked for, while those who were held wait for the same server and the same threads.
    private static final Duration AFTER_THE_HELD = Duration.ofSeconds(1);

    private record Ledger<C>(AcknowledgedLedger<C> entries, Executor loop) {}

    private record Told(TransactionMark mark, Origin origin) {}

    private final String cluster;
    private final OutcomeResolver resolver;
    private final Predicate<Origin> ours;
    private final ScheduledExecutorService rooms;
    private final Function<C, String> who;
    private final List<Ledger<C>> ledgers = new CopyOnWriteArrayList<>();
    private final Map<AcknowledgedLedger<C>, Long> overruns = new LinkedHashMap<>();
    private final Set<Told> named = Collections.newSetFromMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Told, Boolean> eldest) {
            return size() > NAMED_MAX;
        }
    });
    private Optional<Origin> asked = Optional.empty();

    /// @param ours whether what ran there ran in this cluster
    /// @param who  `user=... database=... client=...`
    AcknowledgedLosses(String cluster, OutcomeResolver resolver, Predicate<Origin> ours, ScheduledExecutorService rooms, Function<C, String> who) {
        this.cluster = cluster;
        this.resolver = resolver;
        this.ours = ours;
        this.rooms = rooms;
        this.who = who;
    }

    /// @param loop the event loop that the ledger is confined to
    void add(AcknowledgedLedger<C> ledger, Executor loop) {
        ledgers.add(new Ledger<>(ledger, loop));
    }

    /// Another run of a server takes writes now: what of the runs before does it lack?
    void survivor(Origin now) {
        if (asked.equals(Optional.of(now))) return;
        asked = Optional.of(now);
        for (Ledger<C> ledger : ledgers) {
            try {
                ledger.loop.execute(() -> {
                    Recent<C> recent = ledger.entries.before(now);
                    rooms.schedule(() -> check(ledger.entries, recent, now), AFTER_THE_HELD.toMillis(), TimeUnit.MILLISECONDS);
                });
            } catch (RejectedExecutionException gone) {
                ledgers.remove(ledger);
            }
        }
    }

    private void check(AcknowledgedLedger<C> ledger, Recent<C> recent, Origin now) {
        Origin survivor = asked.orElse(now);   // A later one may take writes by now, and is asked. Its own list need not have all of these any more.
        long overrun = recent.overrun() - overruns.getOrDefault(ledger, 0L);
        overruns.put(ledger, recent.overrun());
        resolver.stats().unkept(overrun);
        var outcomes = new ArrayList<CompletableFuture<CommitOutcome>>();
        var entries = recent.entries().stream().filter(entry -> ours.test(entry.origin()) && !named.contains(told(entry))).toList();
        for (Acknowledged<C> entry : entries) outcomes.add(resolver.check(inFlight(entry)).toCompletableFuture());
        CompletableFuture.allOf(outcomes.toArray(CompletableFuture[]::new)).thenRunAsync(() -> report(entries, outcomes, overrun, survivor), rooms);
    }

    private static Told told(Acknowledged<?> entry) {
        return new Told(entry.mark(), entry.origin());
    }

    private static InFlight inFlight(Acknowledged<?> entry) {
        return new InFlight(entry.origin(), 0, Work.TRANSACTION, Stage.COMMIT_SENT, StreamEnd.FENCED, Probe.answered(entry.mark()));
    }

    private void report(List<Acknowledged<C>> entries, List<CompletableFuture<CommitOutcome>> outcomes, long overrun, Origin now) {
        int checked = 0;
        int lost = 0;
        int open = 0;
        for (int i = 0; i < entries.size(); i++) {
            CommitOutcome outcome = outcomes.get(i).resultNow();
            if (named.contains(told(entries.get(i)))) continue;   // Asked for twice, where one failover came right behind another.
            checked++;
            resolver.stats().checked(outcome);
            switch (outcome) {
                case CommitOutcome.Committed _ -> { }
                case CommitOutcome.Aborted(var reason) -> {
                    lost++;
                    named.add(told(entries.get(i)));
                    log.warn("acknowledged transaction lost: {}", line(entries.get(i), reason));
                }
                case CommitOutcome.Unknown(var reason) -> {
                    open++;
                    log.warn("acknowledged transaction may be lost: {}", line(entries.get(i), reason));
                }
            }
        }
        if (lost + open + overrun == 0) {
            if (checked > 0) log.info("cluster {}: {} has all {} transactions acknowledged lately", cluster, now.node(), checked);
            return;
        }
        log.warn("cluster {}: of {} transactions acknowledged lately, {} lacks {}, and of {} it is not known; {} more were not kept long enough to be asked for",
                cluster, checked, now.node(), lost, open, overrun);
    }

    private String line(Acknowledged<C> entry, CommitOutcome.Reason reason) {
        return "cluster=" + cluster + " " + entry.mark() + " timeline=" + entry.origin().timeline() + " node=" + entry.origin().node() + " "
                + who.apply(entry.client()) + " reason=" + reason.word();
    }
}
