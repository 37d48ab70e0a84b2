package org.pgkeel.proxy.cluster;

import java.util.ArrayList;
import java.util.List;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.failover.watch.MemberEvidence;
import org.pgkeel.failover.watch.Strays;

/// Makes [Freshness] of the positions that servers tell: whose can be compared, and which position of a primary counts.
///
/// Threading: confined to the cluster rooms.
final class Positions {
    private final Cluster cluster;
    private final Strays strays;

    Positions(Cluster cluster, Strays strays) {
        this.cluster = cluster;
        this.strays = strays;
    }

    /// A position that comes with an answer is as good as one that was asked for.
    void replied(Primary primary, WatchedMember member, long askedNanos, NodeReply reply) {
        switch (reply) {
            case NodeReply.Writable(var timeline, _, var flushed) when isOf(member, primary) && timeline == primary.timeline() -> {
                strays.primarySaid(primary, member.probe().checkpoint());
                SqlProbe.Answered said = member.probe().answered();
                cluster.freshness().primaryIsAt(askedNanos, commitsAsynchronously(said) ? said.inserted() : flushed);
            }
            case NodeReply.Standby(var timeline, _, var replayed) when timeline == primary.timeline() -> {
                strays.replicaSaid(member.address(), member.probe().checkpoint());
                if (!strays.has(member.address())) replayed.ifPresent(position -> cluster.freshness().replicaReplayed(member.address(), position));
            }
            case NodeReply.Writable _, NodeReply.Standby _, NodeReply.Silent _ -> cluster.freshness().forget(member.address());
        }
    }

    /// @param row whether it is in recovery, and where it is; of a primary, too, where its WAL ends that is not on disk yet
    void asked(Primary primary, WatchedMember member, long askedNanos, List<String> row) {
        boolean isPrimary = isOf(member, primary);
        if (!isPrimary && !follows(member, primary)) return;
        boolean inRecovery = row.getFirst().equals("t");
        boolean toEnd = isPrimary && commitsAsynchronously(member.probe().answered());
        String position = row.get(toEnd ? 2 : 1);
        if (isPrimary == inRecovery || position.isEmpty()) return;
        Lsn at = Lsn.parse(position);
        if (isPrimary) cluster.freshness().primaryIsAt(askedNanos, toEnd ? at.behindLastRecord() : at);
        else cluster.freshness().replicaReplayed(member.address(), at);
    }

    /// Where and when positions are asked for: the primary, and the replicas that surely follow its timeline. Of the others nothing is known.
    List<WatchedMember> comparable(Primary primary, Iterable<WatchedMember> members) {
        var all = new ArrayList<WatchedMember>();
        for (WatchedMember member : members) {
            if (isOf(member, primary)) all.addFirst(member);
            else if (follows(member, primary)) all.add(member);
            else cluster.freshness().forget(member.address());
        }
        return all;
    }

    private static boolean isOf(WatchedMember member, Primary primary) {
        return member.address().equals(primary.address());
    }

    private boolean follows(WatchedMember member, Primary primary) {
        return member.evidence().sql() instanceof MemberEvidence.Sql.Said(_, NodeReply.Standby(var timeline, _, _), _) && timeline == primary.timeline() && !strays.has(member.address());
    }

    /// What was acknowledged lies before what is on disk. Where commits are acknowledged before they are on disk, it lies before what will be.
    private boolean commitsAsynchronously(SqlProbe.Answered primary) {
        if (primary.asynchronous()) cluster.asynchronousCommits().begin("the server, a database or a role has synchronous_commit = off");
        return cluster.asynchronousCommits().arePossible();
    }
}
