package org.pgkeel.failover.outcome;

import java.time.Duration;
import java.util.Optional;
import org.pgkeel.failover.outcome.NodeAnswer.Writable;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;

/// Three servers, of which the first had the transaction, and what is seen of them.
abstract class SeenRuns {
    static final NodeAddress PG1 = new NodeAddress("pg1", 5432);
    static final NodeAddress PG2 = new NodeAddress("pg2", 5432);
    static final NodeAddress PG3 = new NodeAddress("pg3", 5432);
    static final Lifetime FIRST = new Lifetime("10:00", "reset 1");
    static final Lifetime OTHER = new Lifetime("09:00", "reset 9");
    static final Origin ORIGIN = new Origin(PG1, 4, FIRST);
    static final Lsn S = new Lsn(5000);
    static final Optional<TimelineHistory> NO_HISTORY = Optional.empty();

    final Sightings sightings = new Sightings(Duration.ofSeconds(1));
    long nowMillis = 1000;

    void seen(NodeAddress node, Lifetime lifetime, NodeAnswer.Role role) {
        seen(new NodeAnswer(node, lifetime, role, Optional.empty()));
    }

    void seen(NodeAddress node, Lifetime lifetime, NodeAnswer.Role role, NodeAnswer.Checkpoint checkpoint) {
        seen(new NodeAnswer(node, lifetime, role, Optional.of(checkpoint)));
    }

    void seen(NodeAnswer answer) {
        sightings.seen(answer, nowMillis * 1_000_000, (nowMillis + 1) * 1_000_000);
    }

    void after(long millis) {
        nowMillis += millis;
    }

    Descent descent(NodeAddress survivor, Lifetime lifetime, Writable now) {
        seen(survivor, lifetime, now);
        return sightings.descent(ORIGIN, survivor, lifetime, now, NO_HISTORY);
    }

    static Writable writes(int timeline) {
        return new Writable(timeline, Optional.of(S));
    }
}
