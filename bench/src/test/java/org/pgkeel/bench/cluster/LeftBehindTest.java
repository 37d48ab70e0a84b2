package org.pgkeel.bench.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.cluster.ClusterState.Said;

class LeftBehindTest {
    private static final Said REPLICA = new Said.Replica();
    private static final Said NOTHING = new Said.Nothing("starting up");

    private final LeftBehind leftBehind = new LeftBehind(Duration.ofSeconds(20));

    private List<String> next(int second, Said n1, Said n2, Said n3) {
        return leftBehind.next(Map.of("n1", n1, "n2", n2, "n3", n3), Duration.ofSeconds(second).toNanos());
    }

    private static Said primary(long timeline, String... streaming) {
        return new Said.Primary(timeline, List.of(streaming), 0);
    }

    @Test
    void a_replica_that_does_not_stream_for_so_long_is_named_and_again_after_as_long() {
        assertThat(next(0, primary(5, "n2"), REPLICA, REPLICA)).isEmpty();
        assertThat(next(19, primary(5, "n2"), REPLICA, REPLICA)).isEmpty();
        assertThat(next(20, primary(5, "n2"), REPLICA, REPLICA)).containsExactly("n3");
        assertThat(next(21, primary(5, "n2"), REPLICA, REPLICA)).isEmpty();
        assertThat(next(40, primary(5, "n2"), REPLICA, REPLICA)).isEmpty();
        assertThat(next(41, primary(5, "n2"), REPLICA, REPLICA)).containsExactly("n3");
    }

    @Test
    void each_replica_has_its_own_time() {
        next(0, primary(5, "n2"), REPLICA, REPLICA);
        next(10, primary(5), REPLICA, REPLICA);
        assertThat(next(20, primary(5), REPLICA, REPLICA)).containsExactly("n3");
        assertThat(next(30, primary(5), REPLICA, REPLICA)).containsExactly("n2");
    }

    @Test
    void one_that_streams_meanwhile_or_starts_has_all_its_time_again() {
        next(0, primary(5), REPLICA, REPLICA);
        next(10, primary(5, "n2"), REPLICA, NOTHING);
        next(11, primary(5), REPLICA, REPLICA);
        assertThat(next(30, primary(5), REPLICA, REPLICA)).isEmpty();
        assertThat(next(31, primary(5), REPLICA, REPLICA)).containsExactlyInAnyOrder("n2", "n3");
    }

    @Test
    void a_new_primary_gives_everybody_all_the_time_again() {
        next(0, primary(5), REPLICA, REPLICA);
        next(15, REPLICA, primary(6), REPLICA);
        assertThat(next(20, REPLICA, primary(6), REPLICA)).isEmpty();
        next(21, REPLICA, primary(7), REPLICA);
        assertThat(next(40, REPLICA, primary(7), REPLICA)).isEmpty();
        assertThat(next(41, REPLICA, primary(7), REPLICA)).containsExactlyInAnyOrder("n1", "n3");
    }

    @Test
    void without_a_primary_or_with_two_nobody_is_left_behind() {
        next(0, primary(5), REPLICA, REPLICA);
        assertThat(next(25, NOTHING, REPLICA, REPLICA)).isEmpty();
        assertThat(next(26, primary(5), REPLICA, REPLICA)).isEmpty();
        assertThat(next(50, primary(5), primary(6), REPLICA)).isEmpty();
        assertThat(next(51, primary(5), REPLICA, REPLICA)).isEmpty();
    }

    @Test
    void a_node_that_is_not_up_has_three_times_as_long() {
        next(0, primary(5, "n3"), NOTHING, REPLICA);
        assertThat(next(59, primary(5, "n3"), NOTHING, REPLICA)).isEmpty();
        assertThat(next(60, primary(5, "n3"), NOTHING, REPLICA)).containsExactly("n2");
        assertThat(next(61, primary(5, "n3"), NOTHING, REPLICA)).isEmpty();
    }

    @Test
    void one_that_comes_up_has_all_its_time_again() {
        next(0, primary(5, "n3"), NOTHING, REPLICA);
        next(50, primary(5, "n3"), REPLICA, REPLICA);
        assertThat(next(69, primary(5, "n3"), REPLICA, REPLICA)).isEmpty();
        assertThat(next(70, primary(5, "n3"), REPLICA, REPLICA)).containsExactly("n2");
    }
}
