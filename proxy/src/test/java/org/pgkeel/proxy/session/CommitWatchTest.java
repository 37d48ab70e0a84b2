package org.pgkeel.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.failover.outcome.TransactionMark;
import org.pgkeel.failover.outcome.Work;
import org.pgkeel.failover.topology.Lsn;
import org.pgkeel.proxy.catalogue.Catalogue;
import org.pgkeel.proxy.session.LossRules.Knowledge;
import org.pgkeel.proxy.statement.Classifier;
import org.pgkeel.proxy.statement.Dialect;

/// What is known of a transaction at each point of it, and that a mark is never taken for another transaction's than its own.
class CommitWatchTest {
    private final CommitWatch watch = new CommitWatch();

    private void executes(String... statements) {
        for (String sql : statements) watch.executes(Classifier.classify(sql, Dialect.USUAL, Catalogue.of(List.of())));
    }

    private static Optional<TransactionMark> mark(int xid) {
        return Optional.of(new TransactionMark(xid, new Lsn(xid)));
    }

    private void asksAndSends(String end, int xid) {
        assertThat(watch.mustAsk()).isTrue();
        watch.asked(5);
        watch.answered(mark(xid));
        executes(end);
        watch.sent();
    }

    @Test
    void a_transaction_that_wrote_is_known_by_its_mark_and_forgotten_when_it_is_over() {
        executes("begin", "insert into t values (1)");
        watch.batchOver(true);
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NONE);
        asksAndSends("commit", 7);
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.ASKED);
        assertThat(watch.knowledge(false)).as("where commits are not watched").isEqualTo(Knowledge.NONE);
        assertThat(watch.isSent()).isTrue();
        watch.over();
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NOTHING_WRITTEN);
        assertThat(watch.isSent()).isFalse();
        assertThat(watch.mark()).isEmpty();
    }

    /// Its xid says nothing of the foreign server, and without one it may still have written there.
    @Test
    void nothing_is_learnt_of_a_transaction_that_does_something_elsewhere() {
        executes("begin", "select dblink_exec('insert into t values (1)')", "insert into t values (1)");
        watch.batchOver(true);
        asksAndSends("commit", 7);
        assertThat(watch.work()).isEqualTo(Work.COMMITS_INSIDE);
        watch.over();
        assertThat(watch.work()).isEqualTo(Work.TRANSACTION);
    }

    @Test
    void the_mark_of_a_prepared_transaction_is_that_of_its_end_alone() {
        watch.prepared(Work.COMMIT_PREPARED, mark(7).orElseThrow(), 5);
        executes("commit prepared 'x'");
        watch.sent();
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.ASKED);
        assertThat(watch.isMarkOwn()).as("nothing is acknowledged by it").isFalse();
        executes("insert into t values (1)");
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NONE);
        watch.over();
        assertThat(watch.isMarkOwn()).isTrue();

        watch.prepared(Work.ROLLBACK_PREPARED, mark(7).orElseThrow(), 5);
        executes("insert into t values (1)");
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NONE);
        watch.over();

        watch.prepared(Work.ROLLBACK_PREPARED, mark(7).orElseThrow(), 5);
        executes("rollback prepared 'x'", "rollback prepared 'y'");
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NONE);
    }

    @Test
    void of_a_copy_something_can_be_learnt_if_its_end_is_kept_back() {
        executes("copy t from stdin");
        assertThat(watch.copies()).isTrue();
        assertThat(watch.mustAsk()).isFalse();
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NONE);
        watch.endIsKept();
        assertThat(watch.mustAsk()).isTrue();
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.ASKED);
        assertThat(watch.isSent()).isFalse();
        watch.over();
        assertThat(watch.copies()).isFalse();
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NOTHING_WRITTEN);
    }

    @Test
    void nothing_is_known_of_a_copy_whose_end_is_kept_back_when_something_else_may_have_ended_it() {
        executes("copy t from stdin");
        watch.endIsKept();
        watch.unwatchable();
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NONE);
        assertThat(watch.copies()).isTrue();
        assertThat(watch.isCopyKept()).isFalse();
    }

    @Test
    void what_commits_inside_does_so_alone_and_outside_of_a_block() {
        executes("call p()");
        assertThat(watch.work()).isEqualTo(Work.COMMITS_INSIDE);
        watch.over();
        executes("begin", "call p()");
        assertThat(watch.work()).isEqualTo(Work.TRANSACTION);
        watch.batchOver(true);
        executes("do 'begin end'", "analyze t");
        assertThat(watch.work()).isEqualTo(Work.TRANSACTION);
        asksAndSends("commit", 7);
        executes("call p()");
        assertThat(watch.work()).as("behind the end").isEqualTo(Work.COMMITS_INSIDE);
        watch.over();
        executes("call p(); select 1");
        assertThat(watch.work()).as("the commands of a text are in a block").isEqualTo(Work.TRANSACTION);
    }

    @Test
    void in_a_block_of_the_proxys_own_it_does_not_and_may_have_effects_without_an_xid() {
        executes("call p()");
        watch.encloses();
        assertThat(watch.isEnclosed()).isTrue();
        assertThat(watch.work()).isEqualTo(Work.UNMARKED);
        assertThat(watch.mustAsk()).isTrue();
        watch.over();
        assertThat(watch.isEnclosed()).isFalse();
        executes("call p()");
        assertThat(watch.work()).isEqualTo(Work.COMMITS_INSIDE);
    }

    @Test
    void of_maintenance_nothing_is_found_out_but_in_a_block() {
        executes("vacuum t");
        assertThat(watch.mayHaveWritten()).isTrue();
        assertThat(watch.mustAsk()).isFalse();
        assertThat(watch.work()).isEqualTo(Work.TRANSACTION);
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NONE);
        watch.over();
        executes("begin", "reindex table t");
        assertThat(watch.mustAsk()).isTrue();
        watch.batchOver(true);
        executes("analyze t");
        assertThat(watch.mustAsk()).isTrue();
        watch.over();
        executes("analyze t; insert into t values (1)");
        assertThat(watch.mustAsk()).isTrue();
    }

    @Test
    void what_was_done_in_a_transaction_says_nothing_of_the_one_that_is_chained_to_it() {
        executes("begin");
        watch.batchOver(true);
        executes("notify a");
        asksAndSends("commit and chain", 7);
        assertThat(watch.isUnmarked()).isTrue();
        watch.batchOver(true);
        executes("insert into t values (1)");
        assertThat(watch.isUnmarked()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"notify a", "notify a, 'b'; select 1", "select pg_notify('a', 'b')", "select pg_catalog.pg_notify(x, 'b') from t"})
    void what_notifies_may_have_no_xid_before_its_commit(String notifies) {
        executes(notifies);
        assertThat(watch.isUnmarked()).isTrue();
        assertThat(watch.mayHaveWritten()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"listen a", "unlisten *", "listen a; unlisten b"})
    void who_listens_writes_nothing(String listens) {
        executes(listens);
        assertThat(watch.mayHaveWritten()).isFalse();
        executes(listens + "; insert into t values (1)");
        assertThat(watch.mayHaveWritten()).isTrue();
    }

    @Test
    void a_transaction_that_only_reads_has_written_nothing_in_one_text_or_in_several() {
        executes("begin", "select 1", "commit");
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NOTHING_WRITTEN);
        executes("begin; select 1; commit");
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NOTHING_WRITTEN);
    }

    /// The mark of the first is committed: taken for the second's it would acknowledge what may be lost.
    @ParameterizedTest
    @ValueSource(strings = {"commit and chain", "end work and chain", "commit transaction and chain"})
    void the_transaction_behind_a_chained_commit_is_another_one(String chain) {
        executes("begin", "insert into t values (1)");
        watch.batchOver(true);
        asksAndSends(chain, 7);
        watch.batchOver(true);
        assertThat(watch.isSent()).isFalse();
        assertThat(watch.mark()).isEmpty();
        executes("insert into t values (2)");
        watch.batchOver(true);
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NONE);
        asksAndSends("commit", 8);
        assertThat(watch.mark()).isEqualTo(mark(8));
        assertThat(watch.mayHaveWritten()).as("reads have to wait for the first one, too").isTrue();
    }

    @Test
    void the_mark_stays_while_an_answer_of_before_comes_in() {
        executes("begin", "insert into t values (1)");
        asksAndSends("commit", 7);
        watch.batchOver(false);   // the INSERT's, which was sent ahead
        assertThat(watch.isSent()).isTrue();
        assertThat(watch.mark()).isEqualTo(mark(7));
    }

    @Test
    void nothing_is_known_of_several_transactions_in_one_batch() {
        executes("begin", "insert into t values (1)");
        asksAndSends("commit", 7);
        executes("begin", "insert into t values (2)", "commit");
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NONE);
        assertThat(watch.isSent()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rollback", "commit"})
    void what_stands_behind_the_end_of_a_transaction_commits_with_the_batch(String end) {
        executes("begin", "insert into t values (1)");
        watch.batchOver(true);
        executes(end, "insert into t values (2)");
        assertThat(watch.isSent()).isTrue();
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NONE);
    }

    @Test
    void what_stands_behind_the_end_in_one_text_commits_with_it_unless_a_transaction_begins_there() {
        executes("begin", "insert into t values (1)");
        watch.batchOver(true);
        executes("rollback; begin; insert into t values (2)");
        assertThat(watch.isSent()).isFalse();
        watch.batchOver(true);
        executes("rollback; insert into t values (2)");
        assertThat(watch.isSent()).isTrue();
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NONE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rollback; begin; rollback; insert into t values (2)", "rollback; insert into t values (2); begin"})
    void a_block_that_begins_and_ends_in_one_text_hides_nothing_that_commits_with_it(String text) {
        executes("begin", "insert into t values (1)");
        watch.batchOver(true);
        executes(text);
        assertThat(watch.isSent()).isTrue();
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NONE);
    }

    @Test
    void data_and_what_was_not_looked_into_hide_nothing_from_a_later_commit_of_the_same_transaction() {
        executes("begin", "copy t from stdin");
        assertThat(watch.mustAsk()).as("it cannot be asked in the batch of the COPY").isFalse();
        watch.batchOver(true);
        assertThat(watch.mustAsk()).isTrue();
        watch.unwatchable();
        assertThat(watch.mustAsk()).isFalse();
        watch.batchOver(true);
        assertThat(watch.mustAsk()).isTrue();
    }

    @Test
    void a_text_that_nobody_has_looked_into_may_commit_until_it_is_answered() {
        executes("begin", "insert into t values (1)");
        watch.batchOver(true);
        watch.mayEnd();
        assertThat(watch.isSent()).isTrue();
        assertThat(watch.isEnding()).as("what comes behind it waits").isTrue();
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.NONE);
        watch.batchOver(true);
        assertThat(watch.isSent()).as("the transaction goes on").isFalse();
        asksAndSends("commit", 7);
        assertThat(watch.knowledge(true)).isEqualTo(Knowledge.ASKED);
    }

    /// A server that is told the same, statement by statement and one batch each, with chains: whatever is known at a COMMIT is of the right transaction.
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void a_mark_is_its_transactions_own_at_every_commit(long seed) {
        var random = new Random(seed);
        int xid = 0;
        boolean open = false;
        boolean wrote = false;
        var said = new ArrayList<String>();
        for (int step = 0; step < 20_000; step++) {
            String what = List.of("begin", "insert into t values (1)", "select 1", "commit", "commit and chain", "rollback", "rollback and chain").get(random.nextInt(7));
            if (!open && !what.equals("begin") || open && what.equals("begin")) continue;
            said.add(what);
            boolean ends = what.startsWith("commit") || what.startsWith("rollback");
            boolean commits = what.startsWith("commit");
            if (what.startsWith("insert") && !wrote) {
                wrote = true;
                xid++;
            }
            if (commits && watch.mustAsk()) {
                watch.asked(5);
                watch.answered(wrote ? mark(xid) : Optional.empty());
            }
            executes(what);
            if (commits) watch.sent();
            String where = "seed " + seed + ", step " + step + ": " + said;
            if (commits && wrote) {
                assertThat(watch.knowledge(true)).as(where).isEqualTo(Knowledge.ASKED);
                assertThat(watch.mark()).as(where).isEqualTo(mark(xid));
            }
            assertThat(watch.isSent()).as(where).isEqualTo(commits);
            if (!commits) assertThat(watch.mark()).as(where).isEmpty();
            open = !ends || what.endsWith("chain");
            if (ends) wrote = false;
            if (open) {
                watch.batchOver(true);
            } else {
                watch.over();
                said.clear();
            }
        }
    }
}
