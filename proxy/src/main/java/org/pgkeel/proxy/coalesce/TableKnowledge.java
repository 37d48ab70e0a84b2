package org.pgkeel.proxy.coalesce;

import io.netty.buffer.ByteBuf;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.insert.TargetTable;
import org.pgkeel.proxy.pool.Waiter;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.relay.Aside;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.settings.Settings;
import org.pgkeel.proxy.settings.SettingsDiff;

/// What the catalogue says of a table under the name that clients give it, with their settings. It is asked for when it is needed first, and
/// again when it has grown old, when the proxy has seen DDL, and when a batch has found the table changed. After the last, and before the first
/// answer, INSERTs into it are not taken.
///
/// Threading: confined to its event loop.
final class TableKnowledge {
    private static final long AGE_MAX_NANOS = 60_000_000_000L;
    private static final long RETRY_NANOS = 1_000_000_000L;
    /// A connection that is lost does not answer.
    private static final long ANSWER_NANOS = 10_000_000_000L;

    private final Place place;
    private final Settings settings;
    private final String writtenName;
    private final String question;
    private Optional<TargetTable> known = Optional.empty();
    private int version;
    private int generation;
    private boolean outdated = true;
    private boolean asking;
    private long askAgainNanos;
    private long askedNanos;
    private long longAnswersUntilNanos;

    TableKnowledge(Place place, Settings settings, String writtenName) {
        this.place = place;
        this.settings = settings;
        this.writtenName = writtenName;
        this.question = TargetTable.question(writtenName);
        this.askAgainNanos = System.nanoTime();
        this.longAnswersUntilNanos = askAgainNanos;
        this.generation = place.generation();
    }

    /// Empty if there is no such table, or if it is not known now.
    Optional<TargetTable> known() {
        return known;
    }

    /// The name that clients give it.
    String writtenName() {
        return writtenName;
    }

    /// Changes with every answer that differs from the one before.
    int version() {
        return version;
    }

    /// Asks if that is due.
    /// @return what is known may be relied on
    boolean isReliable(long nowNanos) {
        if (generation != place.generation()) {   // until the answer is there each batch's guard sees whether it was this table
            generation = place.generation();
            askAgainNanos = nowNanos;
        }
        boolean due = nowNanos - askAgainNanos >= 0;
        if (due && (!asking || nowNanos - askedNanos >= ANSWER_NANOS)) ask(nowNanos);
        return !outdated;
    }

    /// The table may have changed.
    void outdate() {
        generation = place.generation();
        outdated = true;
        askAgainNanos = System.nanoTime();
    }

    /// Its rows run by themselves for a while: they do something that the proxy sees only where one runs by itself.
    void rest() {
        outdated = true;
        askAgainNanos = System.nanoTime() + AGE_MAX_NANOS;
    }

    /// What the server answers to its rows is too much to be kept until a commit: those that have an answer of their own run by themselves for a while.
    void answersAreLong() {
        longAnswersUntilNanos = System.nanoTime() + AGE_MAX_NANOS;
    }

    boolean hasLongAnswers(long nowNanos) {
        return nowNanos - longAnswersUntilNanos < 0;
    }

    private void ask(long nowNanos) {
        asking = true;
        askedNanos = nowNanos;
        askAgainNanos = nowNanos + RETRY_NANOS;
        var answer = new Question();
        BackendConnection leased = place.slice().lease(answer, nowNanos);
        if (leased != null) answer.leased(leased);
    }

    private void answered(Optional<TargetTable> answer, int askedAt) {
        asking = false;
        if (!answer.equals(known)) version++;
        known = answer;
        outdated = false;
        askAgainNanos = System.nanoTime() + (askedAt == place.generation() ? AGE_MAX_NANOS : 0);
    }

    private final class Question implements Waiter<BackendConnection>, Aside {
        private Optional<TargetTable> answer = Optional.empty();
        private boolean failed;
        private @Nullable BackendConnection asked;
        private int at;

        @Override
        public void leased(BackendConnection leased) {
            asked = leased;
            at = place.generation();
            // What is set in a transaction that is rolled back is undone.
            String statements = SettingsDiff.statements(leased.applied(), settings);
            leased.endLeaseAsking(leased.applied(), statements.isEmpty() ? question : "begin; " + statements + "; " + question + "; rollback", this, System.nanoTime());
        }

        @Override
        public int requestBytes() {
            return question.length();
        }

        @Override
        public void refused(Refusal refusal) {
            asking = false;
        }

        @Override
        public void dataRow(ByteBuf in, int from, int bytes) {
            answer = TargetTable.parse(in, from, bytes);
        }

        @Override
        public void error(byte[] errorBody) {
            failed = true;
        }

        @Override
        public void done(byte status) {
            if (failed) asking = false;
            else answered(answer, at);
        }
    }
}
