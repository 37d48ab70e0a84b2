package org.pgkeel.proxy.session;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.config.RouteRule;
import org.pgkeel.proxy.route.Route;

/// Which replicas have failed a client's unit, and whether it may be taken to another one.
///
/// Law: a unit that replicas refuse is moved a bounded number of times; then it goes to the primary if its rule lets it, and else the client hears of the failure.
/// How often a unit is run again whose servers die, [LossRules] says.
///
/// Threading: confined to the session's event loop.
final class UnitMoves {
    /// So often a unit is taken to another replica; then it goes to the primary, if its rule lets it.
    private static final int MOVES_MAX = 3;

    private Set<NodeAddress> avoided = Set.of();
    private int moves;
    private boolean primaryOnly;

    /// Nothing has failed the unit.
    boolean isNone() {
        return moves == 0;
    }

    boolean areTooMany() {
        return moves > MOVES_MAX;
    }

    boolean primaryOnly() {
        return primaryOnly;
    }

    /// Replicas that have failed the unit.
    Set<NodeAddress> avoided() {
        return avoided;
    }

    /// A replica has failed the unit.
    /// @param route that led there
    void failedAt(NodeAddress there, Route.@Nullable ToReplica route) {
        moves++;
        if (avoided.isEmpty()) avoided = new HashSet<>();
        avoided.add(there);
        if (moves >= MOVES_MAX && route != null && route.by().orElse() == RouteRule.OrElse.PRIMARY) primaryOnly = true;
    }

    /// No replica is any better.
    void toPrimary() {
        primaryOnly = true;
    }

    /// All may be asked again: the unit waits until one is fit.
    void avoidNone() {
        avoided = Set.of();
    }

    /// The unit is over.
    void over() {
        if (moves == 0 && !primaryOnly) return;
        avoided = Set.of();
        moves = 0;
        primaryOnly = false;
    }
}
