package org.pgkeel.proxy.cluster;

import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Reign;

/// Hears of changes in a cluster, in order, on the one thread of the cluster rooms. Must not block.
public interface ClusterListener {
    /// Nobody takes writes now, or it is not sure who does. Called again when the reason becomes another, as when a doubt proves right, until
    /// [#primaryFound] or [#primaryNotLost] is.
    void primaryLost(HoldReason reason);

    /// There is a primary. The reign is a new one, or the one of before where the drain of its hold had not ended.
    void primaryFound(Reign reign);

    /// The primary is the same server in the same life after all; nothing of its connections is wrong.
    void primaryNotLost(Reign reign);

    /// This address leads to another server than before, or to another run of it. Whoever reads from a replica there reads from another one.
    void replicaIsAnother(NodeAddress node);

    /// Servers in recovery came, went, or may do something else than before.
    void replicasChanged();
}
