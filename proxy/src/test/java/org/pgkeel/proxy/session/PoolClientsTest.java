package org.pgkeel.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/// Anybody may send a statement that wants nobody in a database: who is in does not notice, and a pool without clients is vacated now and then at most.
class PoolClientsTest {
    private long nowNanos = Long.MAX_VALUE - 1;
    private final PoolClients clients = new PoolClients(nowNanos);

    private void pass(Duration time) {
        nowNanos += time.toNanos();
    }

    @Test
    void a_pool_that_a_client_is_in_is_not_vacated() {
        clients.enter();
        clients.enter();

        assertThat(clients.wantedOut(nowNanos)).isFalse();
        assertThat(clients.leave(nowNanos)).isFalse();
    }

    @Test
    void a_pool_that_nobody_is_in_is_vacated_once_in_the_time_that_the_server_waits() {
        assertThat(clients.wantedOut(nowNanos)).isTrue();
        pass(Duration.ofMillis(4_900));
        assertThat(clients.wantedOut(nowNanos)).isFalse();
        pass(Duration.ofMillis(100));
        assertThat(clients.wantedOut(nowNanos)).isTrue();
    }

    @Test
    void the_last_client_that_leaves_while_the_server_waits_leaves_it_vacated() {
        clients.enter();
        clients.wantedOut(nowNanos);
        pass(Duration.ofMillis(4_900));
        clients.wantedOut(nowNanos);
        pass(Duration.ofMillis(4_900));

        assertThat(clients.leave(nowNanos)).isTrue();
    }

    @Test
    void who_leaves_later_or_without_such_a_statement_leaves_connections_behind() {
        clients.enter();
        assertThat(clients.leave(nowNanos)).isFalse();

        clients.wantedOut(nowNanos);
        clients.enter();
        pass(Duration.ofSeconds(10));
        assertThat(clients.leave(nowNanos)).isFalse();
    }

    @Test
    void a_retired_pool_lets_nobody_in_and_is_retired_only_empty() {
        clients.enter();
        assertThat(clients.retire()).isFalse();
        clients.leave(nowNanos);

        assertThat(clients.retire()).isTrue();
        assertThat(clients.isRetired()).isTrue();
        assertThat(clients.enter()).isFalse();
        assertThat(clients.wantedOut(nowNanos)).isFalse();
    }
}
