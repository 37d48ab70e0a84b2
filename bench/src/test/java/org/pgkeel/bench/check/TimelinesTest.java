package org.pgkeel.bench.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.bench.check.Written.defects;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.check.Timelines.Begun;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome.Acknowledged;

class TimelinesTest {
    @Test
    void a_write_that_began_before_the_new_timeline_may_end_on_the_old_one() {
        assertThat(Timelines.check(List.of(write(90, 1), write(110, 2)), List.of(new Begun(0, 1), new Begun(100, 2)))).isEmpty();
    }

    @Test
    void a_write_that_began_later_and_was_acknowledged_on_the_old_timeline_came_from_a_demoted_primary() {
        assertThat(defects(Timelines.check(List.of(write(110, 1)), List.of(new Begun(0, 1), new Begun(100, 2))))).containsExactly(Defect.DEMOTED_PRIMARY);
    }

    @Test
    void reads_tell_no_timeline() {
        assertThat(Timelines.check(List.of(write(110, 0)), List.of(new Begun(100, 2)))).isEmpty();
    }

    private static Operation write(long invokedAt, int timeline) {
        return new Operation(1, Kind.INSERT, 0, 1, invokedAt, invokedAt, invokedAt + 50, Acknowledged.wrote(9, timeline));
    }
}
