package org.pgkeel.proxy.cluster;

import java.util.List;
import org.pgkeel.failover.topology.Reign;
import org.pgkeel.failover.watch.LeaderLease;
import org.pgkeel.failover.watch.PrimaryWatch;
import org.pgkeel.failover.watch.Strays;
import org.pgkeel.proxy.config.ClusterConfig;

/// What a watch knows of its cluster: handed to the one that a reload puts in its place. Nobody else may be there to tell it: without the DCS no Patroni says who
/// the members are, and the primary lives on.
///
/// Threading: immutable.
///
/// @param reign        the last one
/// @param watch        who is primary, or was it last
/// @param contradicted whether somebody has said of who was primary last that it is not any more
/// @param members      what each said last, and when it was heard
/// @param documents    what Patroni said of the whole cluster, and its scope
/// @param lease        how long a leader is one that is not heard
record ClusterKnowledge(Reign reign, PrimaryWatch watch, boolean contradicted, Strays.Known strays, List<WatchedMember.Known> members, ClusterDocuments.Known documents, LeaderLease lease) {
    ClusterKnowledge {
        members = List.copyOf(members);
    }

    /// Nothing but whose turn it was.
    static ClusterKnowledge nothingBut(Reign reign, long nowNanos) {
        return new ClusterKnowledge(reign, PrimaryWatch.start(nowNanos), false, Strays.Known.NOTHING, List.of(), ClusterDocuments.Known.NOTHING, LeaderLease.DEFAULT);
    }

    /// What of it holds with another configuration of the same servers. Members that Patroni names are what they are, whoever else is asked from now on. But where a URL is listed no more, it was
    /// wrong, or those that are left may be another cluster's: they are asked as at the beginning, since who was known by it would still answer, and be believed. Those of `nodes` are whom it lists, and where the
    /// primary is none of them, the others are asked as at the beginning. So they are where Patroni comes or goes, as members have other names then.
    ///
    /// @param before that it was gathered with
    ClusterKnowledge within(ClusterConfig config, ClusterConfig before, long nowNanos) {
        if (config.patroni().isPresent() && before.patroni().isPresent()) {
            return config.patroni().get().members().containsAll(before.patroni().get().members()) ? this : nothingBut(reign, nowNanos);
        }
        boolean listed = watch.incumbent().map(known -> config.nodes().contains(known.primary().address())).orElse(true);
        if (config.patroni().isPresent() || before.patroni().isPresent() || !listed) return nothingBut(reign, nowNanos);
        return new ClusterKnowledge(reign, watch, contradicted, strays, members.stream().filter(each -> config.nodes().contains(each.evidence().address())).toList(), documents, lease);
    }
}
