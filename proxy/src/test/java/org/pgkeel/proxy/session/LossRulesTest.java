package org.pgkeel.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.failover.outcome.InFlight;
import org.pgkeel.failover.outcome.Origin;
import org.pgkeel.failover.outcome.Probe;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.failover.outcome.Work;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.catalogue.Catalogue;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.Loss;
import org.pgkeel.proxy.session.LossRules.CommitPoint;
import org.pgkeel.proxy.session.LossRules.Knowledge;
import org.pgkeel.proxy.session.LossRules.Situation;
import org.pgkeel.proxy.statement.Classifier;
import org.pgkeel.proxy.statement.Dialect;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementKind;

/// Each row of the table in [LossRules].
class LossRulesTest {
    private static final Origin ORIGIN = new Origin(new NodeAddress("db1", 5432), 1, new Lifetime("then", "never"));
    private static final TransactionMark MARK = new TransactionMark(767, new Lsn(4711));
    private static final CommitPoint UNKNOWN = new CommitPoint(Knowledge.NONE, false, new Probe.NotSent(), ORIGIN, 1, Work.TRANSACTION);
    private static final CommitPoint ONLY_READ = new CommitPoint(Knowledge.NOTHING_WRITTEN, false, new Probe.Answered(Optional.empty()), ORIGIN, 1, Work.TRANSACTION);
    private static final CommitPoint KEPT_BACK = new CommitPoint(Knowledge.ASKED, false, new Probe.Unanswered(), ORIGIN, 1, Work.TRANSACTION);
    private static final CommitPoint SENT = new CommitPoint(Knowledge.ASKED, true, Probe.answered(MARK), ORIGIN, 1, Work.TRANSACTION);

    private static final LossVerdict LOST = new LossVerdict.Fail(RefusalReason.PRIMARY_LOST);
    private static final LossVerdict NOT_KNOWN = new LossVerdict.Fail(RefusalReason.OUTCOME_UNKNOWN);

    private static Loss loss(char status, int visible, boolean rows) {
        return new Loss("gone", Loss.Ending.BROKEN, null, (byte) status, 1, false, false, visible, visible, rows, false, false, false);
    }

    private static BatchContents batch(boolean onlyReads, boolean complete, StatementKind... kinds) {
        return new BatchContents(true, onlyReads, kinds.length == 0 ? Set.of() : EnumSet.of(kinds[0], kinds), false, complete);
    }

    private static LossVerdict verdict(Loss loss, BatchContents first, CommitPoint commit) {
        return LossRules.verdict(new Situation(loss, first, true, true, commit, LossRules.Node.PRIMARY, 0));
    }

    @Test
    void an_idle_client_notices_nothing() {
        assertThat(LossRules.verdict(new Situation(loss('I', 0, false), batch(true, false), false, true, UNKNOWN, LossRules.Node.PRIMARY, 0))).isEqualTo(new LossVerdict.Unnoticed());
    }

    @Test
    void a_read_is_asked_again_unless_its_rows_were_seen_or_it_is_not_known_word_for_word() {
        BatchContents read = batch(true, true, StatementKind.QUERY);
        assertThat(verdict(loss('I', 2, false), read, UNKNOWN)).isEqualTo(new LossVerdict.Rerun(2));
        assertThat(verdict(loss('I', 3, true), read, UNKNOWN)).isEqualTo(LOST);
        assertThat(LossRules.verdict(new Situation(loss('I', 0, false), read, true, false, UNKNOWN, LossRules.Node.PRIMARY, 0))).isEqualTo(LOST);
    }

    @Test
    void an_unmarked_write_whose_end_was_sent_is_unknown_and_one_whose_end_was_not_is_done_again() {
        assertThat(verdict(loss('I', 0, false), batch(false, true, StatementKind.DATA), UNKNOWN)).isEqualTo(NOT_KNOWN);
        assertThat(verdict(loss('I', 1, false), batch(false, false, StatementKind.DATA), UNKNOWN)).isEqualTo(new LossVerdict.Rerun(1));
        assertThat(verdict(loss('I', 0, false), batch(false, true, StatementKind.DATA), KEPT_BACK)).isEqualTo(new LossVerdict.Rerun(0));
    }

    @Test
    void a_marked_write_is_looked_up_and_done_again_only_if_it_was_aborted() {
        assertThat(verdict(loss('I', 0, false), batch(false, true, StatementKind.DATA), SENT))
                .isInstanceOfSatisfying(LossVerdict.Resolve.class, resolve -> {
                    assertThat(resolve.inFlight().probe()).isEqualTo(Probe.answered(MARK));
                    assertThat(resolve.inFlight().stage()).isEqualTo(InFlight.Stage.COMMIT_SENT);
                    assertThat(resolve.ifAborted()).isEqualTo(new LossVerdict.Rerun(0));
                });
    }

    @Test
    void the_end_of_a_prepared_transaction_is_looked_up_where_that_is_known() {
        BatchContents end = batch(false, true, StatementKind.FINISH_PREPARED);
        for (Work work : List.of(Work.COMMIT_PREPARED, Work.ROLLBACK_PREPARED)) {
            var sent = new CommitPoint(Knowledge.ASKED, true, Probe.answered(MARK), ORIGIN, 1, work);
            assertThat(verdict(loss('I', 0, false), end, sent)).isInstanceOfSatisfying(LossVerdict.Resolve.class, resolve -> {
                assertThat(resolve.inFlight().work()).isEqualTo(work);
                assertThat(resolve.ifAborted()).isEqualTo(new LossVerdict.Rerun(0));
            });
        }
        assertThat(verdict(loss('I', 0, false), end, new CommitPoint(Knowledge.NONE, true, new Probe.NotSent(), ORIGIN, 1, Work.COMMITS_INSIDE))).isEqualTo(NOT_KNOWN);
    }

    @Test
    void what_commits_inside_is_never_done_again() {
        assertThat(verdict(loss('I', 0, false), batch(false, false, StatementKind.COMMITS_INSIDE), KEPT_BACK)).isEqualTo(NOT_KNOWN);
    }

    /// A foreign server may have committed, whether this one has or not.
    @Test
    void what_does_something_elsewhere_is_never_done_again() {
        for (CommitPoint commit : List.of(UNKNOWN, KEPT_BACK, SENT)) {
            assertThat(verdict(loss('I', 0, false), elsewhere(StatementKind.DATA), commit)).isEqualTo(NOT_KNOWN);
            assertThat(verdict(loss('I', 0, false), elsewhere(StatementKind.BEGIN, StatementKind.DATA, StatementKind.COMMIT), commit)).isEqualTo(NOT_KNOWN);
        }
        for (CommitPoint commit : List.of(UNKNOWN, KEPT_BACK)) {
            assertThat(verdict(loss('I', 0, false), elsewhere(StatementKind.BEGIN, StatementKind.DATA), commit)).as("its COMMIT is still to come").isEqualTo(new LossVerdict.FailTransaction(false, 0));
        }
        var executed = new CommitPoint(Knowledge.ASKED, false, new Probe.Unanswered(), ORIGIN, 1, Work.COMMITS_INSIDE);
        assertThat(verdict(loss('I', 0, false), batch(false, true, StatementKind.EXECUTE), executed)).as("by what it executes").isEqualTo(NOT_KNOWN);
        var onReplica = new Situation(loss('I', 0, false), elsewhere(StatementKind.BEGIN, StatementKind.QUERY, StatementKind.COMMIT), true, true, UNKNOWN, LossRules.Node.REPLICA, 0);
        assertThat(LossRules.verdict(onReplica)).as("a block on a replica").isEqualTo(NOT_KNOWN);
    }

    private static BatchContents elsewhere(StatementKind... kinds) {
        return new BatchContents(true, false, EnumSet.of(kinds[0], kinds), true, true);
    }

    @Test
    void in_a_block_of_the_proxys_own_nothing_commits_inside() {
        BatchContents call = batch(false, true, StatementKind.COMMITS_INSIDE).enclosed();
        assertThat(verdict(loss('I', 0, false), call, KEPT_BACK)).isEqualTo(new LossVerdict.Rerun(0));
        assertThat(verdict(loss('I', 0, true), call, KEPT_BACK)).isEqualTo(LOST);
        assertThat(verdict(loss('I', 0, false), call, SENT)).isInstanceOfSatisfying(LossVerdict.Resolve.class, resolve -> assertThat(resolve.ifAborted()).isEqualTo(new LossVerdict.Rerun(0)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"vacuum t", "analyze; reindex table t", "select 1|checkpoint", "begin|rollback|cluster t"})
    void maintenance_is_done_again(String texts) {
        assertThat(verdict(loss('I', 0, false), queries(texts), UNKNOWN)).isEqualTo(new LossVerdict.Rerun(0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"vacuum t|insert into t values (1)", "begin|reindex table t|commit", "reindex table concurrently t"})
    void but_not_with_something_else(String texts) {
        assertThat(verdict(loss('I', 0, false), queries(texts), UNKNOWN)).isEqualTo(NOT_KNOWN);
    }

    @Test
    void a_transaction_block_that_begins_in_the_batch_is_done_again_or_fails_as_a_transaction() {
        BatchContents begun = batch(false, true, StatementKind.BEGIN, StatementKind.DATA);
        assertThat(verdict(loss('I', 0, false), begun, UNKNOWN)).isEqualTo(new LossVerdict.Rerun(0));
        assertThat(verdict(loss('I', 4, true), begun, UNKNOWN)).isEqualTo(new LossVerdict.FailTransaction(false, 4));
        assertThat(verdict(loss('I', 0, false), batch(false, true, StatementKind.BEGIN, StatementKind.DATA, StatementKind.COMMIT), UNKNOWN)).isEqualTo(NOT_KNOWN);
    }

    @Test
    void an_open_batch_with_a_commit_in_it_is_not_done_again() {
        BatchContents committed = batch(false, false, StatementKind.BEGIN, StatementKind.DATA, StatementKind.COMMIT);
        assertThat(verdict(loss('I', 0, false), committed, UNKNOWN)).isEqualTo(NOT_KNOWN);
    }

    @Test
    void a_batch_that_has_written_nothing_is_done_again_though_a_commit_stands_in_it() {
        BatchContents read = batch(false, true, StatementKind.BEGIN, StatementKind.QUERY, StatementKind.COMMIT);
        assertThat(verdict(loss('I', 0, false), read, ONLY_READ)).isEqualTo(new LossVerdict.Rerun(0));
        assertThat(verdict(loss('I', 2, true), read, ONLY_READ)).isEqualTo(LOST);
        assertThat(verdict(loss('I', 0, false), read, UNKNOWN)).isEqualTo(NOT_KNOWN);
    }

    @Test
    void a_write_behind_the_end_of_a_failed_transaction_is_not_told_to_have_failed_with_it() {
        var failed = new LossVerdict.FailTransaction(true, 0);
        for (StatementKind end : List.of(StatementKind.ROLLBACK, StatementKind.COMMIT)) {
            assertThat(verdict(loss('E', 0, false), batch(false, true, end, StatementKind.DATA), UNKNOWN)).isEqualTo(NOT_KNOWN);
            assertThat(verdict(loss('E', 0, false), batch(false, true, end, StatementKind.BEGIN, StatementKind.DATA, StatementKind.COMMIT), UNKNOWN)).isEqualTo(NOT_KNOWN);
        }
        // Not sent to its end, in a block that is still open, or nothing but the end.
        assertThat(verdict(loss('E', 0, false), batch(false, false, StatementKind.ROLLBACK, StatementKind.DATA), UNKNOWN)).isEqualTo(failed);
        assertThat(verdict(loss('E', 0, false), batch(false, true, StatementKind.ROLLBACK, StatementKind.BEGIN, StatementKind.DATA), UNKNOWN)).isEqualTo(failed);
        assertThat(verdict(loss('E', 0, false), batch(true, true, StatementKind.ROLLBACK, StatementKind.QUERY), UNKNOWN)).isEqualTo(failed);
        assertThat(verdict(loss('E', 0, false), batch(true, true, StatementKind.ROLLBACK), UNKNOWN)).isEqualTo(failed);
        assertThat(verdict(loss('E', 0, false), batch(false, true, StatementKind.COMMIT), UNKNOWN)).isEqualTo(failed);
        assertThat(verdict(loss('E', 0, false), batch(false, true, StatementKind.COMMIT, StatementKind.BEGIN), UNKNOWN)).isEqualTo(failed);
        // The server has said no to it.
        var refused = new Loss("gone", Loss.Ending.BROKEN, null, (byte) 'E', 1, false, true, 0, 0, false, false, false, false);
        assertThat(verdict(refused, batch(false, true, StatementKind.ROLLBACK, StatementKind.DATA), UNKNOWN)).isEqualTo(failed);
    }

    @Test
    void a_failed_transaction_may_have_been_mended_and_committed_by_one_batch() {
        var failed = new LossVerdict.FailTransaction(true, 0);
        assertThat(verdict(loss('E', 0, false), batch(false, true, StatementKind.SAVEPOINT, StatementKind.COMMIT), UNKNOWN)).isEqualTo(NOT_KNOWN);
        assertThat(verdict(loss('E', 0, false), batch(false, true, StatementKind.SAVEPOINT, StatementKind.PREPARE_TRANSACTION), UNKNOWN)).isEqualTo(NOT_KNOWN);
        assertThat(verdict(loss('E', 0, false), batch(true, true, StatementKind.SAVEPOINT), UNKNOWN)).isEqualTo(failed);
        assertThat(verdict(loss('E', 0, false), batch(true, true, StatementKind.SAVEPOINT, StatementKind.ROLLBACK), UNKNOWN)).isEqualTo(failed);
        assertThat(verdict(loss('E', 0, false), batch(false, true, StatementKind.PREPARE_TRANSACTION), UNKNOWN)).isEqualTo(failed);
    }

    @Test
    void what_was_sent_in_a_failed_transaction_and_is_not_known_word_for_word_is_unknown_only_if_it_may_commit() {
        var sent = new CommitPoint(Knowledge.NONE, true, new Probe.NotSent(), ORIGIN, 1, Work.TRANSACTION);
        assertThat(LossRules.verdict(new Situation(loss('E', 0, false), BatchContents.unknown(true, false), true, false, sent, LossRules.Node.PRIMARY, 0))).isEqualTo(NOT_KNOWN);
        assertThat(LossRules.verdict(new Situation(loss('E', 0, false), BatchContents.unknown(true, false), true, false, UNKNOWN, LossRules.Node.PRIMARY, 0)))
                .isEqualTo(new LossVerdict.FailTransaction(true, 0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"listen a", "unlisten *", "listen a; listen b", "select 1|listen a"})
    void who_listens_does_it_again(String texts) {
        assertThat(verdict(loss('I', 0, false), queries(texts), UNKNOWN)).isEqualTo(new LossVerdict.Rerun(0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"call p()", "begin|rollback|call p()", "begin|insert into t values (1)|commit|call p()"})
    void what_may_have_committed_inside_is_not_done_again(String texts) {
        assertThat(verdict(loss('I', 0, false), queries(texts), KEPT_BACK)).isEqualTo(NOT_KNOWN);
    }

    /// As messages of their own, and as one text.
    @ParameterizedTest
    @ValueSource(strings = {"begin|rollback|insert into t values (1)", "begin; rollback; insert into t values (1)", "begin|insert into t values (1)|rollback; insert into t values (2)"})
    void what_was_written_behind_a_block_that_was_rolled_back_is_not_done_again(String texts) {
        assertThat(verdict(loss('I', 0, false), queries(texts), UNKNOWN)).isEqualTo(NOT_KNOWN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"begin; insert into t values (1)", "rollback|begin|insert into t values (1)", "begin|insert into t values (1)|rollback", "begin; rollback; begin; insert into t values (1)",
            "begin|rollback|insert into t values (1)|begin", "begin; rollback; select 1", "begin|call p()", "begin; do 'begin end'", "rollback|begin|call p()"})
    void what_is_in_a_block_that_has_not_committed_is_done_again(String texts) {
        assertThat(verdict(loss('I', 0, false), queries(texts), UNKNOWN)).isEqualTo(new LossVerdict.Rerun(0));
    }

    /// @param texts of which each has a Query here, with `|` between them
    private static BatchContents queries(String texts) {
        ByteBuf out = Unpooled.buffer();
        for (String text : texts.split("\\|")) {
            out.writeByte(FrontendType.QUERY).writeInt(5 + text.length()).writeBytes(text.getBytes(StandardCharsets.US_ASCII)).writeByte(0);
        }
        return BatchReader.read(out.array(), out.writerIndex(), text -> Classifier.classify(text, Dialect.USUAL, Catalogue.builtin()), _ -> StatementClass.UNREAD);
    }

    /// The Execute waits in the proxy, perhaps for the settings of its client: nothing has happened.
    @Test
    void what_is_bound_and_not_executed_runs_again_though_it_would_commit_inside() {
        var call = new FrontendMessage[] {new Parse("", "call p()", List.of()), new Bind("", "", List.of(), List.of(), List.of())};
        assertThat(messages(call)).isEqualTo(new BatchContents(false, true, EnumSet.noneOf(StatementKind.class), false, false));
        assertThat(verdict(loss('I', 0, false), messages(call), UNKNOWN)).isEqualTo(new LossVerdict.Rerun(0));
        var executed = new FrontendMessage[] {call[0], call[1], new Execute("", 0)};
        assertThat(verdict(loss('I', 0, false), messages(executed), UNKNOWN)).isEqualTo(new LossVerdict.Fail(RefusalReason.OUTCOME_UNKNOWN));
        var two = new FrontendMessage[] {call[0], call[1], new Parse("", "select 1", List.of()), new Bind("b", "", List.of(), List.of(), List.of()), new Execute("b", 0)};
        assertThat(messages(two).kinds()).contains(StatementKind.COMMITS_INSIDE, StatementKind.QUERY);
    }

    private static BatchContents messages(FrontendMessage... messages) {
        ByteBuf out = Unpooled.buffer();
        for (FrontendMessage each : messages) each.encode(out);
        return BatchReader.read(out.array(), out.writerIndex(), text -> Classifier.classify(text, Dialect.USUAL, Catalogue.builtin()), _ -> StatementClass.UNREAD);
    }

    @Test
    void a_transaction_fails_and_stays_and_a_failed_one_hears_nothing_new() {
        assertThat(verdict(loss('T', 1, false), batch(false, true, StatementKind.DATA), UNKNOWN)).isEqualTo(new LossVerdict.FailTransaction(false, 1));
        assertThat(verdict(loss('E', 0, false), batch(false, true, StatementKind.DATA), UNKNOWN)).isEqualTo(new LossVerdict.FailTransaction(true, 0));
    }

    @Test
    void a_commit_is_looked_up_when_it_was_sent_and_surely_aborted_when_it_was_not() {
        BatchContents commit = batch(false, true, StatementKind.COMMIT);
        assertThat(verdict(loss('T', 0, false), commit, SENT)).isInstanceOfSatisfying(LossVerdict.Resolve.class, resolve -> assertThat(resolve.ifAborted()).isEqualTo(LOST));
        assertThat(verdict(loss('T', 0, false), commit, KEPT_BACK)).isEqualTo(LOST);
        assertThat(verdict(loss('T', 0, false), commit, ONLY_READ)).isEqualTo(LOST);
        assertThat(verdict(loss('T', 0, false), commit, UNKNOWN)).isEqualTo(NOT_KNOWN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rollback; insert into t values (1)", "rollback|insert into t values (1)", "insert into t values (1)|commit", "rollback|begin; insert into t values (1); commit",
            "prepare transaction 'a'"})
    void what_may_have_been_committed_in_a_transaction_that_nobody_followed_is_not_told_to_be_rolled_back(String texts) {
        assertThat(verdict(loss('T', 0, false), queries(texts), UNKNOWN)).isEqualTo(NOT_KNOWN);
    }

    @ParameterizedTest
    @ValueSource(chars = {'I', 'T', 'E'})
    void what_nobody_followed_and_may_end_a_transaction_may_be_committed(char status) {
        for (boolean complete : new boolean[] {true, false}) {
            var unknown = new Situation(loss(status, 0, false), BatchContents.unknown(complete, true), true, false, UNKNOWN, LossRules.Node.PRIMARY, 0);
            assertThat(LossRules.verdict(unknown)).isEqualTo(NOT_KNOWN);
        }
    }

    @Test
    void a_commit_that_was_executed_without_a_sync_may_have_happened() {
        assertThat(verdict(loss('T', 2, false), batch(false, false, StatementKind.COMMIT), UNKNOWN)).isEqualTo(NOT_KNOWN);
        assertThat(verdict(loss('T', 2, false), batch(false, false, StatementKind.COMMIT), KEPT_BACK)).isEqualTo(new LossVerdict.FailTransaction(false, 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rollback", "rollback; select 1", "rollback; begin; insert into t values (1)", "insert into t values (1)"})
    void what_has_surely_committed_nothing_fails_as_a_transaction(String texts) {
        assertThat(verdict(loss('T', 0, false), queries(texts), UNKNOWN)).isEqualTo(new LossVerdict.FailTransaction(false, 0));
    }

    @Test
    void a_client_with_half_a_message_is_closed() {
        var half = new Loss("gone", Loss.Ending.BROKEN, null, (byte) 'I', 1, false, false, 0, 0, true, false, true, false);
        assertThat(verdict(half, batch(true, true, StatementKind.QUERY), UNKNOWN)).isEqualTo(new LossVerdict.Close());
    }

    @Test
    void a_copy_whose_data_has_not_ended_is_aborted() {
        var copying = new Loss("gone", Loss.Ending.BROKEN, null, (byte) 'I', 1, false, false, 0, 0, true, false, false, true);
        assertThat(LossRules.verdict(new Situation(copying, BatchContents.unknown(true, false), true, false, UNKNOWN, LossRules.Node.PRIMARY, 0))).isEqualTo(LOST);
    }

    private static Loss failed(char status, boolean withheld) {
        return new Loss("gone", Loss.Ending.BROKEN, null, (byte) status, 1, false, true, 1, 3, false, withheld, false, false);
    }

    @Test
    void a_batch_that_had_failed_ends_with_its_error_whether_the_client_has_read_that_or_not() {
        BatchContents write = batch(false, true, StatementKind.DATA);
        assertThat(verdict(failed('I', false), write, UNKNOWN)).isEqualTo(new LossVerdict.EndOfBatch());
        assertThat(verdict(failed('I', true), write, SENT)).isEqualTo(new LossVerdict.EndOfBatch());
    }

    @Test
    void a_transaction_whose_error_was_withheld_hears_of_its_end_and_one_whose_commit_failed_is_looked_up() {
        BatchContents commit = batch(false, true, StatementKind.COMMIT);
        assertThat(verdict(failed('T', false), batch(false, true, StatementKind.DATA), UNKNOWN)).isEqualTo(new LossVerdict.FailTransaction(true, 1));
        assertThat(verdict(failed('T', true), commit, KEPT_BACK)).isEqualTo(new LossVerdict.FailTransaction(false, 1));
        assertThat(verdict(failed('T', true), commit, SENT)).isInstanceOfSatisfying(LossVerdict.Resolve.class, resolve -> assertThat(resolve.ifAborted()).isEqualTo(LOST));
    }

    @ParameterizedTest
    @EnumSource(LossRules.Node.class)
    void what_servers_die_under_is_done_again_and_then_given_up(LossRules.Node node) {
        for (int weight = 0; weight < 9; weight++) assertThat(afterDeaths(weight, node, batch(true, true, StatementKind.QUERY), UNKNOWN)).isEqualTo(new LossVerdict.Rerun(0));
        assertThat(afterDeaths(9, node, batch(true, true, StatementKind.QUERY), UNKNOWN)).isEqualTo(LOST);
        assertThat(afterDeaths(9, node, batch(true, true, StatementKind.BEGIN, StatementKind.QUERY), UNKNOWN)).isEqualTo(new LossVerdict.FailTransaction(false, 0));
    }

    @Test
    void a_write_that_servers_die_under_is_looked_up_and_given_up_only_if_it_was_aborted() {
        assertThat(afterDeaths(9, LossRules.Node.PRIMARY, batch(false, true, StatementKind.DATA), SENT))
                .isInstanceOfSatisfying(LossVerdict.Resolve.class, resolve -> assertThat(resolve.ifAborted()).isEqualTo(LOST));
    }

    private static LossVerdict afterDeaths(int weight, LossRules.Node node, BatchContents first, CommitPoint commit) {
        return LossRules.verdict(new Situation(loss('I', 0, false), first, true, true, commit, node, weight));
    }

    private static LossVerdict onReplica(LossRules.Node node, Loss loss, BatchContents first, boolean whole) {
        return LossRules.verdict(new Situation(loss, first, true, whole, UNKNOWN, node, 0));
    }

    @Test
    void what_was_asked_of_a_replica_is_asked_again_unless_rows_of_it_were_seen_or_it_is_not_known_word_for_word() {
        BatchContents read = batch(true, true, StatementKind.QUERY);
        assertThat(onReplica(LossRules.Node.REPLICA, loss('I', 2, false), read, true)).isEqualTo(new LossVerdict.Rerun(2));
        assertThat(onReplica(LossRules.Node.REPLICA, loss('I', 2, true), read, true)).isEqualTo(LOST);
        assertThat(onReplica(LossRules.Node.REPLICA, loss('I', 2, false), read, false)).isEqualTo(LOST);
        assertThat(onReplica(LossRules.Node.REPLICA, loss('I', 4, true), batch(true, true, StatementKind.BEGIN, StatementKind.QUERY), true))
                .isEqualTo(new LossVerdict.FailTransaction(false, 4));
    }

    @ParameterizedTest
    @ValueSource(strings = {"insert into t values (1)", "begin; insert into t values (1); commit", "begin|insert into t values (1)|commit", "begin; rollback; insert into t values (1)", "call p()"})
    void a_write_may_have_been_committed_by_a_replica_that_was_promoted_before_it_was_lost(String texts) {
        assertThat(onReplica(LossRules.Node.REPLICA, loss('I', 0, false), queries(texts), true)).isEqualTo(NOT_KNOWN);
        assertThat(onReplica(LossRules.Node.REPLICA_TURNED_AWAY, loss('I', 0, false), queries(texts), true)).isEqualTo(new LossVerdict.Rerun(0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"select 1", "begin; select 1; commit", "begin|select 1|commit", "begin; insert into t values (1)", "begin read only; select 1; commit"})
    void what_cannot_have_been_committed_there_is_asked_again(String texts) {
        assertThat(onReplica(LossRules.Node.REPLICA, loss('I', 0, false), queries(texts), true)).isEqualTo(new LossVerdict.Rerun(0));
    }

    @Test
    void a_batch_that_failed_on_a_replica_ends_with_its_error_but_not_where_that_was_kept_from_the_client() {
        BatchContents read = batch(true, true, StatementKind.QUERY);
        assertThat(onReplica(LossRules.Node.REPLICA, failed('I', false), read, true)).isEqualTo(new LossVerdict.EndOfBatch());
        assertThat(onReplica(LossRules.Node.REPLICA_TURNED_AWAY, failed('I', false), read, true)).isEqualTo(new LossVerdict.Rerun(1));
    }

    @Test
    void a_transaction_on_a_replica_has_committed_nothing() {
        BatchContents commit = batch(true, true, StatementKind.COMMIT);
        assertThat(onReplica(LossRules.Node.REPLICA, loss('T', 0, false), commit, true)).isEqualTo(LOST);
        assertThat(LossRules.verdict(new Situation(loss('T', 0, false), commit, true, true, SENT, LossRules.Node.REPLICA, 0))).isEqualTo(LOST);
        assertThat(onReplica(LossRules.Node.REPLICA, loss('T', 1, false), batch(true, true, StatementKind.QUERY), true)).isEqualTo(new LossVerdict.FailTransaction(false, 1));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void whatever_was_under_way_no_read_is_unknown_of_a_replica_and_nothing_seen_is_shown_twice(long seed) {
        var random = new Random(seed);
        StatementKind[] kinds = StatementKind.values();
        for (int round = 0; round < 20_000; round++) {
            var has = EnumSet.noneOf(StatementKind.class);
            for (int i = random.nextInt(4); i > 0; i--) has.add(kinds[random.nextInt(kinds.length)]);
            char status = "ITE".charAt(random.nextInt(3));
            int visible = random.nextInt(5);
            boolean rows = random.nextBoolean();
            var loss = new Loss("gone", Loss.Ending.values()[random.nextInt(5)], null, (byte) status, 1, random.nextBoolean(), random.nextBoolean(), visible, visible, rows,
                    random.nextBoolean(), false, false);
            var first = new BatchContents(random.nextBoolean(), random.nextBoolean(), has, random.nextInt(10) == 0, random.nextBoolean());
            CommitPoint commit = List.of(UNKNOWN, ONLY_READ, KEPT_BACK, SENT).get(random.nextInt(4));
            LossRules.Node node = random.nextBoolean() ? LossRules.Node.REPLICA : LossRules.Node.REPLICA_TURNED_AWAY;
            var at = new Situation(loss, first, random.nextBoolean(), random.nextBoolean(), commit, node, random.nextInt(12));
            String what = "seed " + seed + ", round " + round + ": " + at;
            switch (LossRules.verdict(at)) {
                case LossVerdict.Resolve _ -> throw new AssertionError(what);
                case LossVerdict.Fail(var reason) -> {
                    if (node != LossRules.Node.REPLICA || status != 'I' || first.onlyReads()) assertThat(reason).as(what).isEqualTo(RefusalReason.PRIMARY_LOST);
                }
                case LossVerdict.Rerun(int suppressed) -> {
                    assertThat(suppressed).as(what).isEqualTo(visible);
                    assertThat(rows).as(what).isFalse();
                    assertThat(at.deathsWeight()).as(what).isLessThan(9);
                }
                case LossVerdict.FailTransaction(_, int suppressed) -> assertThat(suppressed).as(what).isEqualTo(visible);
                case LossVerdict.EndOfBatch _ -> assertThat(loss.failed()).as(what).isTrue();
                case LossVerdict.Unnoticed _ -> assertThat(at.anything()).as(what).isFalse();
                case LossVerdict.Close _ -> throw new AssertionError(what);
            }
        }
    }
}
