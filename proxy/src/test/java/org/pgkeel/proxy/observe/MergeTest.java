package org.pgkeel.proxy.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.config.PoolMode;

/// Slices of event loops, added up.
class MergeTest {
    @Test void slices_of_one_pool_become_one_pool() {
        var merged = PoolSnapshot.merge(List.of(slice("app", "alice", 1, 500), slice("app", "bob", 2, 0), slice("app", "alice", 4, 900)));
        assertThat(merged).hasSize(2);
        var alice = merged.getFirst();
        assertThat(alice.clients()).isEqualTo(new PoolSnapshot.Clients(5, 5, 5, 5));
        assertThat(alice.servers().total()).isEqualTo(7 * 5);
        assertThat(alice.maxWaitMicros()).isEqualTo(900);
        assertThat(alice.sizeMax()).isEqualTo(20);
        assertThat(alice.pinnedByReason()).isEqualTo(Map.of("listen", 5L));
    }

    @Test void users_of_one_database_become_one_row() {
        var alice = new PoolStats("app", "alice");
        var bob = new PoolStats("app", "bob");
        alice.queryEnded(1_000_000);
        bob.queryEnded(2_000_000);
        bob.sent(7);
        bob.serverClosed(9);
        var sums = StatsSnapshot.byDatabase(List.of(alice.snapshot(), bob.snapshot()));
        assertThat(sums).hasSize(1);
        assertThat(sums.getFirst().queries().count()).isEqualTo(2);
        assertThat(sums.getFirst().queries().sumMicros()).isEqualTo(3_000);
        assertThat(sums.getFirst().sentBytes()).isEqualTo(7);
        assertThat(sums.getFirst().serversClosed()).isEqualTo(1);
    }

    @Test void reasons_add_up_over_event_loops() {
        var one = new LoopStats();
        var other = new LoopStats();
        one.refused("pool_full");
        other.refused("pool_full");
        other.refused("pool_wait");
        other.cancelRequested();
        var sum = LoopSnapshot.merge(List.of(one.snapshot(), other.snapshot()));
        assertThat(sum.refusals()).containsExactly(Map.entry("pool_full", 2L), Map.entry("pool_wait", 1L));
        assertThat(sum.cancelRequests()).isEqualTo(1);
    }

    @Test void words_are_bounded() {
        var counter = new ReasonCounter();
        for (int i = 0; i < 10 * ReasonCounter.WORDS_MAX; i++) counter.count("word" + i);
        assertThat(counter.snapshot()).hasSize(ReasonCounter.WORDS_MAX + 1).containsEntry("other", 9L * ReasonCounter.WORDS_MAX);
    }

    private static PoolSnapshot slice(String database, String user, int each, long maxWaitMicros) {
        return new PoolSnapshot(database, user, "primary", PoolMode.TRANSACTION, new PoolSnapshot.Clients(each, each, each, each),
                new PoolSnapshot.Servers(each, each, each, each, each, each, each), maxWaitMicros, 20, 0, 0, Map.of("listen", (long) each));
    }
}
