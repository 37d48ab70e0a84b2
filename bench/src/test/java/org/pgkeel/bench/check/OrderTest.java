package org.pgkeel.bench.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.check.Order.Placed;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;

class OrderTest {
    private static final Outcome DONE = Outcome.Acknowledged.wrote(0, 0);

    @Test
    void rows_in_their_clients_order_are_right_however_the_clients_mix() {
        List<Operation> operations = List.of(insert(1, 10, 0, 5, DONE), insert(1, 11, 0, 5, DONE), insert(2, 20, 0, 5, DONE));
        assertThat(Order.check(operations, List.of(new Placed(10, 1, 10), new Placed(20, 1, 20), new Placed(11, 1, 11)))).isEmpty();
        assertThat(Order.check(operations, List.of(new Placed(20, 1, 20), new Placed(10, 1, 10), new Placed(11, 1, 11)))).isEmpty();
    }

    @Test
    void a_client_whose_rows_overtook_one_another_is_found_even_if_it_sent_them_in_one_write() {
        List<Operation> operations = List.of(insert(1, 10, 0, 5, DONE), insert(1, 11, 0, 5, DONE));
        assertThat(Order.check(operations, List.of(new Placed(11, 1, 11), new Placed(10, 2, 10)))).singleElement().matches(f -> f.defect() == Defect.OUT_OF_ORDER);
    }

    @Test
    void a_row_that_came_before_one_of_its_key_that_had_been_acknowledged_when_it_was_sent_is_found() {
        List<Operation> operations = List.of(insert(1, 10, 0, 5, DONE), insert(2, 20, 6, 9, DONE));
        assertThat(Order.check(operations, List.of(new Placed(20, 1, 20), new Placed(10, 1, 10)))).singleElement().matches(f -> f.defect() == Defect.OUT_OF_ORDER);
        assertThat(Order.check(operations, List.of(new Placed(20, 1, 20), new Placed(10, 2, 10)))).as("other keys have no order").isEmpty();
    }

    @Test
    void a_row_whose_client_was_not_told_may_come_late() {
        List<Operation> operations = List.of(insert(1, 10, 0, 5, new Outcome.Closed(Outcome.Closer.PEER, "08006")), insert(1, 11, 6, 9, DONE));
        assertThat(Order.check(operations, List.of(new Placed(11, 1, 11), new Placed(10, 1, 10)))).isEmpty();
    }

    @Test
    void rows_of_one_key_come_in_one_transaction_after_another() {
        assertThat(Order.oneAtATime(List.of(new Placed(10, 1, 7), new Placed(11, 1, 7), new Placed(20, 1, 8), new Placed(21, 1, 8)))).isEmpty();
        assertThat(Order.oneAtATime(List.of(new Placed(10, 1, 7), new Placed(20, 2, 8), new Placed(11, 1, 7), new Placed(21, 2, 8)))).as("other keys have no order").isEmpty();
        assertThat(Order.oneAtATime(List.of(new Placed(10, 1, 7), new Placed(20, 1, 8), new Placed(11, 1, 7), new Placed(21, 1, 8)))).singleElement().matches(f -> f.defect() == Defect.OUT_OF_ORDER);
        assertThat(Order.oneAtATime(List.of(new Placed(20, 1, 8), new Placed(21, 1, 8), new Placed(10, 1, 7), new Placed(11, 1, 7)))).singleElement().matches(f -> f.defect() == Defect.OUT_OF_ORDER);
    }

    @Test
    void a_transaction_of_one_row_may_come_in_the_middle_of_another() {
        assertThat(Order.oneAtATime(List.of(new Placed(10, 1, 7), new Placed(20, 1, 8), new Placed(11, 1, 7)))).isEmpty();
    }

    private static Operation insert(int worker, long id, long invokedAt, long finishedAt, Outcome outcome) {
        return new Operation(worker, Kind.INSERT, 1, id, invokedAt, invokedAt, finishedAt, outcome);
    }
}
