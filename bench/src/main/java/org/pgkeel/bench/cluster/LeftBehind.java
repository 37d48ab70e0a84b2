package org.pgkeel.bench.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.pgkeel.bench.cluster.ClusterState.Said;

/// Finds replicas that are left behind: they are up, the primary is the same one for a while, and they do not stream from it. So it looks when a
/// replica has more WAL than the new primary had at its promotion and Patroni does not see that: it asks for that WAL again and again, for ever.
///
/// Threading: confined to one thread.
final class LeftBehind {
    private final long patienceNanos;
    private final Map<String, Long> waitsSince = new HashMap<>();
    private Optional<Reign> reign = Optional.empty();

    private record Reign(String primary, long timeline) {}

    /// @param patience how long a replica may take
    LeftBehind(Duration patience) {
        patienceNanos = patience.toNanos();
    }

    /// @param said what each node says now
    /// @return the names of those that have not streamed for so long; one that still does not is named again after as long a time
    List<String> next(Map<String, Said> said, long nowNanos) {
        Optional<Reign> now = reign(said);
        if (now.isEmpty() || !now.equals(reign)) waitsSince.clear();
        reign = now;
        var found = new ArrayList<String>();
        if (now.isEmpty() || !(said.get(now.get().primary) instanceof Said.Primary primary)) return found;
        said.forEach((name, word) -> {
            if (!(word instanceof Said.Replica) || primary.streaming().contains(name)) {
                waitsSince.remove(name);
            } else if (nowNanos - waitsSince.computeIfAbsent(name, _ -> nowNanos) >= patienceNanos) {
                waitsSince.remove(name);
                found.add(name);
            }
        });
        return found;
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
