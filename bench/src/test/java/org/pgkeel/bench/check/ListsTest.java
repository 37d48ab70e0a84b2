package org.pgkeel.bench.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.bench.check.Written.closed;
import static org.pgkeel.bench.check.Written.defects;
import static org.pgkeel.bench.check.Written.failed;
import static org.pgkeel.bench.check.Written.sawList;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;

class ListsTest {
    private static final long KEY = 5;

    private final List<Operation> history = new Written()
            .add(1, Kind.APPEND, KEY, 1, sawList(1))
            .add(2, Kind.READ, KEY, 0, sawList(1))
            .add(2, Kind.APPEND_IN_TRANSACTION, KEY, 2, sawList(1, 2))
            .add(1, Kind.APPEND, KEY, 3, failed("40001"))
            .add(1, Kind.APPEND, KEY, 4, closed())
            .add(1, Kind.READ, KEY, 0, sawList(1, 2))
            .add(2, Kind.APPEND, KEY, 5, sawList(1, 2, 5))
            .operations();

    @Test
    void a_list_of_which_everybody_saw_a_beginning_is_in_order() {
        assertThat(check(history, 1, 2, 5)).isEmpty();
    }

    @Test
    void an_undecided_append_may_come_late() {
        assertThat(check(history, 1, 2, 5, 4)).isEmpty();
    }

    @Test
    void an_acknowledged_append_that_is_not_there_is_lost() {
        assertThat(defects(check(history, 1, 5))).containsExactly(Defect.LOST);
        assertThat(defects(check(history, 1, 2))).containsExactly(Defect.LOST);
    }

    @Test
    void a_key_that_vanished_has_lost_all_its_values() {
        assertThat(defects(Lists.check(history, Map.of()))).containsExactly(Defect.LOST, Defect.LOST, Defect.LOST);
    }

    @Test
    void a_value_that_is_there_twice_is_duplicated() {
        assertThat(defects(check(history, 1, 2, 5, 5))).containsExactly(Defect.DUPLICATED);
    }

    @Test
    void a_failed_append_that_is_there_is_resurrected() {
        assertThat(defects(check(history, 1, 2, 5, 3))).containsExactly(Defect.RESURRECTED);
    }

    @Test
    void a_value_that_slipped_in_before_what_had_been_seen_is_out_of_order() {
        assertThat(defects(check(history, 1, 4, 2, 5))).contains(Defect.OUT_OF_ORDER);
    }

    @Test
    void appends_that_followed_each_other_may_not_change_places() {
        assertThat(defects(check(new Written().add(1, Kind.APPEND, KEY, 1, sawList(1)).add(2, Kind.APPEND, KEY, 2, sawList(2)).operations(), 2, 1)))
                .contains(Defect.OUT_OF_ORDER);
        assertThat(check(new Written().during(1, Kind.APPEND, KEY, 1, sawList(2, 1)).during(2, Kind.APPEND, KEY, 2, sawList(2)).operations(), 2, 1)).isEmpty();
    }

    @Test
    void a_session_that_sees_less_than_it_wrote_has_read_stale() {
        List<Operation> stale = new Written().add(1, Kind.APPEND, KEY, 1, sawList(1)).add(1, Kind.READ, KEY, 0, sawList()).operations();
        assertThat(defects(check(stale, 1))).containsExactly(Defect.STALE_READ);
    }

    @Test
    void a_session_that_sees_less_than_it_saw_has_read_stale() {
        List<Operation> stale = new Written().add(1, Kind.APPEND, KEY, 1, sawList(1)).add(2, Kind.READ, KEY, 0, sawList(1)).add(2, Kind.READ, KEY, 0, sawList()).operations();
        assertThat(defects(check(stale, 1))).containsExactly(Defect.STALE_READ);
    }

    @Test
    void another_session_may_see_less() {
        List<Operation> behind = new Written().add(1, Kind.APPEND, KEY, 1, sawList(1)).add(2, Kind.READ, KEY, 0, sawList()).operations();
        assertThat(check(behind, 1)).isEmpty();
    }

    private static List<Finding> check(List<Operation> operations, long... list) {
        return Lists.check(operations, Map.of(KEY, Arrays.stream(list).boxed().toList()));
    }
}
