package org.pgkeel.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// The pool connects to another server than before: nobody gets a connection to the one before.
class StaleConnectionsTest {
    private final PoolWorld world = new PoolWorld(1, PoolWorld.max(1));

    /// The loop is in the middle of its turn when another server has become the primary, and reads what clients ask before it comes to its tasks.
    @Test
    void an_idle_connection_is_not_lent_though_its_end_is_only_among_the_tasks() {
        FakeClient first = world.asks("first", 0);
        world.settle();
        first.giveBack(world.nowNanos);
        FakeConnection before = world.made.getFirst();

        world.pool.fence();
        FakeClient second = world.asks("second", 0);

        assertThat(before.closed).contains(CloseReason.RECYCLED);
        assertThat(second.leased).isEmpty();
        world.settle();
        assertThat(second.leased).contains(world.made.getLast());
        assertThat(world.made).hasSize(2);
        assertThat(world.pool.open()).isEqualTo(1);
    }

    @Test
    void a_connection_that_was_begun_before_is_closed_when_it_is_there() {
        FakeClient client = world.asks("client", 0);
        world.runLoops();
        PoolSlice<FakeConnection> slice = world.attempts.removeFirst();
        int begun = world.pool.epoch();

        world.pool.recycle();
        world.runLoops();
        var late = new FakeConnection(1, slice, world.nowNanos, 0);
        late.epoch = begun;
        slice.opened(late, world.nowNanos);

        assertThat(late.closed).contains(CloseReason.RECYCLED);
        assertThat(client.leased).isEmpty();
        world.settle();
        assertThat(client.leased).contains(world.made.getLast());
        assertThat(world.pool.open()).isEqualTo(1);
    }
}
