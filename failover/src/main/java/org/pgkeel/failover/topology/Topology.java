package org.pgkeel.failover.topology;

import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A cluster as it was seen last: who takes writes, who replicates, and what is unusual.
///
/// Threading: immutable.
///
/// @param primary             who takes writes; empty as long as nobody surely does
/// @param replicas            servers in recovery that answer, in the order of their names
/// @param flags               what Patroni says of the whole cluster
/// @param scheduledSwitchover when one is planned
/// @param alarms              what an operator has to look at
public record Topology(Optional<Primary> primary, List<Replica> replicas, Set<Flag> flags, Optional<Instant> scheduledSwitchover, List<Alarm> alarms) {
    public static final Topology EMPTY = new Topology(Optional.empty(), List.of(), Set.of(), Optional.empty(), List.of());

    public enum Flag {
        /// Maintenance mode: Patroni does not fail over.
        PAUSED,
        /// The DCS is lost, and the primary goes on because all members agree.
        FAILSAFE,
        /// The leader is going, or has gone, and another has not come yet.
        SWITCHOVER_IN_PROGRESS
    }

    public Topology {
        replicas = List.copyOf(replicas);
        flags = flags.isEmpty() ? Set.of() : Set.copyOf(EnumSet.copyOf(flags));
        alarms = List.copyOf(alarms);
    }

    /// The replicas that may have what the primary has, or get it: who is on an older timeline stayed behind, and who is on a newer one has a history that
    /// was given up. Without a primary all of them.
    public List<Replica> followers() {
        if (primary.isEmpty()) return replicas;
        int timeline = primary.get().timeline();
        return replicas.stream().filter(each -> each.timeline() == 0 || each.timeline() == timeline).toList();
    }
}
