package org.pgkeel.bench.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Acknowledged;

class PausesTest {
    private static final long MILLI = 1_000_000;

    @Test
    void the_first_and_the_last_client_that_waited_for_the_new_primary_are_found() {
        List<Operation> operations = List.of(
                write(10, 12, 1),          // before the outage
                write(20, 130, 2),         // waited
                write(30, 180, 2),         // waited longest
                write(40, 60, 1),          // came through on the old one
                write(150, 152, 2));       // asked when all was over
        Pauses pauses = Pauses.of(Map.of("inserts", operations), new Pauses.Gap(100, 0), Optional.of(new Return(2, "n2", 15 * MILLI, 120 * MILLI)), List.of());
        assertThat(pauses.firstServed()).hasValue(10);
        assertThat(pauses.lastServed()).hasValue(60);
        assertThat(pauses.waiting()).isEqualTo(2);
        assertThat(pauses.longestClient()).isEqualTo(150);
        assertThat(pauses.longestDirect()).isEqualTo(100);
        assertThat(pauses.hidden()).isZero();
    }

    @Test
    void a_client_that_was_served_before_the_direct_writer_waited_not_at_all() {
        Pauses pauses = Pauses.of(Map.of("inserts", List.of(write(20, 110, 2))), new Pauses.Gap(100, 0), Optional.of(new Return(2, "n2", 15 * MILLI, 120 * MILLI)), List.of());
        assertThat(pauses.firstServed()).hasValue(0);
    }

    @Test
    void while_the_new_primary_is_hidden_no_time_counts() {
        List<Operation> operations = List.of(write(20, 5_050, 2), write(30, 5_300, 2));
        Pauses hiddenAtOnce = Pauses.of(Map.of("inserts", operations), new Pauses.Gap(100, 0), Optional.of(new Return(2, "n2", 15 * MILLI, 120 * MILLI)), List.of(hidden("n2", 100, 5_000)));
        assertThat(hiddenAtOnce.firstServed()).hasValue(50);
        assertThat(hiddenAtOnce.lastServed()).hasValue(300);
        assertThat(hiddenAtOnce.hidden()).isEqualTo(4_880);
        assertThat(hiddenAtOnce.longestClient()).as("the client waited all the same").isEqualTo(5_270);

        Pauses seenBefore = Pauses.of(Map.of("inserts", operations), new Pauses.Gap(100, 0), Optional.of(new Return(2, "n2", 15 * MILLI, 120 * MILLI)), List.of(hidden("n2", 200, 5_000)));
        assertThat(seenBefore.firstServed()).as("80 ms before it was hidden, 50 ms after").hasValue(130);
    }

    @Test
    void hiding_does_not_excuse_what_went_before_or_came_after_or_befell_another_node() {
        Optional<Return> back = Optional.of(new Return(2, "n2", 15 * MILLI, 120 * MILLI));
        Map<String, List<Operation>> loads = Map.of("inserts", List.of(write(20, 620, 2)));
        assertThat(Pauses.of(loads, new Pauses.Gap(100, 0), back, List.of(hidden("n1", 0, 10_000))).firstServed()).hasValue(500);
        assertThat(Pauses.of(loads, new Pauses.Gap(100, 0), back, List.of(hidden("n2", 0, 119), hidden("n2", 620, 10_000))).firstServed()).hasValue(500);
        assertThat(Pauses.of(loads, new Pauses.Gap(100, 0), back, List.of(hidden("n2", 0, 220), hidden("n2", 320, 420))).firstServed()).hasValue(300);
        assertThat(Pauses.of(loads, new Pauses.Gap(100, 0), back, List.of(new Hidden(Optional.empty(), 0, 520 * MILLI))).firstServed()).as("everybody").hasValue(100);
    }

    /// One of 150 ms, where 60 are usual; the direct writer's of 100, where 20 are.
    @Test
    void a_failover_costs_what_is_beyond_the_usual() {
        List<Operation> loads = List.of(write(0, 40, 1), write(0, 60, 1), write(0, 60, 1), write(0, 60, 1), write(0, 150, 2));
        List<Operation> others = List.of(write(0, 100, 1), write(0, 110, 1), write(0, 170, 2));
        Pauses pauses = Pauses.of(Map.of("loads", loads, "others", others), new Pauses.Gap(100, 20), Optional.empty(), List.of());
        assertThat(pauses.extra()).isEqualTo(90 - 80);
        assertThat(pauses.costliest()).isEqualTo("loads");
    }

    @Test
    void the_wait_counts_from_when_it_was_first_wanted() {
        var retried = new Operation(1, Kind.TRANSFER, 0, 2, 10 * MILLI, 60 * MILLI, 90 * MILLI, Acknowledged.wrote(7, 2));
        assertThat(Pauses.of(Map.of("transfers", List.of(retried)), new Pauses.Gap(0, 0), Optional.empty(), List.of()).longestClient()).isEqualTo(80);
    }

    @Test
    void errors_and_new_logins_belong_to_the_pause_of_their_client_alone() {
        List<Operation> operations = List.of(
                new Operation(1, Kind.INSERT, 0, 1, 10 * MILLI, 10 * MILLI, 20 * MILLI, new Outcome.Closed(Outcome.Closer.PEER, "57P01")),
                write(15, 25, 1),
                new Operation(1, Kind.LOGIN, 0, 0, 30 * MILLI, 30 * MILLI, 60 * MILLI, Acknowledged.saw(0)),
                new Operation(1, Kind.INSERT, 0, 2, 60 * MILLI, 60 * MILLI, 95 * MILLI, Acknowledged.wrote(7, 2)));
        List<Operation> other = List.of(operations.get(0), operations.get(2), operations.get(3));
        assertThat(Pauses.of(Map.of("inserts", other), new Pauses.Gap(0, 0), Optional.empty(), List.of()).longestClient()).isEqualTo(85);
        assertThat(Pauses.of(Map.of("inserts", operations.subList(0, 1), "appends", operations.subList(2, 4)), new Pauses.Gap(0, 0), Optional.empty(), List.of()).longestClient()).isEqualTo(35);
    }

    @Test
    void without_a_new_timeline_nobody_waited_for_one() {
        assertThat(Pauses.of(Map.of("inserts", List.of(write(20, 110, 1))), new Pauses.Gap(100, 0), Optional.empty(), List.of()).firstServed()).isEmpty();
    }

    private static Hidden hidden(String node, long fromMillis, long toMillis) {
        return new Hidden(Optional.of(node), fromMillis * MILLI, toMillis * MILLI);
    }

    private static Operation write(long invokedMillis, long finishedMillis, int timeline) {
        return new Operation(1, Kind.INSERT, 0, 1, invokedMillis * MILLI, invokedMillis * MILLI, finishedMillis * MILLI, Acknowledged.wrote(9, timeline));
    }
}
