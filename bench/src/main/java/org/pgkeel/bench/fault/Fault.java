package org.pgkeel.bench.fault;

import java.io.IOException;
import java.util.Optional;

/// Something bad that can be done to a cluster, as a description: it does nothing by being there. Immutable.
public sealed interface Fault permits Switchover, Kill, Stop, Freeze, Cut, SpoiltLink, LostPackets, DcsDown, RestSpoilt, ReplayPaused, DiskFull,
        RollingRestart, TwoFailovers, PgKeelKilled {
    /// Words with hyphens, unique: for `--scenario` and reports.
    String name();

    /// What happens, in one sentence.
    String summary();

    /// Whom proxies cannot reach or recognise while it lasts. A node that answers late hides nobody, and neither does one whose Patroni is silent while
    /// another member's tells who leads.
    default Hides hides() {
        return Hides.NOBODY;
    }

    /// Why it cannot be done here; empty if it can.
    default Optional<String> unavailable(Scene scene) {
        return Optional.empty();
    }

    /// Does it, at once.
    ///
    /// @return the damage, to be healed by the caller
    /// @throws IOException if it could not be done; then nothing of it is left
    Injection inject(Scene scene) throws IOException;
}
