package org.pgkeel.proxy.cluster;

import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.patroni.PatroniClient;
import org.pgkeel.failover.watch.LeaderLease;

/// Patroni's `ttl` and `loop_wait`, from whichever member says them; they hardly ever change. Those that are known until then.
///
/// Threading: confined to the cluster rooms.
final class LeaderTerms {
    private static final long AGAIN_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final PatroniClient client;
    private final Rooms rooms;
    private LeaderLease lease;
    private boolean asked;
    private long askedNanos;
    private long pauseNanos;

    LeaderTerms(PatroniClient client, LeaderLease known, Rooms rooms) {
        this.client = client;
        this.rooms = rooms;
        this.lease = known;
    }

    LeaderLease lease() {
        return lease;
    }

    /// Asks one that talks, if it is time.
    void ask(Collection<WatchedMember> members) {
        long now = System.nanoTime();
        if (asked && now - askedNanos < pauseNanos) return;
        Optional<URI> talking = members.stream().filter(member -> !member.isPatroniSilent()).flatMap(member -> member.restUrl().stream()).findFirst();
        if (talking.isEmpty()) return;
        asked = true;
        askedNanos = now;
        client.settings(talking.get()).whenComplete((answer, bug) -> rooms.execute(() -> {
            boolean said = answer instanceof PatroniAnswer.Settings;
            pauseNanos = said ? AGAIN_NANOS : RETRY_NANOS;
            if (answer instanceof PatroniAnswer.Settings(var ttl, var loopWait)) lease = new LeaderLease(Duration.ofMillis(ttl), Duration.ofMillis(loopWait));
        }));
    }
}
