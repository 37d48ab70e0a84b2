package org.pgkeel.proxy.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/// Names of databases and users come from clients: they are known only as long as they matter.
class BudgetsByNameTest {
    private final BudgetsByName budgets = new BudgetsByName();

    @Test
    void a_name_is_forgotten_when_its_pool_has_stopped_and_its_last_connection_is_closed() {
        var world = new PoolWorld(1, PoolWorld.max(1), PoolWorld.timeouts(), List.of(budgets.of("app", 5)));
        FakeClient client = world.asks("client", 0);
        world.settle();
        world.pool.stop();
        world.settle();
        budgets.forgetUnused();
        assertThat(budgets.open("app")).as("lent still").isEqualTo(1);
        client.giveBack(world.nowNanos);
        world.settle();
        budgets.forgetUnused();
        assertThat(budgets.size()).isZero();
    }

    @Test
    void a_name_is_forgotten_when_a_connection_that_was_being_opened_is_there_and_closed() {
        var world = new PoolWorld(1, PoolWorld.max(1), PoolWorld.timeouts(), List.of(budgets.of("app", 5)));
        world.asks("client", 0).leave(world.slice(0));
        world.pool.stop();
        budgets.forgetUnused();
        assertThat(budgets.size()).isEqualTo(1);
        world.settle();
        budgets.forgetUnused();
        assertThat(budgets.size()).isZero();
    }

    @Test
    void a_name_that_a_pool_has_is_kept_with_its_limit() {
        var world = new PoolWorld(1, PoolWorld.max(1), PoolWorld.timeouts(), List.of(budgets.of("app", 5)));
        budgets.forgetUnused();
        assertThat(budgets.of("app", 7).max()).isEqualTo(5);
        world.pool.retire();
        budgets.forgetUnused();
        assertThat(budgets.of("app", 7).max()).isEqualTo(7);
    }
}
