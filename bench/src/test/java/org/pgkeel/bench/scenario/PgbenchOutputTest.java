package org.pgkeel.bench.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.accounting.CpuTime;

class PgbenchOutputTest {
    @Test
    void a_progress_line_tells_the_rate() {
        assertThat(Progress.parse("progress: 2.0 s, 13120.5 tps, lat 1.218 ms stddev 0.341, 3 failed")).hasValue(new Progress(2.0, 13120.5, 3));
        assertThat(Progress.parse("progress: 1.0 s, 0.0 tps, lat -nan ms stddev -nan, 0 failed")).hasValue(new Progress(1.0, 0, 0));
    }

    @Test
    void a_progress_line_of_older_versions_counts_no_failures() {
        assertThat(Progress.parse("progress: 5.0 s, 900.0 tps, lat 1.2 ms stddev 0.3")).hasValue(new Progress(5.0, 900, 0));
    }

    @Test
    void anything_else_is_no_progress() {
        assertThat(Progress.parse("pgbench (15.20 (Debian 15.20-0+deb12u1))")).isEmpty();
        assertThat(Progress.parse("tps = 12921.408696 (without initial connection time)")).isEmpty();
    }

    @Test
    void latencies_outside_the_window_are_left_out() {
        Stream<String> lines = Stream.of("0 1 100 0 1700000000 000500", "1 1 200 0 1700000001 000000", "0 2 300 0 1700000002 000000", "1 2 400 0 1700000003 000001");

        assertThat(TransactionLog.latencies(lines, 1_700_000_001_000_000L, 1_700_000_003_000_000L)).containsExactly(200, 300);
    }

    @Test
    void failed_and_cut_off_lines_have_no_latency() {
        Stream<String> lines = Stream.of("0 1 failed 0 1700000000 5", "0 1 12", "0 2 300 0 1700000000 6");

        assertThat(TransactionLog.latencies(lines, 0, Long.MAX_VALUE)).containsExactly(300);
    }

    @Test
    void the_window_opens_at_the_first_line_and_closes_when_the_time_is_over() {
        var window = new Window(Duration.ofSeconds(2));
        window.add(new Progress(1, 50, 0), at(1.0, 1_000));
        window.add(new Progress(2, 100, 0), at(2.0, 2_000));
        assertThat(window.isOver()).isFalse();
        window.add(new Progress(3, 300, 2), at(3.0, 5_000));

        assertThat(window.isOver()).isTrue();
        assertThat(window.transactions()).isCloseTo(400, within(1e-6));
        assertThat(window.perSecond()).isCloseTo(200, within(1e-6));
        assertThat(window.failed()).isEqualTo(2);
        assertThat(window.last().proxy().minus(window.first().proxy()).userMicros()).isEqualTo(4_000);
    }

    @Test
    void a_run_of_one_line_has_nothing_to_measure() {
        var window = new Window(Duration.ofSeconds(2));
        window.add(new Progress(1, 50, 0), at(1.0, 0));

        assertThat(window.hasTransactions()).isFalse();
    }

    @Test
    void each_round_begins_with_another_target() {
        List<String> targets = List.of("direct", "pgbouncer", "pgkeel");

        assertThat(Comparison.rotated(targets, 1)).containsExactly("pgbouncer", "pgkeel", "direct");
        assertThat(Comparison.rotated(targets, 2)).containsExactly("pgkeel", "direct", "pgbouncer");
        assertThat(Comparison.rotated(targets, 3)).containsExactlyElementsOf(targets);
    }

    @Test
    void quick_runs_only_workloads_that_exist() {
        assertThat(Workload.all()).extracting(Workload::name).doesNotHaveDuplicates().containsAll(Workload.quick());
    }

    private static Window.Moment at(double seconds, double proxyMicros) {
        return new Window.Moment((long) (seconds * 1e9), (long) (seconds * 1e6), new CpuTime(proxyMicros, 0), CpuTime.ZERO, CpuTime.ZERO);
    }
}
