package org.pgkeel.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.fault.Faults;
import org.pgkeel.bench.verdict.Rules.Connections;

class DisturbanceTest {
    @Test
    void a_seed_draws_the_same_faults_again() {
        assertThat(draw(42)).isEqualTo(draw(42)).isNotEqualTo(draw(43));
    }

    @Test
    void single_faults_and_pairs_are_drawn_and_their_names_lead_back_to_them() {
        assertThat(draw(42)).anyMatch(d -> d.faults().size() == 1).anyMatch(d -> d.faults().size() == 2).allMatch(d -> Disturbance.named(d.name()).equals(d));
    }

    @Test
    void unknown_names_are_refused() {
        assertThatThrownBy(() -> Disturbance.named("switchover+sunshine")).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("sunshine");
    }

    @Test
    void only_a_full_disk_excuses_an_error_and_only_a_killed_proxy_a_lost_connection() {
        assertThat(Faults.all().stream().map(f -> Disturbance.named(f.name())).filter(d -> !d.errors().isEmpty()).map(Disturbance::name)).containsExactly("disk-full", "disk-full-wal");
        assertThat(Faults.all().stream().map(f -> Disturbance.named(f.name())).filter(d -> d.connections() == Connections.MAY_END).map(Disturbance::name)).containsExactly("pgkeel-killed");
    }

    @Test
    void planned_is_one_switchover_and_nothing_else() {
        assertThat(Stream.of("switchover", "switchover-scheduled", "node-killed", "switchover+node-killed", "nothing").filter(name -> Disturbance.named(name).planned()))
                .containsExactly("switchover", "switchover-scheduled");
    }

    private static List<Disturbance> draw(long seed) {
        var random = new SplittableRandom(seed);
        return Stream.generate(() -> Disturbance.random(Faults.all(), random)).limit(50).toList();
    }
}
