package org.pgkeel.proxy.cluster;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;

/// How fresh replicas are: which positions of the primary they have replayed, and when those were asked for. Everything that was
/// acknowledged before a position was asked for lies before it, so a replica that has replayed it shows it. It is the position up to which the primary's
/// WAL is on disk; where commits are acknowledged before that, its end, which a replica may not reach before somebody else commits.
///
/// Positions of another timeline cannot be compared: a replica counts only while it surely follows the primary's timeline, and everything
/// is forgotten when the reign changes.
///
/// Threading: written on the cluster rooms' thread, read from everywhere.
final class Freshness {
    /// 50 ms apart they reach back 10 s; a replica further behind is fresh as of the last that it has passed.
    private static final int SAMPLES_MAX = 200;

    private record Sample(long askedNanos, Lsn position) {}

    /// What is known of one replica.
    ///
    /// @param shown    to whoever asks
    /// @param replayed null if nothing is known
    private record State(ReplicaState shown, @Nullable Lsn replayed) {
        static State unknown(long incarnation) {
            return new State(new ReplicaState(Cluster.NEVER, Long.MAX_VALUE, incarnation), null);
        }
    }

    private static final State UNKNOWN = State.unknown(0);

    private final Deque<Sample> samples = new ArrayDeque<>();
    private final Map<NodeAddress, State> states = new ConcurrentHashMap<>();
    private Lsn reached = Lsn.ZERO;

    void forgetAll() {
        samples.clear();
        states.replaceAll((_, before) -> State.unknown(before.shown.incarnation()));
        reached = Lsn.ZERO;
    }

    /// Its connection was lost, or it follows another timeline: it may come back with less than it had.
    void forget(NodeAddress replica) {
        states.put(replica, State.unknown(seen(replica).incarnation() + 1));
    }

    /// Asked for every read that is routed: allocates nothing.
    ReplicaState seen(NodeAddress replica) {
        return of(replica).shown;
    }

    private State of(NodeAddress replica) {
        State known = states.get(replica);
        return known == null ? UNKNOWN : known;
    }

    void primaryIsAt(long askedNanos, Lsn position) {
        if (samples.size() == SAMPLES_MAX) samples.removeFirst();
        samples.addLast(new Sample(askedNanos, position));
        if (position.compareTo(reached) <= 0) return;
        reached = position;
        states.replaceAll((_, before) -> before.replayed == null ? before : state(before.shown.freshAsOfNanos(), before.replayed, before.shown.incarnation()));
    }

    void replicaReplayed(NodeAddress replica, Lsn position) {
        ReplicaState before = seen(replica);
        long asOf = before.freshAsOfNanos();
        for (Iterator<Sample> newestFirst = samples.descendingIterator(); newestFirst.hasNext();) {
            Sample sample = newestFirst.next();
            if (sample.position.compareTo(position) > 0) continue;
            asOf = asOf == Cluster.NEVER || sample.askedNanos - asOf > 0 ? sample.askedNanos : asOf;
            break;
        }
        states.put(replica, state(asOf, position, before.incarnation()));
    }

    private State state(long freshAsOfNanos, Lsn replayed, long incarnation) {
        long lagBytes = reached.equals(Lsn.ZERO) ? Long.MAX_VALUE : reached.bytesAhead(replayed);
        return new State(new ReplicaState(freshAsOfNanos, lagBytes, incarnation), replayed);
    }
}
