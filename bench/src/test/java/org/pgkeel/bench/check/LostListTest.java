package org.pgkeel.bench.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.bench.check.Written.defects;
import static org.pgkeel.bench.check.Written.wrote;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.check.LostList.Logged;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome.Acknowledged;

class LostListTest {
    private final List<Operation> lost = new Written().add(1, Kind.INSERT, 0, 1, wrote(700)).add(1, Kind.INSERT, 0, 2, wrote(701)).operations();

    @Test
    void a_line_of_the_log_is_read() {
        assertThat(LostList.parse("2026-01-02 WARN cluster main: acknowledged transaction lost xid=731 lsn=0/3000148 timeline=2")).contains(new Logged(731, "0/3000148"));
        assertThat(LostList.parse("WARN holding 7 clients xid=731")).isEmpty();
    }

    @Test
    void equal_lists_are_in_order() {
        assertThat(LostList.check(lost, List.of(new Logged(701, ""), new Logged(700, "")))).isEmpty();
    }

    @Test
    void a_loss_that_no_line_tells_is_found() {
        assertThat(defects(LostList.check(lost, List.of(new Logged(700, ""))))).containsExactly(Defect.LOSS_NOT_LOGGED);
    }

    @Test
    void a_line_about_a_transaction_that_is_there_is_found() {
        assertThat(defects(LostList.check(lost, List.of(new Logged(700, ""), new Logged(701, ""), new Logged(702, ""))))).containsExactly(Defect.LOGGED_NOT_LOST);
        assertThat(defects(LostList.check(lost, List.of(new Logged(700, ""), new Logged(701, ""), new Logged(701, ""))))).containsExactly(Defect.LOGGED_NOT_LOST);
    }

    @Test
    void statements_of_one_transaction_share_a_line() {
        List<Operation> shared = new Written().add(1, Kind.INSERT, 0, 1, wrote(700)).add(1, Kind.INSERT, 0, 2, wrote(700)).operations();
        assertThat(LostList.check(shared, List.of(new Logged(700, "")))).isEmpty();
    }

    @Test
    void a_number_that_was_given_out_again_and_lost_again_needs_two_lines() {
        List<Operation> reused = new Written().add(1, Kind.INSERT, 0, 1, Acknowledged.wrote(700, 1)).add(1, Kind.INSERT, 0, 2, Acknowledged.wrote(700, 2)).operations();
        assertThat(LostList.check(reused, List.of(new Logged(700, ""), new Logged(700, "")))).isEmpty();
        assertThat(defects(LostList.check(reused, List.of(new Logged(700, ""))))).containsExactly(Defect.LOSS_NOT_LOGGED);
    }
}
