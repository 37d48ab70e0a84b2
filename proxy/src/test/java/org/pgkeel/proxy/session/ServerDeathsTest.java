package org.pgkeel.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.relay.ServerDeath;

class ServerDeathsTest {
    private static final NodeAddress ONE = new NodeAddress("db1", 5432);
    private static final NodeAddress OTHER = new NodeAddress("db2", 5432);

    private static final int ONCE = ServerDeath.SILENT.weight();

    private final ServerDeaths deaths = new ServerDeaths();

    @Test
    void a_server_dies_once_however_many_connections_that_costs() {
        deaths.ofReplica(ServerDeath.SILENT, ONE, 10, 100);
        deaths.ofReplica(ServerDeath.SILENT, ONE, 20, 101);
        deaths.ofReplica(ServerDeath.SILENT, ONE, 100, 102);
        assertThat(deaths.weight()).isEqualTo(ONCE);
        deaths.ofReplica(ServerDeath.SILENT, ONE, 103, 110);
        assertThat(deaths.weight()).isEqualTo(2 * ONCE);
    }

    @Test
    void a_primary_whose_connections_are_cut_lives_on() {
        for (int cut = 0; cut < 5; cut++) deaths.ofPrimary(ServerDeath.SILENT, 7);
        assertThat(deaths.weight()).isEqualTo(ONCE);
        deaths.ofPrimary(ServerDeath.SILENT, 8);
        deaths.ofPrimary(ServerDeath.SILENT, 7);
        assertThat(deaths.weight()).isEqualTo(2 * ONCE);
    }

    @Test
    void three_silent_deaths_are_too_much_and_nine_that_were_announced() {
        for (int reign = 1; reign <= 2; reign++) deaths.ofPrimary(ServerDeath.SILENT, reign);
        assertThat(ServerDeath.isGivenUp(deaths.weight())).isFalse();
        deaths.ofPrimary(ServerDeath.SILENT, 3);
        assertThat(ServerDeath.isGivenUp(deaths.weight())).isTrue();
        deaths.forget();
        for (int reign = 1; reign <= 8; reign++) deaths.ofPrimary(ServerDeath.ANNOUNCED, reign);
        assertThat(ServerDeath.isGivenUp(deaths.weight())).isFalse();
        deaths.ofPrimary(ServerDeath.ANNOUNCED, 8);
        assertThat(ServerDeath.isGivenUp(deaths.weight())).isFalse();
        deaths.ofPrimary(ServerDeath.ANNOUNCED, 9);
        assertThat(ServerDeath.isGivenUp(deaths.weight())).isTrue();
    }

    @Test
    void a_server_that_was_told_to_stop_has_not_died_and_may_die_yet() {
        for (int stop = 1; stop < 50; stop++) deaths.ofPrimary(ServerDeath.NONE, stop);
        deaths.ofReplica(ServerDeath.NONE, ONE, 10, 100);
        assertThat(deaths.weight()).isZero();
        deaths.ofPrimary(ServerDeath.SILENT, 1);
        deaths.ofReplica(ServerDeath.ANNOUNCED, ONE, 10, 100);
        assertThat(deaths.weight()).isEqualTo(4);
    }

    @Test
    void each_server_dies_by_itself() {
        deaths.ofReplica(ServerDeath.SILENT, ONE, 10, 100);
        deaths.ofReplica(ServerDeath.SILENT, OTHER, 10, 101);
        deaths.ofReplica(ServerDeath.SILENT, ONE, 20, 102);
        assertThat(deaths.weight()).isEqualTo(2 * ONCE);
    }

    @Test
    void they_are_forgotten_with_the_unit() {
        deaths.ofReplica(ServerDeath.SILENT, ONE, 10, 100);
        deaths.forget();
        assertThat(deaths.weight()).isZero();
        deaths.ofReplica(ServerDeath.SILENT, ONE, 20, 102);
        assertThat(deaths.weight()).isEqualTo(ONCE);
    }
}
