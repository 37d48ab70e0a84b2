package org.pgkeel.failover.watch;

import java.time.Duration;

/// How long a leader keeps the leader key when its Patroni is killed or suspended and its PostgreSQL lives on: it has renewed the key once every
/// `loop_wait`, and the key ends `ttl` after that. Then another server may be promoted, while this one goes on taking writes.
/// <https://patroni.readthedocs.io/en/latest/dynamic_configuration.html>
///
/// | since its Patroni was heard of      | who may be primary                                                       |
/// |-------------------------------------|--------------------------------------------------------------------------|
/// | less than ttl - loop_wait - margin  | nobody else                                                              |
/// | up to ttl (20 s at least) + margin  | another one at any moment: only who is named leader right now            |
/// | longer                              | if it is still named leader it renews its key, and is only not heard here |
///
/// Threading: immutable.
public record LeaderLease(Duration ttl, Duration loopWait) {
    /// Patroni's own defaults.
    public static final LeaderLease DEFAULT = new LeaderLease(Duration.ofSeconds(30), Duration.ofSeconds(10));
    /// For a loop that takes its time, and for answers that do.
    static final Duration MARGIN = Duration.ofSeconds(1);
    /// As long as it may end, a confirmation that was asked for earlier says nothing.
    public static final Duration FRESH = Duration.ofMillis(300);

    /// Patroni 4 makes this of any shorter ttl, and says the shorter one.
    private static final Duration SHORTEST_TTL = Duration.ofSeconds(20);

    /// @param silentNanos since its own Patroni was asked what it answered last
    public boolean mayEnd(long silentNanos) {
        Duration longest = ttl.compareTo(SHORTEST_TTL) < 0 ? SHORTEST_TTL : ttl;
        return silentNanos >= ttl.minus(loopWait).minus(MARGIN).toNanos() && silentNanos <= longest.plus(MARGIN).toNanos();
    }
}
