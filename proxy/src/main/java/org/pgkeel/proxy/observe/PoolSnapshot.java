package org.pgkeel.proxy.observe;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.pgkeel.proxy.config.PoolMode;

/// One pool, or one event loop's slice of it, at one moment.
///
/// @param node           the server: [#PRIMARY], or the address of a replica
/// @param maxWaitMicros  how long the client that has waited longest has been waiting; 0 without waiting clients
/// @param sizeMax        backend connections at most, the reserve not included
/// @param sizeMin        backend connections kept open
/// @param reserve        more than `sizeMax` when clients wait for long
/// @param pinnedByReason backend connections pinned right now, by the reason's word
public record PoolSnapshot(
        String database,
        String user,
        String node,
        PoolMode mode,
        Clients clients,
        Servers servers,
        long maxWaitMicros,
        int sizeMax,
        int sizeMin,
        int reserve,
        Map<String, Long> pinnedByReason) {

    /// The node of a pool to whoever is the primary.
    public static final String PRIMARY = "primary";

    public boolean isToReplica() {
        return !node.equals(PRIMARY);
    }

    public PoolSnapshot {
        pinnedByReason = Map.copyOf(pinnedByReason);
    }

    /// @param active        linked to a backend connection, or idle with nothing waiting to be done
    /// @param waiting       sent something and has no backend connection yet
    /// @param activeCancel  cancel requests forwarded and not answered yet
    /// @param waitingCancel cancel requests not forwarded yet
    public record Clients(int active, int waiting, int activeCancel, int waitingCancel) {
        Clients plus(Clients other) {
            return new Clients(active + other.active, waiting + other.waiting, activeCancel + other.activeCancel,
                    waitingCancel + other.waitingCancel);
        }
    }

    /// @param active        linked to a client
    /// @param activeCancel  connections that carry a cancel request
    /// @param beingCanceled could be idle, but wait for the end of a cancel request for them
    /// @param idle          can be leased at once
    /// @param used          idle for so long that they are checked before they are leased
    /// @param tested        being reset or checked
    /// @param login         connecting or authenticating
    public record Servers(int active, int activeCancel, int beingCanceled, int idle, int used, int tested, int login) {
        /// Open backend connections of any state.
        public int total() {
            return active + activeCancel + beingCanceled + idle + used + tested + login;
        }

        Servers plus(Servers other) {
            return new Servers(active + other.active, activeCancel + other.activeCancel, beingCanceled + other.beingCanceled,
                    idle + other.idle, used + other.used, tested + other.tested, login + other.login);
        }
    }

    /// Two slices of one pool: connections add up, the longest wait counts, the limits are the pool's and stay.
    public PoolSnapshot plus(PoolSnapshot other) {
        return new PoolSnapshot(database, user, node, mode, clients.plus(other.clients), servers.plus(other.servers),
                Math.max(maxWaitMicros, other.maxWaitMicros), sizeMax, sizeMin, reserve,
                ReasonCounter.merge(pinnedByReason, other.pinnedByReason));
    }

    /// The slices of all event loops added up: one snapshot per (database, user, node), in the order of first sight.
    public static List<PoolSnapshot> merge(Collection<PoolSnapshot> slices) {
        record Key(String database, String user, String node) {}
        Map<Key, PoolSnapshot> sums = new LinkedHashMap<>();
        for (var slice : slices) sums.merge(new Key(slice.database, slice.user, slice.node), slice, PoolSnapshot::plus);
        return List.copyOf(sums.values());
    }
}
