package org.pgkeel.proxy.observe;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/// One PostgreSQL cluster as it was seen last, and what was counted of it since the start.
///
/// @param reign               number of the primary that lasts, or lasted last; 0 before the first
/// @param doubt               why the primary is being asked right now; empty if it is not
/// @param flags               what Patroni says of the whole cluster: `paused`, `failsafe`, `switchover_in_progress`
/// @param scheduledSwitchover when one is planned
/// @param reigns              primaries found, one after the other
/// @param doubts              of the primary, by reason
/// @param losses              times when nobody was primary any more, by reason
/// @param pollErrors          questions without an answer
public record ClusterSnapshot(String cluster, long reign, Optional<String> doubt, Set<String> flags, Optional<Instant> scheduledSwitchover,
                              List<Alarm> alarms, List<Node> nodes, long reigns, Map<String, Long> doubts, Map<String, Long> losses, List<PollError> pollErrors) {
    /// @param kind one word
    /// @param text one line with names and numbers
    public record Alarm(String kind, String text) {}

    /// @param name        Patroni's name of the member; the address where there is no Patroni
    /// @param role        `primary`; `writable`: takes writes and is not the primary; `replica`; `unknown`
    /// @param state       of its PostgreSQL: `running`, or why it did not answer
    /// @param patroni     of its Patroni: PostgreSQL's state there, or why it did not answer; empty where there is none
    /// @param timeline    empty if unknown
    /// @param lagBytes    that the primary has flushed and it has not replayed; empty if unknown
    /// @param freshNanos  age of the newest state of the primary that it is known to show; empty if unknown
    /// @param endpoints   of Patroni that answer 200 for it as a replica
    public record Node(String name, String address, String role, String state, String patroni, OptionalInt timeline, OptionalLong lagBytes, OptionalLong freshNanos,
                       List<String> endpoints, Map<String, String> tags) {
        public boolean isPrimary() {
            return role.equals("primary");
        }

        public boolean answers() {
            return state.equals("running");
        }

        /// How old its state is: nothing if there is nothing to replay.
        public OptionalLong lagNanos() {
            return lagBytes.isPresent() && lagBytes.getAsLong() == 0 ? OptionalLong.of(0) : freshNanos;
        }
    }

    /// @param source `patroni` or `postgresql`
    public record PollError(String member, String source, String reason, long count) {}

    public ClusterSnapshot {
        flags = Set.copyOf(flags);
        alarms = List.copyOf(alarms);
        nodes = List.copyOf(nodes);
        doubts = Map.copyOf(doubts);
        losses = Map.copyOf(losses);
        pollErrors = List.copyOf(pollErrors);
    }
}
