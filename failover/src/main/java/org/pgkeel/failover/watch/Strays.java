package org.pgkeel.failover.watch;

import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Primary;

/// Replicas whose timeline has the primary's number and may be another one. Two servers make a timeline of one number where the second is promoted before it has heard of the
/// first one's; whoever was on that number before the second began is on the first one's, until it is rewound or made anew. By the number neither PostgreSQL nor Patroni tells them apart.
///
/// | is a stray | event                                                  | is a stray |
/// |------------|--------------------------------------------------------|------------|
/// | no         | another server is primary on the number that it is on  | yes        |
/// | yes        | it has come to a checkpoint that this primary has made | no         |
/// | yes        | the primary's timeline has another number              | no         |
///
/// The proof is in the control files of both.
///
/// Threading: confined to whoever watches.
public final class Strays {
    /// As many as a primary makes in many hours; a replica comes to each of them, or to a later one, within minutes.
    private static final int CHECKPOINTS_MAX = 1000;
    private static final int NODES_MAX = 1000;

    /// A checkpoint as the control file names it. Two servers that are promoted at the same position make their first ones at the same position, too, but not at the same time.
    ///
    /// @param timeline that it belongs to
    /// @param seconds  since 1970, when it began
    public record Checkpoint(int timeline, Lsn at, long seconds) {}

    /// All that is known of them. Threading: immutable.
    ///
    /// @param checkpoints those of the primary on its timeline, since it is; the oldest first
    /// @param followed    replicas that have been on its number
    /// @param strays      those of them that are
    public record Known(List<Checkpoint> checkpoints, Set<NodeAddress> followed, Set<NodeAddress> strays) {
        public static final Known NOTHING = new Known(List.of(), Set.of(), Set.of());

        public Known {
            checkpoints = List.copyOf(checkpoints);
            followed = Set.copyOf(followed);
            strays = Set.copyOf(strays);
        }
    }

    private final Set<Checkpoint> checkpoints;
    private final Set<NodeAddress> followed;
    private final Set<NodeAddress> strays;

    public Strays(Known known) {
        checkpoints = new LinkedHashSet<>(known.checkpoints);
        followed = new HashSet<>(known.followed);
        strays = new HashSet<>(known.strays);
    }

    public Known known() {
        return new Known(List.copyOf(checkpoints), followed, strays);
    }

    /// Another reign begins.
    /// @return whether two servers have made its timeline
    public boolean begins(Primary before, Primary now) {
        checkpoints.clear();
        boolean forked = before.timeline() == now.timeline() && !isSame(before, now);
        if (forked) {
            strays.add(before.address());
            strays.addAll(followed);
        }
        if (before.timeline() != now.timeline()) {
            strays.clear();
            followed.clear();
        }
        strays.remove(now.address());
        return forked;
    }

    /// A member that was started again, or that has moved to another address, goes on with its own timeline.
    private static boolean isSame(Primary before, Primary now) {
        return before.name().equals(now.name()) || before.address().equals(now.address()) || before.lifetime().postmasterStart().equals(now.lifetime().postmasterStart());
    }

    /// What the primary's control file names. Right after a promotion that is one of the timeline before, which all have that come from there.
    public void primarySaid(Primary primary, Checkpoint checkpoint) {
        if (checkpoint.timeline() != primary.timeline()) return;
        if (checkpoints.size() >= CHECKPOINTS_MAX && !checkpoints.contains(checkpoint)) {
            Iterator<Checkpoint> oldest = checkpoints.iterator();
            oldest.next();
            oldest.remove();
        }
        checkpoints.add(checkpoint);
    }

    /// What the control file of a replica names that is on a timeline of the primary's number.
    public void replicaSaid(NodeAddress node, Checkpoint checkpoint) {
        if (followed.size() < NODES_MAX) followed.add(node);
        if (checkpoints.contains(checkpoint)) strays.remove(node);
    }

    public boolean has(NodeAddress node) {
        return strays.contains(node);
    }
}
