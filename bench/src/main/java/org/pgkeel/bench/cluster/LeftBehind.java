package org.pgkeel.bench.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgkeel.bench.cluster.ClusterState.Said;

/// Finds replicas that are left behind: the primary is the same one for a while, and they do not stream from it. So it looks when a
/// replica has more WAL than the new primary had at its promotion and Patroni does not see that: it asks for that WAL again and again, for ever; and when
/// Patroni has failed to start it (`start failed`), and does not try again.
///
/// Threading: confined to one thread.
final class LeftBehind {
    /// One that is not up may be on its way, and takes so many times as long.
    private static final int START_TAKES = 3;

    private final long patienceNanos;
    private final Map<String, Waiting> waiting = new HashMap<>();
    private Optional<Reign> reign = Optional.empty();

    private record Reign(String primary, long timeline) {}

    private record Waiting(boolean isUp, long sinceNanos) {}

    /// @param patience how long a replica may take
    LeftBehind(Duration patience) {
        patienceNanos = patience.toNanos();
    }

    /// @param said what each node says now
    /// @return the names of those that have not streamed for so long; one that still does not is named again after as long a time
    List<String> next(Map<String, Said> said, long nowNanos) {
        Optional<Reign> now = reign(said);
        if (now.isEmpty() || !now.equals(reign)) waiting.clear();
        reign = now;
        var found = new ArrayList<String>();
        if (now.isEmpty() || !(said.get(now.get().primary) instanceof Said.Primary primary)) return found;
        said.forEach((name, word) -> {
            boolean isUp = word instanceof Said.Replica;
            if (word instanceof Said.Primary || isUp && primary.streaming().contains(name)) waiting.remove(name);
            else if (hasWaited(name, isUp, nowNanos)) found.add(name);
        });
        return found;
    }

    private boolean hasWaited(String name, boolean isUp, long nowNanos) {
        Waiting since = waiting.get(name);
        if (since == null || since.isUp != isUp) {
            waiting.put(name, new Waiting(isUp, nowNanos));
            return false;
        }
        boolean enough = nowNanos - since.sinceNanos >= (isUp ? patienceNanos : START_TAKES * patienceNanos);
        if (enough) waiting.remove(name);
        return enough;
    }

    /// Of two primaries nobody knows which one to stream from.
    private static Optional<Reign> reign(Map<String, Said> said) {
        var reigns = new ArrayList<Reign>();
        said.forEach((name, word) -> {
            if (word instanceof Said.Primary primary) reigns.add(new Reign(name, primary.timeline()));
        });
        return reigns.size() == 1 ? Optional.of(reigns.getFirst()) : Optional.empty();
    }
}
