package org.pgkeel.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.config.PoolConfig;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;

/// One slice alone.
class PoolSliceTest {
    @Test
    void the_first_client_has_a_connection_opened_and_gets_it() {
        var world = new PoolWorld(1, PoolWorld.max(2));
        var client = world.asks("a", 0);
        assertThat(client.isWaiting()).isTrue();
        world.settle();
        assertThat(client.leased).contains(world.made.getFirst());
        assertThat(world.pool.open()).isEqualTo(1);
    }

    @Test
    void clients_are_served_in_the_order_in_which_they_came() {
        var world = new PoolWorld(1, PoolWorld.max(1));
        var order = new ArrayList<String>();
        var clients = IntStream.range(0, 5).mapToObj(i -> new FakeClient("client " + i)).toList();
        for (var client : clients) client.onAnswer(() -> order.add(client.name)).ask(world.slice(0), world.nowNanos);
        world.settle();
        for (int i = 0; i < 4; i++) clients.get(i).giveBack(world.nowNanos);
        assertThat(order).containsExactly("client 0", "client 1", "client 2", "client 3", "client 4");
        assertThat(world.made).hasSize(1);
    }

    @Test
    void a_client_that_comes_while_others_wait_does_not_overtake_them() {
        var world = new PoolWorld(1, PoolWorld.max(1));
        var first = world.asks("first", 0);
        world.settle();
        var second = world.asks("second", 0);
        var third = new FakeClient("third");
        second.onAnswer(() -> third.ask(world.slice(0), world.nowNanos));
        first.giveBack(world.nowNanos);
        assertThat(second.leased).isPresent();
        assertThat(third.isWaiting()).isTrue();
    }

    @Test
    void the_connection_used_last_is_lent_first() {
        var world = new PoolWorld(1, PoolWorld.max(3));
        var clients = List.of(world.asks("a", 0), world.asks("b", 0), world.asks("c", 0));
        world.settle();
        var last = clients.get(1).leased.orElseThrow();
        clients.get(0).giveBack(world.nowNanos);
        clients.get(2).giveBack(world.nowNanos);
        clients.get(1).giveBack(world.nowNanos);
        assertThat(world.asks("d", 0).leased).contains(last);
    }

    @Test
    void no_more_connections_are_opened_than_the_limit_allows() {
        var world = new PoolWorld(1, PoolWorld.max(3));
        for (int i = 0; i < 10; i++) world.asks("client " + i, 0);
        world.settle();
        assertThat(world.made).hasSize(3);
        assertThat(world.slice(0).waitingCount()).isEqualTo(7);
    }

    @Test
    void no_more_connections_are_opened_than_clients_wait() {
        var world = new PoolWorld(1, PoolWorld.max(10));
        world.asks("a", 0);
        world.asks("b", 0);
        world.tick();
        assertThat(world.attempts).hasSize(2);
    }

    @Test
    void a_wait_ends_at_its_deadline_and_the_refusal_names_the_limit() {
        var world = new PoolWorld(1, PoolWorld.max(1));
        world.asks("holder", 0);
        world.settle();
        var client = world.asks("late", 0);
        world.pass(Duration.ofSeconds(30).minusNanos(1));
        world.tick();
        assertThat(client.refused).isEmpty();
        world.pass(Duration.ofNanos(1));
        world.tick();
        var refusal = client.refused.orElseThrow();
        assertThat(refusal.reason()).isEqualTo(RefusalReason.POOL_WAIT_TIMEOUT);
        assertThat(refusal.message()).contains("\"app\"", "\"alice\"", "30000 ms");
        assertThat(refusal.hint().orElseThrow()).contains("databases.app.pool.max-wait");
        assertThat(world.slice(0).waitingCount()).isZero();
    }

    @Test
    void a_client_that_left_the_queue_is_not_served() {
        var world = new PoolWorld(1, PoolWorld.max(1));
        var gone = world.asks("gone", 0);
        gone.leave(world.slice(0));
        world.settle();
        assertThat(gone.leased).isEmpty();
        assertThat(world.slice(0).idleCount()).isEqualTo(1);
    }

    @Test
    void a_server_that_refuses_for_good_refuses_everybody_who_waits() {
        var world = new PoolWorld(1, PoolWorld.max(2));
        var clients = List.of(world.asks("a", 0), world.asks("b", 0), world.asks("c", 0));
        var why = Refusal.of(RefusalReason.UNKNOWN_DATABASE, "database \"app\" does not exist");
        world.refuseAttempt(why, true);
        assertThat(clients).allMatch(client -> client.refused.equals(Optional.of(why)));
        world.refuseAttempt(why, true);
        assertThat(world.pool.open()).isZero();
    }

    @Test
    void after_a_failed_attempt_the_next_one_comes_when_the_pause_is_over() {
        var world = new PoolWorld(1, PoolWorld.max(2));
        var client = world.asks("a", 0);
        world.refuseAttempt(PoolWorld.TOO_MANY, false);
        world.tick();
        world.asks("b", 0);
        assertThat(world.attempts).isEmpty();
        world.pass(Duration.ofSeconds(1));
        world.tick();
        assertThat(world.attempts).as("one attempt only, until one has succeeded").hasSize(1);
        world.settle();
        world.tick();
        world.settle();
        assertThat(client.leased).isPresent();
        assertThat(world.made).hasSize(2);
    }

    @Test
    void the_reason_of_the_last_failure_is_the_detail_of_the_refusal() {
        var world = new PoolWorld(1, PoolWorld.max(2));
        var client = world.asks("a", 0);
        world.refuseAttempt(PoolWorld.TOO_MANY, false);
        world.pass(Duration.ofSeconds(30));
        world.tick();
        assertThat(client.refused.orElseThrow().detail()).contains(PoolWorld.TOO_MANY.message());
        assertThat(world.slice(0).lastFailure()).contains(PoolWorld.TOO_MANY);
    }

    @Test
    void the_reserve_is_opened_for_a_client_that_has_waited_and_not_before() {
        var world = new PoolWorld(1, new PoolConfig(PoolMode.TRANSACTION, 1, 0, 1, Duration.ofSeconds(5), Duration.ofSeconds(30)));
        world.asks("a", 0);
        world.settle();
        var waiting = world.asks("b", 0);
        world.asks("c", 0);
        world.pass(Duration.ofMillis(4999));
        world.tick();
        assertThat(world.attempts).isEmpty();
        world.pass(Duration.ofMillis(1));
        world.tick();
        world.settle();
        world.tick();
        assertThat(waiting.leased).isPresent();
        assertThat(world.made).hasSize(2);
        assertThat(world.attempts).as("the reserve is one").isEmpty();
    }

    @Test
    void the_reserve_keeps_to_the_pause_after_a_failed_attempt() {
        var world = new PoolWorld(1, new PoolConfig(PoolMode.TRANSACTION, 1, 0, 1, Duration.ofMillis(100), Duration.ofSeconds(30)));
        world.asks("a", 0);
        world.pass(Duration.ofMillis(200));
        world.refuseAttempt(PoolWorld.TOO_MANY, false);
        world.tick();
        assertThat(world.attempts).isEmpty();
    }

    @Test
    void the_minimum_is_kept_open() {
        var world = new PoolWorld(1, new PoolConfig(PoolMode.TRANSACTION, 5, 3, 0, Duration.ofSeconds(5), Duration.ofSeconds(30)));
        world.tick();
        world.settle();
        assertThat(world.slice(0).idleCount()).isEqualTo(3);
        world.slice(0).close(world.made.getFirst(), CloseReason.LOST, world.nowNanos);
        world.tick();
        world.settle();
        assertThat(world.open()).isEqualTo(3);
    }

    @Test
    void the_minimum_of_a_vacated_pool_is_opened_again_when_the_time_is_over() {
        var world = new PoolWorld(1, new PoolConfig(PoolMode.TRANSACTION, 5, 3, 0, Duration.ofSeconds(5), Duration.ofSeconds(30)));
        world.tick();
        world.settle();
        world.pool.vacate(world.nowNanos + Duration.ofSeconds(10).toNanos());
        world.settle();
        world.pass(Duration.ofMillis(9_900));
        world.tick();
        world.settle();
        assertThat(world.open()).isZero();
        world.pass(Duration.ofMillis(100));
        world.tick();
        world.settle();
        assertThat(world.open()).isEqualTo(3);
    }

    @Test
    void a_client_of_a_vacated_pool_is_served() {
        var world = new PoolWorld(1, new PoolConfig(PoolMode.TRANSACTION, 5, 3, 0, Duration.ofSeconds(5), Duration.ofSeconds(30)));
        world.pool.vacate(world.nowNanos + Duration.ofSeconds(10).toNanos());
        var client = world.asks("a", 0);
        world.settle();
        assertThat(client.leased).isPresent();
        assertThat(world.open()).isEqualTo(1);
    }

    @Test
    void unused_connections_are_closed_down_to_the_minimum() {
        var world = new PoolWorld(1, new PoolConfig(PoolMode.TRANSACTION, 5, 2, 0, Duration.ofSeconds(5), Duration.ofSeconds(30)));
        var clients = IntStream.range(0, 5).mapToObj(i -> world.asks("client " + i, 0)).toList();
        world.settle();
        for (var client : clients) {
            client.giveBack(world.nowNanos);
            world.pass(Duration.ofSeconds(1));
        }
        world.pass(Duration.ofMinutes(10).minusSeconds(5));
        world.tick();
        assertThat(world.made.getFirst().closed).contains(CloseReason.IDLE);
        assertThat(world.open()).isEqualTo(4);
        world.pass(Duration.ofMinutes(10));
        world.tick();
        assertThat(world.open()).isEqualTo(2);
        assertThat(world.made.getLast().closed).isEmpty();
    }

    @Test
    void a_connection_past_its_lifetime_is_closed_when_it_is_idle_or_comes_back() {
        var world = new PoolWorld(1, PoolWorld.max(2));
        world.lifetimeNanos = Duration.ofMinutes(1).toNanos();
        var busy = world.asks("busy", 0);
        var other = world.asks("other", 0);
        world.settle();
        other.giveBack(world.nowNanos);
        world.pass(Duration.ofMinutes(1));
        world.tick();
        assertThat(world.made.get(1).closed).contains(CloseReason.LIFETIME);
        assertThat(busy.leased.orElseThrow().closed).isEmpty();
        busy.giveBack(world.nowNanos);
        assertThat(world.made.get(0).closed).contains(CloseReason.LIFETIME);
        assertThat(world.pool.open()).isZero();
    }

    /// Both for 30 s.
    private static PoolWorld withTwoIdle() {
        var world = new PoolWorld(1, PoolWorld.max(5));
        var a = world.asks("a", 0);
        var b = world.asks("b", 0);
        world.settle();
        a.giveBack(world.nowNanos);
        b.giveBack(world.nowNanos);
        world.pass(Duration.ofSeconds(30));
        return world;
    }

    @Test
    void a_connection_that_was_idle_for_long_is_asked_before_it_is_lent() {
        var world = withTwoIdle();
        var client = world.asks("c", 0);
        var asked = world.made.get(1);
        assertThat(client.isWaiting()).isTrue();
        assertThat(asked.checks).isEqualTo(1);
        assertThat(world.made.get(0).checks).as("one client has one connection asked").isZero();
        assertThat(world.attempts).as("and none opened").isEmpty();
        world.slice(0).cleaned(asked, world.nowNanos);
        assertThat(client.leased).contains(asked);
    }

    @Test
    void when_a_check_fails_the_next_connection_is_asked_and_then_one_is_opened() {
        var world = withTwoIdle();
        var client = world.asks("c", 0);
        world.slice(0).close(world.made.get(1), CloseReason.CHECK_FAILED, world.nowNanos);
        assertThat(world.made.get(0).checks).isEqualTo(1);
        world.slice(0).close(world.made.get(0), CloseReason.CHECK_FAILED, world.nowNanos);
        assertThat(world.attempts).hasSize(1);
        world.settle();
        assertThat(client.leased).contains(world.made.get(2));
    }

    @Test
    void a_check_that_nobody_answers_ends() {
        var world = new PoolWorld(1, PoolWorld.max(1));
        world.asks("a", 0);
        world.settle();
        world.slice(0).releaseUnclean(world.made.getFirst(), world.nowNanos);
        world.pass(Duration.ofSeconds(5));
        world.tick();
        assertThat(world.made.getFirst().closed).contains(CloseReason.CHECK_FAILED);
    }

    @Test
    void a_connection_that_comes_back_unclean_is_lent_when_it_is_clean() {
        var world = new PoolWorld(1, PoolWorld.max(1));
        var first = world.asks("a", 0);
        world.settle();
        var second = world.asks("b", 0);
        var connection = first.handOver();
        world.slice(0).releaseUnclean(connection, world.nowNanos);
        assertThat(second.isWaiting()).isTrue();
        world.slice(0).cleaned(connection, world.nowNanos);
        assertThat(second.leased).contains(connection);
    }

    @Test
    void a_connection_that_closes_while_leased_makes_room_for_another() {
        var world = new PoolWorld(1, PoolWorld.max(1));
        var first = world.asks("a", 0);
        world.settle();
        var second = world.asks("b", 0);
        var lost = first.handOver();
        world.slice(0).close(lost, CloseReason.LOST, world.nowNanos);
        world.slice(0).close(lost, CloseReason.LOST, world.nowNanos);
        world.settle();
        assertThat(second.leased).contains(world.made.get(1));
        assertThat(world.pool.open()).isEqualTo(1);
    }

    @Test
    void a_paused_pool_closes_what_is_idle_and_lends_nothing_until_it_goes_on() {
        var world = new PoolWorld(1, PoolWorld.max(2));
        var busy = world.asks("busy", 0);
        var other = world.asks("other", 0);
        world.settle();
        other.giveBack(world.nowNanos);
        world.pause();
        world.runLoops();
        assertThat(world.open()).isEqualTo(1);
        var waiting = world.asks("waiting", 0);
        busy.giveBack(world.nowNanos);
        world.tick();
        assertThat(world.open()).isZero();
        assertThat(world.attempts).isEmpty();
        assertThat(waiting.isWaiting()).isTrue();
        world.resume();
        world.settle();
        assertThat(waiting.leased).isPresent();
    }

    @Test
    void recycled_connections_are_closed_now_or_when_they_come_back() {
        var world = new PoolWorld(1, PoolWorld.max(2));
        var busy = world.asks("busy", 0);
        var other = world.asks("other", 0);
        world.settle();
        other.giveBack(world.nowNanos);
        int before = world.pool.epoch();
        world.pool.recycle();
        world.runLoops();
        assertThat(world.pool.epoch()).isEqualTo(before + 1);
        assertThat(world.open()).isEqualTo(1);
        busy.giveBack(world.nowNanos);
        assertThat(world.open()).isZero();
    }

    @Test
    void a_lower_limit_closes_what_is_too_much() {
        var world = new PoolWorld(1, PoolWorld.max(4));
        var clients = IntStream.range(0, 4).mapToObj(i -> world.asks("client " + i, 0)).toList();
        world.settle();
        clients.get(0).giveBack(world.nowNanos);
        world.pool.settings(new PoolSettings(PoolWorld.max(2), PoolWorld.timeouts()));
        world.tick();
        assertThat(world.open()).isEqualTo(3);
        clients.get(1).giveBack(world.nowNanos);
        assertThat(world.made.get(1).closed).contains(CloseReason.TOO_MANY);
        clients.get(2).giveBack(world.nowNanos);
        assertThat(world.open()).isEqualTo(2);
    }

    @Test
    void an_idle_pool_makes_way_for_another_one_under_their_common_limit() {
        var common = new BackendBudget(1);
        var rich = new PoolWorld(1, PoolWorld.max(5), PoolWorld.timeouts(), List.of(common));
        var poor = new PoolWorld(1, PoolWorld.max(5), PoolWorld.timeouts(), List.of(common));
        var client = rich.asks("rich", 0);
        rich.settle();
        var waiting = poor.asks("poor", 0);
        rich.runLoops();
        assertThat(rich.open()).as("it is in use").isEqualTo(1);
        client.giveBack(rich.nowNanos);
        poor.pass(Duration.ofMillis(100));
        poor.tick();
        rich.runLoops();
        assertThat(rich.made.getFirst().closed).contains(CloseReason.YIELDED);
        poor.tick();
        poor.settle();
        assertThat(waiting.leased).isPresent();
        assertThat(common.open()).isEqualTo(1);
    }
}
