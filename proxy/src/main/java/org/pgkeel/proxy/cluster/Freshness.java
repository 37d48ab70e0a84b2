package org.pgkeel.proxy.cluster;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;

/// How fresh replicas are: which flush positions of the primary they have replayed, and when those were asked for. Everything that was
/// acknowledged before a position was asked for lies before it, so a replica that has replayed it shows it.
///
/// Positions of another timeline cannot be compared: a replica counts only while it surely follows the primary's timeline, and everything
/// is forgotten when the reign changes.
///
/// Threading: written on the cluster rooms' thread, read from everywhere.
final class Freshness {
    /// 50 ms apart they reach back 10 s; a replica further behind is fresh as of the last that it has passed.
    private static final int SAMPLES_MAX = 200;

    private record Sample(long askedNanos, Lsn flushed) {}

    /// What is known of one replica.
    ///
    /// @param replayed    null if nothing is known
    /// @param incarnation another number each time that the replica may have been set back
    private record State(long freshAsOfNanos, @Nullable Lsn replayed, long incarnation) {}

    private static final State UNKNOWN = new State(Cluster.NEVER, null, 0);

    private final Deque<Sample> samples = new ArrayDeque<>();
    private final Map<NodeAddress, State> states = new ConcurrentHashMap<>();
    private volatile Lsn flushed = Lsn.ZERO;

    void forgetAll() {
        samples.clear();
        states.replaceAll((_, before) -> new State(Cluster.NEVER, null, before.incarnation));
        flushed = Lsn.ZERO;
    }

    /// Its connection was lost, or it follows another timeline: it may come back with less than it had.
    void forget(NodeAddress replica) {
        states.put(replica, new State(Cluster.NEVER, null, of(replica).incarnation + 1));
    }

    private State of(NodeAddress replica) {
        return states.getOrDefault(replica, UNKNOWN);
    }

    ReplicaState seen(NodeAddress replica) {
        State state = of(replica);
        Lsn replayed = state.replayed;
        Lsn ahead = flushed;
        long lagBytes = replayed == null || ahead.equals(Lsn.ZERO) ? Long.MAX_VALUE : ahead.bytesAhead(replayed);
        return new ReplicaState(state.freshAsOfNanos, lagBytes, state.incarnation);
    }

    void primaryFlushed(long askedNanos, Lsn position) {
        if (samples.size() == SAMPLES_MAX) samples.removeFirst();
        samples.addLast(new Sample(askedNanos, position));
        if (position.compareTo(flushed) > 0) flushed = position;
    }

    void replicaReplayed(NodeAddress replica, Lsn position) {
        State before = of(replica);
        long asOf = before.freshAsOfNanos;
        for (Iterator<Sample> newestFirst = samples.descendingIterator(); newestFirst.hasNext();) {
            Sample sample = newestFirst.next();
            if (sample.flushed.compareTo(position) > 0) continue;
            asOf = asOf == Cluster.NEVER || sample.askedNanos - asOf > 0 ? sample.askedNanos : asOf;
            break;
        }
        states.put(replica, new State(asOf, position, before.incarnation));
    }
}
