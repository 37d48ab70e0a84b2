package org.pgkeel.bench.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.bench.check.Written.defects;
import static org.pgkeel.bench.check.Written.failed;
import static org.pgkeel.bench.check.Written.unknown;
import static org.pgkeel.bench.check.Written.wrote;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.check.Transfers.Entry;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome.Acknowledged;

class TransfersTest {
    private static final long INITIAL = 100;

    private final List<Operation> history = new Written()
            .add(1, Kind.TRANSFER, 0, 1, wrote(11))
            .add(1, Kind.TRANSFER, 0, 2, failed("40001"))
            .add(1, Kind.TRANSFER, 0, 3, unknown())
            .add(2, Kind.READ, 0, 0, Acknowledged.saw(3 * INITIAL))
            .operations();

    @Test
    void a_ledger_that_explains_every_balance_is_in_order() {
        assertThat(Transfers.check(history, List.of(new Entry(1, 1, 2, 10)), Map.of(1, 90L, 2, 110L, 3, 100L), INITIAL)).isEmpty();
        assertThat(Transfers.check(history, List.of(new Entry(1, 1, 2, 10), new Entry(3, 2, 3, 5)), Map.of(1, 90L, 2, 105L, 3, 105L), INITIAL)).isEmpty();
    }

    @Test
    void an_acknowledged_transfer_that_is_not_in_the_ledger_is_lost() {
        assertThat(defects(Transfers.check(history, List.of(), Map.of(1, 100L, 2, 100L, 3, 100L), INITIAL))).containsExactly(Defect.LOST);
    }

    @Test
    void a_transfer_answered_with_40001_must_not_be_in_the_ledger() {
        List<Entry> ledger = List.of(new Entry(1, 1, 2, 10), new Entry(2, 1, 2, 10));
        assertThat(defects(Transfers.check(history, ledger, Map.of(1, 80L, 2, 120L, 3, 100L), INITIAL))).containsExactly(Defect.RESURRECTED);
    }

    @Test
    void a_transfer_that_moved_its_money_twice_breaks_the_balances_of_both_accounts() {
        assertThat(defects(Transfers.check(history, List.of(new Entry(1, 1, 2, 10)), Map.of(1, 80L, 2, 120L, 3, 100L), INITIAL)))
                .containsExactly(Defect.BROKEN_TOTAL, Defect.BROKEN_TOTAL);
    }

    @Test
    void half_a_transfer_breaks_the_balance_of_one() {
        assertThat(defects(Transfers.check(history, List.of(new Entry(1, 1, 2, 10)), Map.of(1, 90L, 2, 100L, 3, 100L), INITIAL)))
                .containsExactly(Defect.BROKEN_TOTAL);
    }

    @Test
    void a_total_that_a_client_saw_has_to_be_the_initial_one() {
        List<Operation> torn = new Written().add(2, Kind.READ, 0, 0, Acknowledged.saw(290)).operations();
        assertThat(defects(Transfers.check(torn, List.of(), Map.of(1, 100L, 2, 100L, 3, 100L), INITIAL))).containsExactly(Defect.BROKEN_TOTAL);
    }
}
