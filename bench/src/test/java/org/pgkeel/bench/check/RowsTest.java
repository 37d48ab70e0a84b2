package org.pgkeel.bench.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.bench.check.Written.closed;
import static org.pgkeel.bench.check.Written.defects;
import static org.pgkeel.bench.check.Written.failed;
import static org.pgkeel.bench.check.Written.unknown;
import static org.pgkeel.bench.check.Written.wrote;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;

class RowsTest {
    private final List<Operation> history = new Written()
            .add(1, Kind.INSERT, 0, 1, wrote(11))
            .add(1, Kind.INSERT, 0, 2, failed("40001"))
            .add(1, Kind.INSERT, 0, 3, unknown())
            .add(1, Kind.INSERT, 0, 4, closed())
            .add(1, Kind.INSERT, 0, 5, wrote(15))
            .operations();

    @Test
    void rows_that_are_there_once_are_in_order_and_the_undecided_may_be_there_or_not() {
        assertThat(Rows.check(history, List.of(1L, 5L))).isEmpty();
        assertThat(Rows.check(history, List.of(5L, 4L, 3L, 1L))).isEmpty();
    }

    @Test
    void an_acknowledged_row_that_is_not_there_is_lost() {
        List<Finding> findings = Rows.check(history, List.of(1L));
        assertThat(defects(findings)).containsExactly(Defect.LOST);
        assertThat(findings.getFirst().operation()).get().extracting(Operation::id).isEqualTo(5L);
    }

    @Test
    void a_row_that_is_there_twice_is_duplicated_however_it_was_answered() {
        assertThat(defects(Rows.check(history, List.of(1L, 1L, 5L)))).containsExactly(Defect.DUPLICATED);
        assertThat(defects(Rows.check(history, List.of(1L, 5L, 3L, 3L)))).containsExactly(Defect.DUPLICATED);
    }

    @Test
    void a_violated_key_of_a_fresh_id_says_that_the_statement_ran_twice() {
        List<Operation> twice = new Written().add(1, Kind.INSERT, 0, 1, failed("23505")).operations();
        assertThat(defects(Rows.check(twice, List.of(1L)))).containsExactly(Defect.DUPLICATED);
    }

    @Test
    void a_failed_row_that_is_there_is_resurrected() {
        assertThat(defects(Rows.check(history, List.of(1L, 2L, 5L)))).containsExactly(Defect.RESURRECTED);
    }

    @Test
    void a_key_that_was_sent_again_is_there_once_if_any_of_its_sendings_was_acknowledged_or_met_it() {
        assertThat(defects(Rows.check(twice(wrote(11), wrote(12)), List.of(1L)))).isEmpty();
        assertThat(defects(Rows.check(twice(wrote(11), failed("23505")), List.of(1L)))).isEmpty();
        assertThat(defects(Rows.check(twice(failed("53100"), wrote(12)), List.of(1L)))).isEmpty();
        assertThat(defects(Rows.check(twice(closed(), failed("53100")), List.of(1L)))).isEmpty();
        assertThat(defects(Rows.check(twice(wrote(11), wrote(12)), List.of()))).containsExactly(Defect.LOST);
        assertThat(defects(Rows.check(twice(closed(), failed("23505")), List.of()))).containsExactly(Defect.LOST);
        assertThat(defects(Rows.check(twice(wrote(11), wrote(12)), List.of(1L, 1L)))).containsExactly(Defect.DUPLICATED);
        assertThat(defects(Rows.check(twice(failed("53100"), failed("53100")), List.of(1L)))).containsExactly(Defect.RESURRECTED);
    }

    private static List<Operation> twice(Outcome first, Outcome second) {
        return new Written().add(1, Kind.INSERT, 0, 1, first).add(2, Kind.INSERT, 0, 1, second).operations();
    }

    @Test
    void a_row_that_nobody_wrote_is_a_phantom() {
        assertThat(defects(Rows.check(history, List.of(1L, 5L, 99L)))).containsExactly(Defect.PHANTOM);
    }
}
