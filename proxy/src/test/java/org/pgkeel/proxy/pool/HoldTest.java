package org.pgkeel.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.hold.Hold;
import org.pgkeel.failover.hold.HoldReason;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.refusal.RefusalReason;

/// What a hold means for a pool. The world's gate: 60 s, 5 clients, 100 bytes, a drain of 2 at once; a client's request has 10 bytes.
class HoldTest {
    private final PoolWorld world = new PoolWorld(1, PoolWorld.max(10));

    private void become(Hold hold) {
        world.gate.become(hold, world.nowNanos);
        world.pool.holdChanged();
        world.settle();
    }

    private void holding() {
        become(new Hold.Holding(world.nowNanos, HoldReason.PRIMARY_LOST));
    }

    @AfterEach
    void the_books_add_up() {
        var ledger = world.gate.snapshot(world.nowNanos);
        assertThat(ledger.held()).isEqualTo(ledger.drained() + ledger.refused() + ledger.gone() + ledger.waiting());
        assertThat(ledger.waitingBytes()).isEqualTo(10L * ledger.waiting());
        var byHand = world.byHand.snapshot(world.nowNanos);
        assertThat(byHand.held()).isEqualTo(byHand.drained() + byHand.refused() + byHand.gone() + byHand.waiting());
    }

    @Test
    void whoever_asks_in_a_hold_waits_and_whoever_waited_before_is_held_too() {
        FakeClient before = world.asks("before", 0);
        become(new Hold.Holding(world.nowNanos, HoldReason.DOUBTED));
        FakeClient during = world.asks("during", 0);
        world.settle();
        assertThat(world.gate.snapshot(world.nowNanos).waiting()).isEqualTo(before.isWaiting() ? 2 : 1);
        assertThat(during.isWaiting()).isTrue();
        become(Hold.OPEN);
        assertThat(before.leased).isPresent();
        assertThat(during.leased).isPresent();
    }

    @Test
    void a_drain_lets_two_go_then_four() {
        holding();
        List<FakeClient> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) clients.add(world.asks("c" + i, 0));
        become(new Hold.Draining(1));
        assertThat(clients.stream().filter(client -> client.leased.isPresent())).hasSize(2);
        clients.get(0).giveBack(world.nowNanos);
        clients.get(1).giveBack(world.nowNanos);
        world.settle();
        assertThat(clients.stream().filter(client -> client.leased.isPresent())).containsExactlyElementsOf(clients.subList(2, 5));
        assertThat(world.gate.isOpen()).as("nobody waits any more").isTrue();
    }

    private List<FakeClient> drained(int count) {
        holding();
        List<FakeClient> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) clients.add(world.asks("c" + i, 0));
        become(new Hold.Draining(1));
        return clients;
    }

    @Test
    void who_keeps_a_lease_after_its_first_answer_holds_nobody_up() {
        List<FakeClient> clients = drained(5);
        for (FakeClient keeps : clients.subList(0, 2)) {
            FakeConnection connection = keeps.leased.orElseThrow();
            connection.slice.goesOn(connection);
            connection.slice.goesOn(connection);
        }
        world.settle();
        assertThat(clients).allMatch(client -> client.leased.isPresent());
        assertThat(world.gate.isOpen()).isTrue();
    }

    /// Whoever is asked meanwhile whether it still answers does.
    private void passes(Duration time) {
        world.pass(time);
        world.tick();
        for (var connection : List.copyOf(world.made)) if (connection.state() == PooledConnection.State.RESETTING) connection.slice.cleaned(connection, world.nowNanos);
        world.settle();
    }

    @Test
    void who_gets_no_answer_for_200_ms_holds_nobody_up() {
        List<FakeClient> clients = drained(5);
        passes(Duration.ofMillis(199));
        assertThat(clients.stream().filter(client -> client.leased.isPresent())).hasSize(2);
        passes(Duration.ofMillis(1));
        assertThat(clients).allMatch(client -> client.leased.isPresent());
    }

    @Test
    void who_is_lent_what_another_gives_back_has_a_permit_of_its_own() {
        holding();
        List<FakeClient> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) clients.add(world.asks("c" + i, 0));
        world.gate.become(new Hold.Draining(1), world.nowNanos);
        world.pool.holdChanged();
        world.runLoops();
        world.connect();
        clients.get(0).giveBack(world.nowNanos);
        FakeConnection connection = clients.get(1).leased.orElseThrow();
        connection.slice.goesOn(connection);
        for (int i = 0; i < 4; i++) assertThat(world.gate.enter()).as("none is out after a round of two: four may go").isEqualTo(LeaseGate.Entry.PERMITTED);
        assertThat(clients.subList(2, 5)).allMatch(FakeClient::isWaiting);
    }

    @Test
    void whoever_finds_no_connection_does_not_hasten_a_drain() {
        var two = new PoolWorld(2, PoolWorld.max(10));
        two.gate.become(new Hold.Holding(two.nowNanos, HoldReason.PRIMARY_LOST), two.nowNanos);
        List<FakeClient> clients = new ArrayList<>();
        for (int i = 0; i < 4; i++) clients.add(two.asks("c" + i, 0));
        two.gate.become(new Hold.Draining(1), two.nowNanos);
        two.pool.holdChanged();
        two.runLoops();
        for (int i = 0; i < 2; i++) two.asks("passing" + i, 1).leave(two.slice(1));
        two.settle();
        assertThat(clients.stream().filter(client -> client.leased.isPresent())).hasSize(2);
    }

    @Test
    void the_sixth_client_is_refused_and_the_others_wait_on() {
        holding();
        List<FakeClient> clients = new ArrayList<>();
        for (int i = 0; i < 6; i++) clients.add(world.asks("c" + i, 0));
        world.settle();
        assertThat(clients.get(5).refused).hasValueSatisfying(refusal -> assertThat(refusal.reason()).isEqualTo(RefusalReason.HOLD_QUEUE_FULL));
        assertThat(clients.subList(0, 5)).allMatch(FakeClient::isWaiting);
    }

    @Test
    void one_whose_request_is_too_much_is_refused_and_another_that_fits_waits() {
        holding();
        List<FakeClient> clients = new ArrayList<>();
        for (int bytes : new int[] {40, 40, 21, 20}) {
            var client = new FakeClient(bytes + " bytes").requestBytes(bytes);
            clients.add(client);
            client.ask(world.slice(0), world.nowNanos);
            world.settle();
        }
        assertThat(clients.get(2).refused).hasValueSatisfying(refusal -> {
            assertThat(refusal.reason()).isEqualTo(RefusalReason.HOLD_QUEUE_FULL);
            assertThat(refusal.message()).contains("requests of 100 bytes");
        });
        assertThat(world.gate.snapshot(world.nowNanos).waitingBytes()).isEqualTo(100);
        for (int waiting : new int[] {0, 1, 3}) clients.get(waiting).leave(world.slice(0));
    }

    @Test
    void what_is_sent_while_waiting_counts_too() {
        holding();
        FakeClient first = world.asks("first", 0);
        FakeClient second = world.asks("second", 0);
        for (int bytes : new int[] {90, 90, 91}) {
            assertThat(second.isWaiting()).isTrue();
            second.requestBytes(bytes);
            world.slice(0).hasSentMore(second);
            world.settle();
        }
        assertThat(second.refused).hasValueSatisfying(refusal -> assertThat(refusal.reason()).isEqualTo(RefusalReason.HOLD_QUEUE_FULL));
        assertThat(world.gate.snapshot(world.nowNanos).waitingBytes()).isEqualTo(10);
        assertThat(first.isWaiting()).isTrue();
    }

    @Test
    void a_wait_ends_after_the_holds_longest_and_not_after_the_pools() {
        holding();
        FakeClient client = world.asks("client", 0);
        world.nowNanos += 59_000_000_000L;
        world.slice(0).tick(world.nowNanos);
        assertThat(client.isWaiting()).isTrue();
        world.nowNanos += 1_000_000_000L;
        world.slice(0).tick(world.nowNanos);
        assertThat(client.refused).hasValueSatisfying(refusal -> assertThat(refusal.reason()).isEqualTo(RefusalReason.HOLD_TIMEOUT));
    }

    @Test
    void who_has_lost_a_lease_and_stands_ahead_makes_nobodys_wait_longer() {
        holding();
        FakeClient first = world.asks("first", 0);
        world.nowNanos += 30_000_000_000L;
        FakeClient ahead = new FakeClient("ahead").asksAgain(world.slice(0), world.nowNanos);
        world.nowNanos += 30_000_000_000L;
        world.slice(0).tick(world.nowNanos);
        assertThat(first.refused).hasValueSatisfying(refusal -> assertThat(refusal.reason()).isEqualTo(RefusalReason.HOLD_TIMEOUT));
        assertThat(ahead.isWaiting()).isTrue();
    }

    @Test
    void one_that_leaves_is_off_the_books() {
        holding();
        FakeClient client = world.asks("client", 0);
        client.leave(world.slice(0));
        assertThat(world.gate.snapshot(world.nowNanos).gone()).isEqualTo(1);
    }

    @Test
    void one_that_can_be_served_elsewhere_leaves_the_hold_and_the_others_keep_their_order() {
        holding();
        List<FakeClient> clients = new ArrayList<>();
        for (int i = 0; i < 4; i++) clients.add(world.asks("c" + i, 0));
        clients.get(0).hasAnotherPool();
        clients.get(2).hasAnotherPool();
        world.slice(0).tick(world.nowNanos);
        assertThat(clients.stream().filter(FakeClient::isWaiting)).containsExactly(clients.get(1), clients.get(3));
        assertThat(world.gate.snapshot(world.nowNanos).gone()).isEqualTo(2);
        become(new Hold.Draining(1));
        assertThat(clients.get(1).leased).isPresent();
        assertThat(clients.get(3).leased).isPresent();
    }

    @Test
    void one_that_waits_for_a_paused_replica_goes_on_to_wait_there() {
        SharedPool<FakeConnection> replica = world.pool.toReplica(new NodeAddress("replica", 5432));
        world.byHand.become(new Hold.Holding(world.nowNanos, HoldReason.BY_HAND), world.nowNanos);
        replica.pause(world.byHand);
        world.settle();
        FakeClient client = new FakeClient("client");
        client.ask(replica.slice(0), world.nowNanos);
        client.hasAnotherPool();
        replica.slice(0).tick(world.nowNanos);
        assertThat(client.isWaiting()).isTrue();
        assertThat(world.byHand.snapshot(world.nowNanos)).satisfies(books -> assertThat(List.of(books.held(), books.gone())).containsExactly(1L, 0L));
    }

    @Test
    void one_that_waits_for_a_connection_only_is_not_sent_elsewhere() {
        List<FakeClient> clients = new ArrayList<>();
        for (int i = 0; i < 11; i++) clients.add(world.asks("c" + i, 0));
        world.settle();
        clients.get(10).hasAnotherPool();
        world.slice(0).tick(world.nowNanos);
        assertThat(clients.get(10).isWaiting()).isTrue();
    }

    @Test
    void a_pause_holds_within_the_same_bounds_and_is_drained_at_the_same_pace() {
        world.pause();
        List<FakeClient> clients = new ArrayList<>();
        for (int i = 0; i < 6; i++) clients.add(world.asks("c" + i, 0));
        world.settle();
        assertThat(clients.get(5).refused).hasValueSatisfying(refusal -> {
            assertThat(refusal.reason()).isEqualTo(RefusalReason.HOLD_QUEUE_FULL);
            assertThat(refusal.message()).contains("database \"app\" to be resumed");
        });
        assertThat(world.byHand.snapshot(world.nowNanos)).satisfies(books -> {
            assertThat(books.state()).isEqualTo("holding");
            assertThat(books.reason()).isEqualTo("by_hand");
            assertThat(books.waiting()).isEqualTo(5);
        });
        world.resume();
        world.settle();
        assertThat(clients.stream().filter(client -> client.leased.isPresent())).containsExactlyElementsOf(clients.subList(0, 2));
        clients.get(0).giveBack(world.nowNanos);
        clients.get(1).giveBack(world.nowNanos);
        world.settle();
        assertThat(clients.stream().filter(client -> client.leased.isPresent())).containsExactlyElementsOf(clients.subList(2, 5));
        assertThat(world.byHand.isOpen()).isTrue();
        assertThat(world.pool.gate()).as("the cluster's hold is what counts again").isSameAs(world.gate);
        assertThat(world.gate.snapshot(world.nowNanos).held()).isZero();
    }

    @Test
    void the_wait_for_resume_ends_after_the_holds_longest() {
        world.pause();
        FakeClient client = world.asks("client", 0);
        world.nowNanos += 59_000_000_000L;
        world.slice(0).tick(world.nowNanos);
        assertThat(client.isWaiting()).isTrue();
        world.nowNanos += 1_000_000_000L;
        world.slice(0).tick(world.nowNanos);
        assertThat(client.refused).hasValueSatisfying(refusal -> {
            assertThat(refusal.reason()).isEqualTo(RefusalReason.HOLD_TIMEOUT);
            assertThat(refusal.message()).contains("database \"app\" is paused and was not resumed within 60000 ms");
        });
    }

    @Test
    void a_resume_while_there_is_no_primary_lets_nobody_through_until_there_is_one() {
        world.pause();
        FakeClient paused = world.asks("paused", 0);
        holding();
        world.resume();
        world.settle();
        FakeClient later = world.asks("later", 0);
        world.settle();
        assertThat(paused.isWaiting() && later.isWaiting()).isTrue();
        become(new Hold.Draining(1));
        assertThat(paused.leased).isPresent();
        assertThat(later.leased).isPresent();
        assertThat(world.byHand.isOpen()).isTrue();
        assertThat(world.gate.isOpen()).isTrue();
    }

    @Test
    void a_primary_that_is_lost_while_a_pause_is_drained_stops_the_drain() {
        world.pause();
        List<FakeClient> clients = new ArrayList<>();
        for (int i = 0; i < 4; i++) clients.add(world.asks("c" + i, 0));
        world.resume();
        world.settle();
        holding();
        clients.get(0).giveBack(world.nowNanos);
        clients.get(1).giveBack(world.nowNanos);
        world.settle();
        assertThat(clients.stream().filter(FakeClient::isWaiting)).hasSize(2);
        become(Hold.OPEN);
        assertThat(clients.stream().filter(FakeClient::isWaiting)).isEmpty();
        assertThat(world.byHand.isOpen()).isTrue();
    }
}
