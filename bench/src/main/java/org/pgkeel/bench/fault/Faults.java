package org.pgkeel.bench.fault;

import java.time.Duration;
import java.util.List;
import org.pgkeel.bench.link.Treatment;

/// Every fault there is, with the measures that the chaos bench gives it.
public final class Faults {
    /// With etcd a frozen node is replaced after 22 s.
    private static final Until.Promoted LONG_ENOUGH_TO_BE_REPLACED = new Until.Promoted(Duration.ofSeconds(35), Duration.ofSeconds(3));
    private static final Duration SPOILT = Duration.ofSeconds(6);
    private static final List<Fault> ALL = List.of(
            new Switchover.Now(),
            new Switchover.Scheduled(Duration.ofSeconds(4)),
            new Kill.Postmaster(),
            new Kill.Node(),
            new Kill.Backend(),
            new Kill.Patroni(),
            new Stop(Stop.Mode.FAST),
            new Stop(Stop.Mode.IMMEDIATE),
            new Freeze(Freeze.What.POSTGRES, LONG_ENOUGH_TO_BE_REPLACED),
            new Freeze(Freeze.What.NODE, LONG_ENOUGH_TO_BE_REPLACED),
            new Freeze(Freeze.What.PATRONI, LONG_ENOUGH_TO_BE_REPLACED),
            new Cut(Cut.From.PROXY),
            new Cut(Cut.From.DCS),
            new Cut(Cut.From.EVERYTHING),
            new Cut(Cut.From.REPLICA_FROM_EVERYTHING),
            new ReplayPaused(Duration.ofSeconds(8)),
            new LostPackets(0.1, SPOILT),
            new SpoiltLink("link-delayed", "what passes between the proxy and the primary arrives 150 to 200 ms later",
                    new Treatment.Delay(Duration.ofMillis(150), Duration.ofMillis(50)), SPOILT),
            new SpoiltLink("link-half-open", "the proxy's connections to the primary lose their server and are not told", new Treatment.HalfOpen(), SPOILT),
            new SpoiltLink("link-cut-replies", "the primary's replies are cut in mid-message", new Treatment.Cut(Treatment.Way.TO_CLIENT, 8), Duration.ofSeconds(2)),
            new SpoiltLink("link-cut-requests", "what the proxy sends the primary is cut in mid-message", new Treatment.Cut(Treatment.Way.TO_SERVER, 8), Duration.ofSeconds(2)),
            new DcsDown(DcsDown.How.FROZEN, Duration.ofSeconds(10)),
            new DcsDown(DcsDown.How.KILLED, Duration.ofSeconds(10)),
            new RestSpoilt(RestSpoilt.How.HANGS, SPOILT),
            new RestSpoilt(RestSpoilt.How.REFUSES, SPOILT),
            new RestSpoilt(RestSpoilt.How.TALKS_NONSENSE, SPOILT),
            new DiskFull(DiskFull.When.TABLES_GROW, Duration.ofSeconds(8)),
            new DiskFull(DiskFull.When.WAL_RUNS_OUT, Duration.ofSeconds(30)),
            new RollingRestart(),
            new TwoFailovers(),
            new PgKeelKilled(Duration.ofSeconds(5)));

    private Faults() {}

    public static List<Fault> all() {
        return ALL;
    }

    /// Those that can be done there.
    public static List<Fault> availableIn(Scene scene) {
        return ALL.stream().filter(fault -> fault.unavailable(scene).isEmpty()).toList();
    }

    /// @throws IllegalArgumentException if there is none of this name
    public static Fault named(String name) {
        return ALL.stream().filter(fault -> fault.name().equals(name)).findFirst().orElseThrow(() -> new IllegalArgumentException("no fault " + name));
    }
}
