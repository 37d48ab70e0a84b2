package org.pgkeel.failover.outcome;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.outcome.CommitOutcome.Reason;
import org.pgkeel.failover.outcome.Descent.CleanRestart;
import org.pgkeel.failover.outcome.Descent.CrashRecovery;
import org.pgkeel.failover.outcome.Descent.SameLife;
import org.pgkeel.failover.outcome.Descent.Switched;
import org.pgkeel.failover.outcome.Descent.Untold;
import org.pgkeel.failover.outcome.NodeAnswer.Standby;
import org.pgkeel.failover.outcome.NodeAnswer.Writable;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;

/// What was seen of each server's runs: the witness that says how the survivor's history descends from the one that was lost. It trusts
/// nothing that it has not seen: where a run may have begun and ended between two looks, it says so.
///
/// Threading: shared, guarded by its monitor; its methods are short.
public final class Sightings {
    private static final int NODES_MAX = 64;
    private static final int LIVES_MAX = 16;
    private static final int NAMES_MAX = 16;
    private static final int BIRTHS_MAX = 64;
    /// Two servers made a timeline of this number.
    private static final Birth FORKED = new Birth(Integer.MAX_VALUE, Lsn.ZERO, Optional.empty());

    /// One run of a server.
    private static final class Life {
        /// More than one where statistics were reset by hand meanwhile; the first is kept, and the newest ones.
        final List<Lifetime> names = new ArrayList<>(1);
        /// The longest time before this run in which another one may have come and gone.
        final long blindNanos;
        int followed;
        int followedBefore;
        int written;
        Optional<Lsn> recoveredTo = Optional.empty();
        boolean seenWritable;
        /// Of its first answer.
        Optional<NodeAnswer.Checkpoint> resumed = Optional.empty();
        Optional<Birth> birth = Optional.empty();

        Life(Lifetime lifetime, long blindNanos) {
            names.add(lifetime);
            this.blindNanos = blindNanos;
        }

        boolean is(Lifetime lifetime) {
            return names.contains(lifetime);
        }

        /// Whether the answer is of this run, though it has another name: a crash under the same postmaster moves the end of the recovery.
        boolean goesOn(NodeAnswer answer) {
            return seenWritable && answer.role() instanceof Writable(_, var recovered) && recovered.equals(recoveredTo)
                    && answer.lifetime().postmasterStart().equals(names.getFirst().postmasterStart());
        }

        void isCalled(Lifetime lifetime) {
            if (names.size() >= NAMES_MAX) names.remove(1);
            names.add(lifetime);
        }

        /// Whether the statistics of this run are those of another one: a clean restart keeps them.
        boolean keptStatisticsOf(Life before) {
            String kept = names.getFirst().statsReset();
            return !kept.isEmpty() && before.names.stream().anyMatch(name -> name.statsReset().equals(kept));
        }

        void follows(int timeline) {
            if (timeline <= followed) return;
            followedBefore = followed;
            followed = timeline;
        }
    }

    private static final class Node {
        final Deque<Life> lives = new ArrayDeque<>();
        long lookedNanos;
        long blindNanos;
    }

    /// Where a timeline came from.
    /// @param resumed the checkpoint at which the run that made it began
    private record Birth(int parent, Lsn at, Optional<NodeAnswer.Checkpoint> resumed) {
        boolean isOf(Birth other) {
            return parent == other.parent && at.equals(other.at);
        }
    }

    private final long blindMaxNanos;
    private final Map<NodeAddress, Node> nodes = new HashMap<>();
    private final Map<Integer, Birth> births = new LinkedHashMap<>();

    /// @param blindMax how long nobody may have looked at a server for us to be sure that it has not crashed, recovered, taken writes, and
    ///                 crashed again meanwhile
    public Sightings(Duration blindMax) {
        this.blindMaxNanos = blindMax.toNanos();
    }

    /// A server has answered.
    /// @param askedNanos    when the question was sent
    /// @param answeredNanos when the answer came
    public synchronized void seen(NodeAnswer answer, long askedNanos, long answeredNanos) {
        Node node = nodes.get(answer.node());
        if (node == null) {
            if (nodes.size() >= NODES_MAX) forgetOne(askedNanos);
            node = new Node();
            node.blindNanos = Long.MAX_VALUE;
            node.lookedNanos = askedNanos;
            nodes.put(answer.node(), node);
        }
        looked(node, askedNanos, answeredNanos);
        Life life = node.lives.peekLast();
        if (life != null && !life.is(answer.lifetime()) && life.goesOn(answer)) {
            life.isCalled(answer.lifetime());
        } else if (life == null || !life.is(answer.lifetime())) {
            if (node.lives.size() >= LIVES_MAX) node.lives.removeFirst();
            life = new Life(answer.lifetime(), node.blindNanos);
            node.lives.addLast(life);
        }
        node.blindNanos = 0;
        if (life.resumed.isEmpty()) life.resumed = answer.checkpoint();
        switch (answer.role()) {
            case Standby(int followed) -> life.follows(followed);
            case Writable(int timeline, var recoveredTo) -> {
                life.written = timeline;
                life.recoveredTo = recoveredTo;
                life.seenWritable = true;
                recordBirth(life);
            }
        }
    }

    /// Addresses come and go for as long as the proxy runs: the one that nobody has looked at for longest is of the past.
    private void forgetOne(long nowNanos) {
        nodes.entrySet().stream().min(Comparator.comparingLong(each -> each.getValue().lookedNanos - nowNanos)).map(Map.Entry::getKey).ifPresent(nodes::remove);
    }

    /// A server has refused a connection: nobody could write there at that time. Not for one that does not answer: it may well take writes.
    public synchronized void refused(NodeAddress address, long askedNanos, long answeredNanos) {
        Node node = nodes.get(address);
        if (node != null) looked(node, askedNanos, answeredNanos);
    }

    /// A run was alive at this time: it has answered what was asked later. Not when its connection is found ended: it may have ended long before, where nobody was there to find it.
    public synchronized void alive(Origin origin, long atNanos) {
        Node node = nodes.get(origin.node());
        Life life = node == null ? null : node.lives.peekLast();
        if (life == null || !life.is(origin.lifetime()) || atNanos - node.lookedNanos <= 0) return;
        node.lookedNanos = atNanos;
        node.blindNanos = 0;
    }

    private static void looked(Node node, long askedNanos, long answeredNanos) {
        node.blindNanos = Math.max(node.blindNanos, answeredNanos - node.lookedNanos);
        node.lookedNanos = askedNanos;
    }

    /// A standby that followed timeline T and now writes T + 1, in one run, has left T where its recovery ended: no timeline lies between.
    /// Right before it leaves recovery its control file names the new timeline already.
    private void recordBirth(Life life) {
        int parent = life.followed == life.written ? life.followedBefore : life.followed;
        if (life.birth.isPresent() || parent == 0 || life.written != parent + 1 || life.recoveredTo.isEmpty()) return;
        var birth = new Birth(parent, life.recoveredTo.get(), life.resumed);
        life.birth = Optional.of(birth);
        if (births.size() >= BIRTHS_MAX) births.remove(births.keySet().iterator().next());
        births.merge(life.written, birth, (one, other) -> one.isOf(other) ? one : FORKED);
    }

    /// How the history of `survivor` descends from that of `origin`. The survivor's answer has been given to [#seen] before.
    /// @param history the survivor's, where it was needed and could be had
    public synchronized Descent descent(Origin origin, NodeAddress survivor, Lifetime lifetime, Writable now, Optional<TimelineHistory> history) {
        if (now.timeline() < origin.timeline()) return new Descent.Abandoned();
        if (now.timeline() == origin.timeline()) {
            return survivor.equals(origin.node()) ? restarted(origin, lifetime, now) : elsewhere(origin, survivor, lifetime);
        }
        if (origin.timeline() <= 0) return new Untold(Reason.NO_SWITCH_POINT);
        return switched(origin, survivor, lifetime, now.timeline(), history);
    }

    /// A server that is reached at another address now goes on with what it had begun. Or two servers have made timelines of one number: the second was
    /// promoted before it had heard of the first one's. Had it ever followed that one, its own would have a higher number.
    private Descent elsewhere(Origin origin, NodeAddress survivor, Lifetime lifetime) {
        boolean known = !origin.lifetime().equals(Lifetime.UNKNOWN);
        if (known && lifetime.equals(origin.lifetime())) return new SameLife();
        if (known && lifetime.postmasterStart().equals(origin.lifetime().postmasterStart())) return new Descent.PerhapsSameLife();
        boolean madeItsOwn = life(survivor, lifetime).flatMap(life -> life.birth).isPresent();
        return known && madeItsOwn ? new Descent.Abandoned() : new Untold(Reason.TIMELINE_FORKED);
    }

    private Descent restarted(Origin origin, Lifetime lifetime, Writable now) {
        if (lifetime.equals(origin.lifetime())) return new SameLife();
        if (keptStatistics(origin.lifetime(), lifetime)) return new CleanRestart();
        if (lifetime.postmasterStart().equals(origin.lifetime().postmasterStart())) {
            if (now.recoveredTo().isEmpty()) return new SameLife();
            Optional<Life> known = life(origin.node(), origin.lifetime()).filter(life -> life.seenWritable);
            if (known.isEmpty()) return new Descent.PerhapsSameLife();
            if (known.get().recoveredTo.equals(now.recoveredTo())) return new SameLife();
        }
        return firstCrashAfter(origin).<Descent>map(crash -> new CrashRecovery(crash.recoveredTo.orElseThrow(), resumedOn(origin.timeline(), crash.resumed)))
                .orElseGet(() -> new Untold(Reason.CRASH_UNSEEN));
    }

    /// No crash lies between the two.
    private static boolean keptStatistics(Lifetime before, Lifetime now) {
        return now.statsReset().equals(before.statsReset()) && !now.statsReset().isEmpty();
    }

    /// If the timeline went on for a while on its old server after a crash, the xid may have been given out again there.
    private Descent switched(Origin origin, NodeAddress survivor, Lifetime lifetime, int timeline, Optional<TimelineHistory> history) {
        Optional<Birth> own = life(survivor, lifetime).flatMap(life -> life.birth);
        Descent left = history.filter(known -> known.timeline() == timeline && known.reachesBackTo(origin.timeline())).map(known -> byHistory(origin.timeline(), known))
                .orElseGet(() -> byBirths(origin.timeline(), timeline, own));
        if (!(left instanceof Switched(Lsn at, _))) return left;
        if (wroteAgain(origin)) return firstCrashAfter(origin).<Descent>map(crash -> wentOn(origin, crash, at)).orElseGet(() -> new Untold(Reason.CRASH_UNSEEN));
        Optional<NodeAnswer.Checkpoint> there = resumedAfter(origin);
        if (there.isEmpty() && survivor.equals(origin.node()) && mayHaveCrashed(origin, lifetime)) return new Untold(Reason.CRASH_UNSEEN);
        // A server that is made anew around its data has another address.
        Optional<NodeAnswer.Checkpoint> maker = own.filter(birth -> birth.parent == origin.timeline()).or(() -> bornOf(origin.timeline())).flatMap(birth -> birth.resumed);
        return new Switched(at, resumedOn(origin.timeline(), there).or(() -> resumedOn(origin.timeline(), maker)).filter(checkpoint -> checkpoint.at().compareTo(at) < 0));
    }

    private static Switched wentOn(Origin origin, Life crash, Lsn at) {
        Lsn recoveredTo = crash.recoveredTo.orElseThrow();
        return new Switched(recoveredTo.compareTo(at) < 0 ? recoveredTo : at, resumedOn(origin.timeline(), crash.resumed));
    }

    private Optional<Birth> bornOf(int parent) {
        return Optional.ofNullable(births.get(parent + 1)).filter(birth -> birth.parent == parent);
    }

    /// What it says of the transactions of this timeline.
    private static Optional<NodeAnswer.Checkpoint> resumedOn(int timeline, Optional<NodeAnswer.Checkpoint> checkpoint) {
        return checkpoint.filter(known -> known.alone() && known.timeline() == timeline);
    }

    /// Where the first run of its server after the origin's began that was no clean restart. Unknown where it was first looked at when it wrote, and had made a checkpoint of, another
    /// timeline; and where the origin's own run was never seen, as any of the others may be of before.
    private Optional<NodeAnswer.Checkpoint> resumedAfter(Origin origin) {
        return life(origin.node(), origin.lifetime()).flatMap(_ -> crashesAfter(origin).findFirst()).flatMap(life -> life.resumed)
                .filter(checkpoint -> checkpoint.timeline() <= origin.timeline());
    }

    /// @param now the origin's server's run of now
    private boolean mayHaveCrashed(Origin origin, Lifetime now) {
        return life(origin.node(), origin.lifetime()).map(_ -> crashesAfter(origin).findAny().isPresent()).orElseGet(() -> !keptStatistics(origin.lifetime(), now));
    }

    private Stream<Life> crashesAfter(Origin origin) {
        Node node = nodes.get(origin.node());
        if (node == null) return Stream.empty();
        return life(origin.node(), origin.lifetime()).map(before -> crashesAfter(node, before)).orElseGet(node.lives::stream);
    }

    private static Descent byHistory(int ancestor, TimelineHistory history) {
        return history.leaves(ancestor).<Descent>map(Switched::new).orElseGet(Descent.Abandoned::new);
    }

    /// @param birth of the survivor's own timeline, if it was seen to make it
    private Descent byBirths(int ancestor, int timeline, Optional<Birth> birth) {
        @Nullable Birth born = birth.orElseGet(() -> births.getOrDefault(timeline, FORKED));
        Lsn at = null;
        while (born != null && born != FORKED) {
            if (at == null || born.at.compareTo(at) < 0) at = born.at;   // who takes over may have seen less than its predecessor
            if (born.parent == ancestor) return new Switched(at);
            if (born.parent < ancestor) return new Descent.Abandoned();
            born = births.get(born.parent);
        }
        return new Untold(Reason.NO_SWITCH_POINT);
    }

    private Optional<Life> life(NodeAddress address, Lifetime lifetime) {
        Node node = nodes.get(address);
        return node == null ? Optional.empty() : node.lives.stream().filter(life -> life.is(lifetime)).findFirst();
    }

    /// Whether the origin's server has written the same timeline in a later run, after a crash; or may have, as its own run is not among those that were seen.
    private boolean wroteAgain(Origin origin) {
        return crashesAfter(origin).anyMatch(life -> life.seenWritable && life.written == origin.timeline());
    }

    /// The run that began with the first recovery after the origin's, if that recovery was surely the first that let somebody in.
    private Optional<Life> firstCrashAfter(Origin origin) {
        return life(origin.node(), origin.lifetime()).flatMap(before -> crashesAfter(nodes.get(origin.node()), before).findFirst())
                .filter(life -> life.blindNanos <= blindMaxNanos && life.seenWritable && life.written == origin.timeline() && life.recoveredTo.isPresent());
    }

    private static Stream<Life> crashesAfter(Node node, Life before) {
        return node.lives.stream().dropWhile(life -> life != before).skip(1).filter(life -> !life.keptStatisticsOf(before));
    }
}
