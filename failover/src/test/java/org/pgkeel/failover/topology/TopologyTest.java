package org.pgkeel.failover.topology;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TopologyTest {
    private static final Primary PRIMARY = new Primary("p", new NodeAddress("p", 5432), 5, Lifetime.UNKNOWN);

    private static List<String> followers(Optional<Primary> primary) {
        List<Replica> replicas = List.of(replica("older", 4), replica("same", 5), replica("newer", 6), replica("unknown", 0));
        return new Topology(primary, replicas, Set.of(), Optional.empty(), List.of()).followers().stream().map(Replica::name).toList();
    }

    private static Replica replica(String name, int timeline) {
        return new Replica(name, new NodeAddress(name, 5432), timeline, Set.of(), Map.of(), Optional.empty());
    }

    /// A newer timeline than the primary's is one that was given up: a leader on a lower one was followed, and its server is not rewound yet.
    @Test
    void who_is_on_another_timeline_than_the_primary_does_not_follow_it() {
        assertThat(followers(Optional.of(PRIMARY))).containsExactly("same", "unknown");
    }

    @Test
    void without_a_primary_nobody_is_known_not_to_follow() {
        assertThat(followers(Optional.empty())).hasSize(4);
    }
}
