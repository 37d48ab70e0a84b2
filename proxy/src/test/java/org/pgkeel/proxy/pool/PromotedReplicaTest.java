package org.pgkeel.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.proxy.config.PoolConfig;
import org.pgkeel.proxy.config.PoolMode;

/// Clients wait for a primary, and connections to a replica that becomes it are there already.
class PromotedReplicaTest {
    private final PoolWorld world = new PoolWorld(1, PoolWorld.max(3));
    private final PoolSlice<FakeConnection> replica = world.replica().slice(0);

    @BeforeEach
    void hold() {
        become(new Hold.Holding(world.nowNanos, HoldReason.PRIMARY_LOST));
    }

    @Test
    void who_waits_is_served_by_them_when_they_have_confirmed_it_and_no_other_is_opened() {
        FakeClient first = world.asks("first", 0);
        FakeClient second = world.asks("second", 0);
        ready(2);
        List<FakeConnection> ready = List.copyOf(world.made);

        promote();
        assertThat(world.attempts).isEmpty();
        assertThat(ready).allMatch(connection -> connection.checks == 1 && connection.state() == PooledConnection.State.RESETTING);
        assertThat(first.leased).as("before the server has said that it is the primary").isEmpty();
        assertThat(world.replica().open()).isZero();
        assertThat(world.pool.open()).isEqualTo(2);

        for (FakeConnection connection : ready) world.slice(0).cleaned(connection, world.nowNanos);
        assertThat(List.of(first.leased.orElseThrow(), second.leased.orElseThrow())).containsExactlyInAnyOrderElementsOf(ready);
        assertThat(world.made).hasSize(2);
    }

    @Test
    void one_that_has_not_confirmed_it_is_closed_and_another_opened() {
        FakeClient client = world.asks("client", 0);
        ready(1);
        promote();
        FakeConnection ready = world.made.getFirst();

        world.slice(0).close(ready, CloseReason.RECYCLED, world.nowNanos);
        assertThat(client.leased).isEmpty();
        world.settle();
        assertThat(client.leased).contains(world.made.getLast());
        assertThat(world.made).hasSize(2);
        assertThat(world.pool.open()).isEqualTo(1);
    }

    @Test
    void what_a_read_has_stays_with_it() {
        var reader = new FakeClient("reader");
        reader.ask(replica, world.nowNanos);
        world.settle();
        FakeConnection read = reader.leased.orElseThrow();
        FakeClient writer = world.asks("writer", 0);

        promote();
        world.settle();
        assertThat(read.slice).isSameAs(replica);
        assertThat(read.checks).isZero();
        assertThat(writer.leased.orElseThrow()).isNotSameAs(read);
    }

    @Test
    void no_more_come_over_than_wait_or_than_the_pool_may_have() {
        var clients = IntStream.range(0, 5).mapToObj(i -> world.asks("client " + i, 0)).toList();
        world.pool.settings(new PoolSettings(PoolWorld.max(2), PoolWorld.timeouts()));
        ready(3);
        promote();
        assertThat(world.pool.open()).isEqualTo(2);
        assertThat(world.replica().open()).isEqualTo(1);

        clients.forEach(client -> client.leave(world.slice(0)));
        world.pool.settings(new PoolSettings(PoolWorld.max(3), PoolWorld.timeouts()));
        promote();
        assertThat(world.replica().open()).as("nobody waits").isEqualTo(1);
    }

    @Test
    void it_is_stale_when_the_primary_changes_before_it_has_confirmed() {
        FakeClient client = world.asks("client", 0);
        ready(1);
        promote();

        world.pool.fence();
        world.runLoops();
        assertThat(world.made.getFirst().closed).contains(CloseReason.FENCED);
        assertThat(client.leased).isEmpty();
    }

    @Test
    void few_are_opened_at_a_time_and_none_beyond_the_limit() {
        replica.keepReady(9, world.nowNanos);
        assertThat(world.attempts).hasSize(2);
        replica.keepReady(9, world.nowNanos);
        assertThat(world.attempts).as("until those are there").hasSize(2);
        world.settle();
        replica.keepReady(9, world.nowNanos);
        world.settle();
        assertThat(world.replica().open()).isEqualTo(3);
        replica.keepReady(9, world.nowNanos);
        assertThat(world.attempts).isEmpty();
    }

    @Test
    void a_server_that_lets_nobody_in_is_left_alone_for_a_while_but_not_by_who_reads_there() {
        replica.keepReady(2, world.nowNanos);
        world.refuseAttempt(PoolWorld.TOO_MANY, false);
        world.refuseAttempt(PoolWorld.TOO_MANY, false);

        world.pass(Duration.ofSeconds(4));
        replica.keepReady(2, world.nowNanos);
        assertThat(world.attempts).isEmpty();
        var reader = new FakeClient("reader");
        reader.ask(replica, world.nowNanos);
        world.settle();
        assertThat(reader.leased).isPresent();
        world.pass(Duration.ofSeconds(1));
        replica.keepReady(2, world.nowNanos);
        assertThat(world.attempts).hasSize(1);
    }

    @Test
    void none_is_opened_instead_of_what_is_fenced_before_they_have_come_over() {
        FakeClient holder = world.asks("holder", 0);
        become(Hold.OPEN);
        world.settle();
        assertThat(holder.leased).isPresent();
        become(new Hold.Holding(world.nowNanos, HoldReason.PRIMARY_LOST));
        FakeClient client = world.asks("client", 0);
        ready(1);

        holder.handOver();
        world.pool.fence();
        world.pool.takeOver(world.replica());
        // The loop comes to all of that when the hold is over.
        become(new Hold.Draining(1));
        assertThat(world.attempts).isEmpty();
        world.slice(0).cleaned(world.made.getLast(), world.nowNanos);
        assertThat(client.leased).contains(world.made.getLast());
    }

    @Test
    void those_that_wait_for_the_pace_of_the_drain_are_not_asked_again() {
        var clients = IntStream.range(0, 3).mapToObj(i -> world.asks("client " + i, 0)).toList();
        ready(3);
        promote();
        for (FakeConnection connection : List.copyOf(world.made)) world.slice(0).cleaned(connection, world.nowNanos);
        assertThat(clients).filteredOn(client -> client.leased.isPresent()).as("the pace").hasSize(2);

        world.tick();
        assertThat(world.made).allMatch(connection -> connection.checks == 1);
        assertThat(world.attempts).isEmpty();
        clients.getFirst().giveBack(world.nowNanos);
        world.runLoops();
        assertThat(clients.getLast().leased).isPresent();
    }

    @Test
    void they_take_places_from_nobody() {
        var user = new BackendBudget(2);
        var mine = new PoolWorld(1, PoolWorld.max(3), PoolWorld.timeouts(), List.of(user));
        FakeClient other = mine.asks("other", 0);
        FakeClient another = mine.asks("another", 0);
        mine.settle();
        other.giveBack(mine.nowNanos);
        another.giveBack(mine.nowNanos);

        mine.replica().slice(0).keepReady(3, mine.nowNanos);
        mine.settle();
        assertThat(mine.pool.open()).as("idle ones of other pools").isEqualTo(2);
        assertThat(mine.replica().open()).isZero();
    }

    @Test
    void who_needs_a_place_gets_one_of_theirs_and_keeps_it() {
        var user = new BackendBudget(2);
        var mine = new PoolWorld(1, PoolWorld.max(3), PoolWorld.timeouts(), List.of(user));
        PoolSlice<FakeConnection> there = mine.replica().slice(0);
        there.keepReady(2, mine.nowNanos);
        mine.settle();
        assertThat(user.open()).isEqualTo(2);

        FakeClient client = mine.asks("client", 0);
        mine.runLoops();
        assertThat(user.open()).isEqualTo(1);
        there.keepReady(2, mine.nowNanos);
        assertThat(mine.attempts).isEmpty();
        mine.tick();
        mine.settle();
        assertThat(client.leased).isPresent();
    }

    @Test
    void an_attempt_at_the_server_that_is_lost_is_no_reason_to_wait_for_it() {
        FakeClient client = world.asks("client", 0);
        ready(1);
        become(Hold.OPEN);
        world.attempts.clear();   // It hangs.
        become(new Hold.Holding(world.nowNanos, HoldReason.PRIMARY_LOST));

        promote();
        world.slice(0).cleaned(world.made.getFirst(), world.nowNanos);
        assertThat(client.leased).contains(world.made.getFirst());
    }

    @Test
    void it_is_known_whether_other_pools_are_short_of_the_places_that_they_take() {
        assertThat(world.pool.sharesLimit()).isFalse();
        assertThat(new PoolWorld(1, PoolWorld.max(3), PoolWorld.timeouts(), List.of(new BackendBudget(Integer.MAX_VALUE))).pool.sharesLimit()).isFalse();
        assertThat(new PoolWorld(1, PoolWorld.max(3), PoolWorld.timeouts(), List.of(new BackendBudget(20))).pool.sharesLimit()).isTrue();
    }

    @Test
    void no_minimum_is_kept_where_nobody_asks_for_connections() {
        var mine = new PoolWorld(1, new PoolConfig(PoolMode.TRANSACTION, 5, 2, 0, Duration.ofSeconds(5), Duration.ofSeconds(30)));
        mine.replica().keepsMinimum(false);
        mine.tick();
        mine.settle();
        assertThat(mine.replica().open()).isZero();

        mine.replica().keepsMinimum(true);
        mine.tick();
        mine.settle();
        assertThat(mine.replica().open()).isEqualTo(2);
    }

    private void ready(int count) {
        for (int i = 0; i < count; i++) {
            replica.keepReady(count, world.nowNanos);
            world.settle();
        }
        assertThat(world.replica().open()).isEqualTo(count);
    }

    private void promote() {
        world.pool.takeOver(world.replica());
        become(new Hold.Draining(1));
    }

    private void become(Hold hold) {
        world.gate.become(hold, world.nowNanos);
        world.pool.holdChanged();
        world.runLoops();
    }
}
