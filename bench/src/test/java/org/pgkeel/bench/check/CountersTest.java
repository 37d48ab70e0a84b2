package org.pgkeel.bench.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.bench.check.Written.closed;
import static org.pgkeel.bench.check.Written.defects;
import static org.pgkeel.bench.check.Written.failed;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome.Acknowledged;

class CountersTest {
    private static final long KEY = 3;

    private final List<Operation> history = new Written()
            .add(3, Kind.INCREMENT, KEY, 1, Acknowledged.saw(1))
            .add(3, Kind.READ, KEY, 0, Acknowledged.saw(1))
            .add(3, Kind.INCREMENT, KEY, 2, Acknowledged.saw(2))
            .add(4, Kind.READ, KEY, 0, Acknowledged.saw(1))
            .add(3, Kind.INCREMENT, KEY, 3, failed("40001"))
            .add(3, Kind.INCREMENT, KEY, 4, Acknowledged.saw(3))
            .operations();

    @Test
    void a_counter_that_went_up_by_one_each_time_is_in_order() {
        assertThat(Counters.check(history, Map.of(KEY, 3L))).isEmpty();
    }

    @Test
    void an_undecided_increment_may_count_or_not() {
        List<Operation> undecided = new Written().add(3, Kind.INCREMENT, KEY, 1, closed()).add(3, Kind.INCREMENT, KEY, 2, Acknowledged.saw(2))
                .add(3, Kind.INCREMENT, KEY, 3, closed()).operations();
        assertThat(Counters.check(undecided, Map.of(KEY, 2L))).isEmpty();
        assertThat(Counters.check(undecided, Map.of(KEY, 3L))).isEmpty();
    }

    @Test
    void an_undecided_increment_may_count_after_later_ones_but_only_once() {
        List<Operation> late = new Written().add(3, Kind.INCREMENT, KEY, 1, closed()).add(3, Kind.INCREMENT, KEY, 2, Acknowledged.saw(1))
                .add(3, Kind.INCREMENT, KEY, 3, Acknowledged.saw(3)).operations();
        assertThat(Counters.check(late, Map.of(KEY, 3L))).isEmpty();
        assertThat(defects(Counters.check(late, Map.of(KEY, 4L)))).containsExactly(Defect.DUPLICATED);
    }

    @Test
    void a_counter_that_ends_below_an_acknowledged_value_has_lost_it() {
        assertThat(defects(Counters.check(history, Map.of(KEY, 1L)))).containsExactly(Defect.LOST, Defect.LOST);
        assertThat(defects(Counters.check(history, Map.of()))).containsExactly(Defect.LOST, Defect.LOST, Defect.LOST);
    }

    @Test
    void a_value_that_was_reached_twice_was_lost_the_first_time() {
        List<Operation> back = new Written().add(3, Kind.INCREMENT, KEY, 1, Acknowledged.saw(1)).add(3, Kind.INCREMENT, KEY, 2, Acknowledged.saw(1)).operations();
        List<Finding> findings = Counters.check(back, Map.of(KEY, 1L));
        assertThat(defects(findings)).containsExactly(Defect.LOST);
        assertThat(findings.getFirst().operation()).get().extracting(Operation::id).isEqualTo(1L);
    }

    @Test
    void an_increment_that_counted_twice_is_duplicated() {
        List<Operation> twice = new Written().add(3, Kind.INCREMENT, KEY, 1, Acknowledged.saw(2)).operations();
        assertThat(defects(Counters.check(twice, Map.of(KEY, 2L)))).containsExactly(Defect.DUPLICATED);
        assertThat(defects(Counters.check(history, Map.of(KEY, 4L)))).containsExactly(Defect.DUPLICATED);
    }

    @Test
    void a_failed_increment_that_counted_is_seen_as_one_too_many() {
        List<Operation> resurrected = new Written().add(3, Kind.INCREMENT, KEY, 1, failed("40001")).add(3, Kind.INCREMENT, KEY, 2, Acknowledged.saw(2)).operations();
        assertThat(defects(Counters.check(resurrected, Map.of(KEY, 2L)))).containsExactly(Defect.DUPLICATED);
    }

    @Test
    void a_session_that_sees_less_than_it_wrote_or_saw_has_read_stale() {
        List<Operation> own = new Written().add(3, Kind.INCREMENT, KEY, 1, Acknowledged.saw(1)).add(3, Kind.READ, KEY, 0, Acknowledged.saw(0)).operations();
        assertThat(defects(Counters.check(own, Map.of(KEY, 1L)))).containsExactly(Defect.STALE_READ);
        List<Operation> back = new Written().add(3, Kind.INCREMENT, KEY, 1, Acknowledged.saw(1))
                .add(4, Kind.READ, KEY, 0, Acknowledged.saw(1)).add(4, Kind.READ, KEY, 0, Acknowledged.saw(0)).operations();
        assertThat(defects(Counters.check(back, Map.of(KEY, 1L)))).containsExactly(Defect.STALE_READ);
    }
}
