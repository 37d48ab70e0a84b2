package org.pgkeel.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What the slices of one pool do for each other.
class SeveralSlicesTest {
    @Test
    void a_hungry_slice_gets_an_idle_connection_of_a_sibling() {
        var world = new PoolWorld(2, PoolWorld.max(1));
        var first = world.asks("first", 0);
        world.settle();
        first.giveBack(world.nowNanos);
        var second = world.asks("second", 1);
        world.settle();
        assertThat(second.leased).contains(world.made.getFirst());
        assertThat(world.made).hasSize(1);
        assertThat(world.slice(1).connections()).containsExactly(world.made.getFirst());
        assertThat(world.slice(0).connections()).isEmpty();
    }

    @Test
    void a_hungry_slice_gets_as_many_idle_connections_as_it_has_clients() {
        var world = new PoolWorld(3, PoolWorld.max(6));
        var first = IntStream.range(0, 6).mapToObj(i -> world.asks("first " + i, i % 2)).toList();
        world.settle();
        for (var client : first) client.giveBack(world.nowNanos);
        var second = IntStream.range(0, 6).mapToObj(i -> world.asks("second " + i, 2)).toList();
        world.settle();
        assertThat(second).allMatch(client -> client.leased.isPresent());
        assertThat(world.made).hasSize(6);
    }

    @Test
    void a_connection_that_is_given_back_goes_to_the_slice_whose_client_waits() {
        var world = new PoolWorld(2, PoolWorld.max(1));
        var first = world.asks("first", 0);
        world.settle();
        var second = world.asks("second", 1);
        world.settle();
        assertThat(second.isWaiting()).isTrue();
        first.giveBack(world.nowNanos);
        world.settle();
        assertThat(second.leased).isPresent();
    }

    @Test
    void clients_of_all_slices_are_served_first_come_first_served_within_two_milliseconds() {
        var world = new PoolWorld(3, PoolWorld.max(1));
        var holder = world.asks("holder", 0);
        world.settle();
        var order = new ArrayList<Integer>();
        var clients = new ArrayList<FakeClient>();
        for (int i = 0; i < 30; i++) {
            int number = i;
            var client = new FakeClient("client " + i).onAnswer(() -> order.add(number));
            clients.add(client);
            world.pass(Duration.ofMillis(1));
            client.ask(world.slice(i * 7 % 3), world.nowNanos);
            world.settle();
        }
        holder.giveBack(world.nowNanos);
        for (int served = 0; served < 30; served++) {
            world.settle();
            assertThat(order).hasSize(served + 1);
            clients.get(order.getLast()).giveBack(world.nowNanos);
        }
        for (int i = 0; i < order.size(); i++) assertThat(order.get(i)).isBetween(i - 3, i + 3);
    }

    @Test
    void a_slice_whose_client_has_been_served_does_not_take_connections_for_it_again() {
        var world = new PoolWorld(2, PoolWorld.max(2));
        var a = world.asks("a", 0);
        var b = world.asks("b", 1);
        world.settle();
        var oldest = world.asks("oldest", 1);
        world.pass(Duration.ofMillis(10));
        var middle = world.asks("middle", 0);
        world.pass(Duration.ofMillis(10));
        var youngest = world.asks("youngest", 1);
        world.settle();
        b.giveBack(world.nowNanos);
        world.settle();
        assertThat(oldest.leased).isPresent();
        a.giveBack(world.nowNanos);
        world.settle();
        assertThat(middle.leased).isPresent();
        assertThat(youngest.isWaiting()).isTrue();
    }

    @Test
    void siblings_help_a_slice_that_the_server_has_refused() {
        var world = new PoolWorld(2, PoolWorld.max(5));
        var first = world.asks("first", 0);
        world.settle();
        first.giveBack(world.nowNanos);
        var second = world.asks("second", 1);
        world.refuseAttempt(PoolWorld.TOO_MANY, false);
        world.tick();
        assertThat(second.leased).isPresent();
    }

    @Test
    void a_connection_that_was_idle_for_long_is_asked_before_it_moves() {
        var world = new PoolWorld(2, PoolWorld.max(1));
        var first = world.asks("first", 0);
        world.settle();
        first.giveBack(world.nowNanos);
        world.pass(Duration.ofSeconds(30));
        var second = world.asks("second", 1);
        world.settle();
        var connection = world.made.getFirst();
        assertThat(connection.checks).isEqualTo(1);
        world.slice(0).cleaned(connection, world.nowNanos);
        world.settle();
        assertThat(second.leased).contains(connection);
    }

    @Test
    void a_connection_that_was_lost_on_its_way_is_replaced() {
        var world = new PoolWorld(2, PoolWorld.max(1));
        var first = world.asks("first", 0);
        world.settle();
        var second = world.asks("second", 1);
        world.settle();
        first.giveBack(world.nowNanos);
        world.made.getFirst().socketOpen = false;
        world.settle();
        assertThat(world.made.getFirst().closed).contains(CloseReason.LOST);
        assertThat(second.leased).contains(world.made.get(1));
        assertThat(world.pool.open()).isEqualTo(1);
    }

    @Test
    void a_place_that_becomes_free_is_used_by_the_slice_that_needs_it() {
        var world = new PoolWorld(2, PoolWorld.max(1));
        var first = world.asks("first", 0);
        world.settle();
        var second = world.asks("second", 1);
        world.settle();
        world.slice(0).close(first.handOver(), CloseReason.LOST, world.nowNanos);
        world.settle();
        assertThat(second.leased).contains(world.made.get(1));
    }

    @Test
    void a_connection_on_its_way_when_the_pool_pauses_is_closed_on_arrival() {
        var world = new PoolWorld(2, PoolWorld.max(1));
        var first = world.asks("first", 0);
        world.settle();
        world.asks("second", 1);
        world.settle();
        first.giveBack(world.nowNanos);
        assertThat(world.made.getFirst().state()).isEqualTo(PooledConnection.State.MOVING);
        world.pause();
        world.runLoops();
        assertThat(world.open()).isZero();
    }
}
