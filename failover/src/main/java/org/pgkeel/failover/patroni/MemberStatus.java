package org.pgkeel.failover.patroni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.pgkeel.failover.topology.Lsn;

/// The body of `/`, `/primary`, `/replica`, `/patroni` and the like: what one member says of itself. Patroni 3.0 to 4.1.
/// <https://patroni.readthedocs.io/en/latest/rest_api.html#monitoring-endpoint>
///
/// Threading: immutable.
///
/// @param name     of the member; empty from Patroni 3
/// @param scope    of the cluster
/// @param timeline 0 if it does not say one; that of a new leader is the old one for some 100 ms
/// @param replayed of a replica; [Lsn#ZERO] if it does not say
/// @param tags     values as text
public record MemberStatus(String name, String scope, State state, Role role, int timeline, Lsn replayed, Set<Mark> marks, Map<String, String> tags) {
    /// What PostgreSQL is doing, as Patroni knows it.
    public enum State {
        RUNNING,
        /// On the way up, or being made.
        STARTING,
        /// On the way down, or down, in order.
        STOPPING,
        /// Down, and nobody asked for it.
        CRASHED,
        /// A word that this version does not know, or Patroni's own `unknown`.
        UNKNOWN
    }

    public enum Role {
        /// `primary`, or `master` in Patroni 3.
        PRIMARY,
        REPLICA,
        STANDBY_LEADER,
        /// Was the leader, and is being stopped.
        DEMOTED,
        UNKNOWN
    }

    /// What is said only where it is so.
    public enum Mark {
        /// Nobody holds the leader key, as this member saw it last.
        CLUSTER_UNLOCKED,
        FAILSAFE_ACTIVE,
        PAUSED,
        SYNCHRONOUS,
        QUORUM
    }

    public MemberStatus {
        marks = marks.isEmpty() ? Set.of() : Set.copyOf(marks);
        tags = Map.copyOf(tags);
    }

    /// @throws BadAnswer if it is nothing that Patroni would say
    public static MemberStatus parse(byte[] body) {
        JsonNode root = Json.object(body);
        JsonNode patroni = child(root, "patroni");
        JsonNode xlog = child(root, "xlog");
        var marks = EnumSet.noneOf(Mark.class);
        mark(root, "cluster_unlocked", Mark.CLUSTER_UNLOCKED, marks);
        mark(root, "failsafe_mode_is_active", Mark.FAILSAFE_ACTIVE, marks);
        mark(root, "pause", Mark.PAUSED, marks);
        mark(root, "sync_standby", Mark.SYNCHRONOUS, marks);
        mark(root, "quorum_standby", Mark.QUORUM, marks);
        return new MemberStatus(Json.text(patroni, "name").orElse(""), Json.text(patroni, "scope").orElse(""), state(Json.neededText(root, "state")),
                role(Json.neededText(root, "role")), Json.timeline(root), new Lsn(Json.number(xlog, "replayed_location").orElse(0L)), marks, Json.tags(root));
    }

    private static JsonNode child(JsonNode root, String name) {
        JsonNode child = root.get(name);
        if (child == null || child.isNull()) return MissingNode.getInstance();
        if (!child.isObject()) throw new BadAnswer("\"" + name + "\" is no object");
        return child;
    }

    private static void mark(JsonNode root, String name, Mark mark, Set<Mark> marks) {
        if (Json.flag(root, name)) marks.add(mark);
    }

    private static State state(String word) {
        return switch (word) {
            case "running" -> State.RUNNING;
            case "starting", "restarting", "creating replica", "initializing new cluster", "running custom bootstrap script",
                 "starting after custom bootstrap" -> State.STARTING;
            case "stopping", "stopped" -> State.STOPPING;
            case "crashed", "start failed", "restart failed", "stop failed" -> State.CRASHED;
            default -> State.UNKNOWN;
        };
    }

    private static Role role(String word) {
        return switch (word) {
            case "primary", "master", "promoted" -> Role.PRIMARY;
            case "replica", "sync_standby", "quorum_standby" -> Role.REPLICA;
            case "standby_leader" -> Role.STANDBY_LEADER;
            case "demoted" -> Role.DEMOTED;
            default -> Role.UNKNOWN;
        };
    }

    public boolean is(Mark mark) {
        return marks.contains(mark);
    }
}
