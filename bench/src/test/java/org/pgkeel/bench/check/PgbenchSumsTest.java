package org.pgkeel.bench.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.bench.check.Written.closed;
import static org.pgkeel.bench.check.Written.defects;
import static org.pgkeel.bench.check.Written.failed;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.check.PgbenchSums.Sums;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome.Acknowledged;

class PgbenchSumsTest {
    private final List<Operation> history = new Written().add(1, Kind.PGBENCH, 0, 1, Acknowledged.saw(0)).add(1, Kind.PGBENCH, 0, 2, Acknowledged.saw(0))
            .add(1, Kind.PGBENCH, 0, 3, failed("40001")).add(1, Kind.PGBENCH, 0, 4, closed()).operations();

    @Test
    void a_row_for_each_transaction_and_equal_sums_are_in_order() {
        assertThat(PgbenchSums.check(history, 10, new Sums(12, 7, 7, 7, 7))).isEmpty();
        assertThat(PgbenchSums.check(history, 10, new Sums(13, 7, 7, 7, 7))).isEmpty();
    }

    @Test
    void fewer_rows_than_acknowledged_transactions_are_losses() {
        assertThat(defects(PgbenchSums.check(history, 10, new Sums(10, 7, 7, 7, 7)))).containsExactly(Defect.LOST, Defect.LOST);
    }

    @Test
    void more_rows_than_anybody_can_explain_are_duplicates() {
        assertThat(defects(PgbenchSums.check(history, 10, new Sums(14, 7, 7, 7, 7)))).containsExactly(Defect.DUPLICATED);
    }

    @Test
    void a_sum_that_differs_is_a_transaction_torn_apart() {
        assertThat(defects(PgbenchSums.check(history, 10, new Sums(12, 7, 8, 7, 7)))).containsExactly(Defect.BROKEN_TOTAL);
        assertThat(defects(PgbenchSums.check(history, 10, new Sums(12, 7, 7, 8, 7)))).containsExactly(Defect.BROKEN_TOTAL);
        assertThat(defects(PgbenchSums.check(history, 10, new Sums(12, 7, 7, 7, 8)))).containsExactly(Defect.BROKEN_TOTAL);
    }
}
