package org.pgkeel.bench.verdict;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pgkeel.bench.check.Defect;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.history.Outcome.Closer;
import org.pgkeel.bench.verdict.Rules.Connections;
import org.pgkeel.bench.verdict.Rules.OutcomeTracking;
import org.pgkeel.bench.verdict.Rules.Replication;

class PromisesTest {
    private static final Rules STRICT = new Rules(Replication.SYNCHRONOUS, OutcomeTracking.STRICT, Set.of(), Connections.STAY);
    private static final Rules PIPELINED = new Rules(Replication.SYNCHRONOUS, OutcomeTracking.PIPELINED, Set.of(), Connections.STAY);
    private static final Rules ASYNCHRONOUS = new Rules(Replication.ASYNCHRONOUS, OutcomeTracking.PIPELINED, Set.of(), Connections.STAY);

    @Test
    void success_and_a_retried_transaction_keep_every_promise() {
        assertThat(judge(STRICT, told(Kind.INSERT, Acknowledged.wrote(1, 1)), told(Kind.TRANSFER, new Outcome.Failed("40001")))).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Defect.class)
    void every_defect_breaks_a_promise_of_synchronous_replication(Defect defect) {
        assertThat(Promises.judge(STRICT, List.of(new LoadResult("some", Tally.NOTHING, List.of(new Finding(defect, "it", Optional.empty())))))).hasSize(1);
    }

    @Test
    void an_asynchronous_failover_may_lose_but_not_in_silence() {
        var lost = new Finding(Defect.LOST, "it", Optional.empty());
        var silent = new Finding(Defect.LOSS_NOT_LOGGED, "it", Optional.empty());
        assertThat(Promises.judge(ASYNCHRONOUS, List.of(new LoadResult("some", Tally.NOTHING, List.of(lost))))).isEmpty();
        assertThat(Promises.judge(ASYNCHRONOUS, List.of(new LoadResult("some", Tally.NOTHING, List.of(lost, silent))))).hasSize(1);
    }

    @Test
    void an_autocommit_statement_may_see_no_error_not_even_40001() {
        assertThat(judge(STRICT, told(Kind.INSERT, new Outcome.Failed("40001")))).hasSize(1);
        assertThat(judge(STRICT, told(Kind.READ, new Outcome.Failed("25006")))).hasSize(1);
        assertThat(judge(STRICT, told(Kind.LOGIN, new Outcome.Failed("57P03")))).hasSize(1);
        assertThat(judge(STRICT, told(Kind.ROLLBACK, new Outcome.Failed("40001")))).hasSize(1);
    }

    @Test
    void an_explicit_transaction_may_see_nothing_but_40001() {
        assertThat(judge(STRICT, told(Kind.TRANSFER, new Outcome.Failed("25006")))).hasSize(1);
    }

    @Test
    void an_error_of_the_fault_itself_is_nobodys_promise() {
        var full = new Rules(Replication.SYNCHRONOUS, OutcomeTracking.STRICT, Set.of("53100"), Connections.STAY);
        assertThat(judge(full, told(Kind.INSERT, new Outcome.Failed("53100")), told(Kind.TRANSFER, new Outcome.Failed("53100")))).isEmpty();
        assertThat(judge(STRICT, told(Kind.INSERT, new Outcome.Failed("53100")))).hasSize(1);
    }

    @Test
    void unknown_is_an_answer_unless_outcomes_are_strict() {
        assertThat(judge(PIPELINED, told(Kind.INSERT, new Outcome.Unknown("08007")))).isEmpty();
        assertThat(judge(STRICT, told(Kind.INSERT, new Outcome.Unknown("08007")))).hasSize(1);
    }

    @Test
    void a_connection_may_end_only_with_its_proxy() {
        var killed = new Rules(Replication.SYNCHRONOUS, OutcomeTracking.STRICT, Set.of(), Connections.MAY_END);
        assertThat(judge(STRICT, told(Kind.INSERT, new Outcome.Closed(Closer.PEER, "08006")))).hasSize(1);
        assertThat(judge(killed, told(Kind.INSERT, new Outcome.Closed(Closer.PEER, "08006")))).isEmpty();
        assertThat(judge(killed, told(Kind.INSERT, new Outcome.Closed(Closer.CLIENT_LOST_PATIENCE, "08006")))).hasSize(1);
    }

    @Test
    void a_pipeline_that_is_lost_is_one_connection() {
        var closed = new Outcome.Closed(Closer.PEER, "08006");
        Operation other = new Operation(2, Kind.INSERT, 0, 3, 5, 5, 10, closed);
        assertThat(Tally.of(List.of(told(Kind.INSERT, closed), told(Kind.INSERT, closed), other)).closed()).isEqualTo(2);
    }

    @Test
    void sums_are_by_workload() {
        var one = new LoadResult("a", Tally.of(List.of(told(Kind.INSERT, Acknowledged.wrote(1, 1)))), List.of());
        var two = new LoadResult("a", Tally.of(List.of(told(Kind.INSERT, new Outcome.Failed("X")))), List.of(new Finding(Defect.LOST, "it", Optional.empty())));
        LoadResult sum = Promises.sum(List.of(List.of(one), List.of(two))).getFirst();
        assertThat(sum.tally().acknowledged()).isEqualTo(1);
        assertThat(sum.tally().autocommitErrors()).containsEntry("X", 1L);
        assertThat(sum.findings()).hasSize(1);
    }

    private static Operation told(Kind kind, Outcome outcome) {
        return new Operation(1, kind, 0, 1, 5, 5, 10, outcome);
    }

    private static List<Broken> judge(Rules rules, Operation... operations) {
        return Promises.judge(rules, List.of(new LoadResult("some", Tally.of(List.of(operations)), List.of())));
    }
}
