package org.pgkeel.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.NodeAddress;

class ServerDeathsTest {
    private static final NodeAddress ONE = new NodeAddress("db1", 5432);
    private static final NodeAddress OTHER = new NodeAddress("db2", 5432);

    private final ServerDeaths deaths = new ServerDeaths();

    @Test
    void a_server_dies_once_however_many_connections_that_costs() {
        deaths.ofReplica(ONE, 10, 100);
        deaths.ofReplica(ONE, 20, 101);
        deaths.ofReplica(ONE, 100, 102);
        assertThat(deaths.count()).isEqualTo(1);
        deaths.ofReplica(ONE, 103, 110);
        assertThat(deaths.count()).isEqualTo(2);
    }

    @Test
    void a_primary_whose_connections_are_cut_lives_on() {
        for (int cut = 0; cut < 5; cut++) deaths.ofPrimary(7);
        assertThat(deaths.count()).isEqualTo(1);
        deaths.ofPrimary(8);
        deaths.ofPrimary(7);
        assertThat(deaths.count()).isEqualTo(2);
    }

    @Test
    void each_server_dies_by_itself() {
        deaths.ofReplica(ONE, 10, 100);
        deaths.ofReplica(OTHER, 10, 101);
        deaths.ofReplica(ONE, 20, 102);
        assertThat(deaths.count()).isEqualTo(2);
    }

    @Test
    void they_are_forgotten_with_the_unit() {
        deaths.ofReplica(ONE, 10, 100);
        deaths.forget();
        assertThat(deaths.count()).isZero();
        deaths.ofReplica(ONE, 20, 102);
        assertThat(deaths.count()).isEqualTo(1);
    }
}
