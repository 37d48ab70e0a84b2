package org.pgkeel.failover.watch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.failover.topology.Primary;
import org.pgkeel.failover.watch.Strays.Checkpoint;

class StraysTest {
    private static final Primary FIRST = primary("a", 2);
    private static final Primary SECOND = primary("b", 2);
    private static final NodeAddress REPLICA = address("c");
    private static final Checkpoint ITS_OWN = new Checkpoint(2, new Lsn(1000), 50);

    private final Strays strays = new Strays(Strays.Known.NOTHING);

    private static Primary primary(String name, int timeline) {
        return new Primary(name, address(name), timeline, new Lifetime("start of " + name, "reset"));
    }

    private static NodeAddress address(String name) {
        return new NodeAddress(name, 5432);
    }

    @Test
    void who_was_on_the_number_when_another_server_began_it_anew_is_a_stray() {
        strays.replicaSaid(REPLICA, ITS_OWN);

        assertThat(strays.begins(FIRST, SECOND)).isTrue();

        assertThat(strays.has(FIRST.address())).isTrue();
        assertThat(strays.has(REPLICA)).isTrue();
        assertThat(strays.has(SECOND.address())).isFalse();
        strays.replicaSaid(address("d"), ITS_OWN);
        assertThat(strays.has(address("d"))).isFalse();
    }

    @Test
    void it_is_one_until_it_has_come_to_a_checkpoint_of_the_primary() {
        strays.begins(FIRST, SECOND);
        strays.primarySaid(SECOND, new Checkpoint(2, new Lsn(1000), 60));

        strays.replicaSaid(FIRST.address(), ITS_OWN);
        assertThat(strays.has(FIRST.address())).as("the same position, at another time").isTrue();
        strays.replicaSaid(FIRST.address(), new Checkpoint(2, new Lsn(1000), 60));
        assertThat(strays.has(FIRST.address())).isFalse();
    }

    /// Right after its promotion the primary's control file names one of the timeline before: both have it.
    @Test
    void a_checkpoint_of_the_timeline_before_proves_nothing() {
        strays.begins(FIRST, SECOND);
        var common = new Checkpoint(1, new Lsn(900), 40);
        strays.primarySaid(SECOND, common);
        strays.replicaSaid(FIRST.address(), common);
        assertThat(strays.has(FIRST.address())).isTrue();
    }

    @Test
    void a_checkpoint_of_the_primary_before_proves_nothing() {
        strays.primarySaid(FIRST, ITS_OWN);
        strays.begins(FIRST, SECOND);
        strays.replicaSaid(FIRST.address(), ITS_OWN);
        assertThat(strays.has(FIRST.address())).isTrue();
    }

    @Test
    void another_number_ends_it_and_so_does_leading() {
        strays.begins(FIRST, SECOND);
        assertThat(strays.begins(SECOND, FIRST)).isTrue();
        assertThat(strays.has(FIRST.address())).isFalse();
        assertThat(strays.has(SECOND.address())).isTrue();
        assertThat(strays.begins(FIRST, primary("b", 3))).isFalse();
        assertThat(strays.has(SECOND.address())).isFalse();
    }

    @Test
    void a_server_that_was_started_again_or_has_moved_goes_on_with_its_own_timeline() {
        strays.replicaSaid(REPLICA, ITS_OWN);
        var restarted = new Primary("a", FIRST.address(), 2, new Lifetime("a later start", "reset"));
        assertThat(strays.begins(FIRST, restarted)).isFalse();
        var movedAndRestarted = new Primary("a", address("elsewhere"), 2, new Lifetime("a start later still", "reset"));
        assertThat(strays.begins(restarted, movedAndRestarted)).isFalse();
        var underAnotherName = new Primary("z", address("z"), 2, movedAndRestarted.lifetime());
        assertThat(strays.begins(movedAndRestarted, underAnotherName)).isFalse();
        assertThat(strays.has(REPLICA)).isFalse();
    }
}
