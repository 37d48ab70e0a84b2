package org.pgkeel.proxy.server;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// A PostgreSQL whose table `stepped` takes the numbers that clients insert, for tests that stop their requests at the steps of the way to the commit in `strict`.
/// Threading: any.
final class CommitSteps implements AutoCloseable {
    /// How far the text has come.
    enum Moment {
        TEXT_ON_ITS_WAY(SteppingLink.Held.REQUESTS),
        TEXT_UNANSWERED(SteppingLink.Held.REPLIES),
        QUESTION_ON_ITS_WAY(SteppingLink.Held.REQUESTS),
        QUESTION_UNANSWERED(SteppingLink.Held.REPLIES),
        COMMIT_ON_ITS_WAY(SteppingLink.Held.REQUESTS),
        COMMIT_UNANSWERED(SteppingLink.Held.REPLIES);

        private final SteppingLink.Held held;

        Moment(SteppingLink.Held held) {
            this.held = held;
        }

        SteppingLink.Held held() {
            return held;
        }

        /// The server has committed, if its client has not heard of it.
        boolean commits() {
            return this == COMMIT_UNANSWERED;
        }
    }

    /// What the proxy asks ahead of the commit.
    enum Question {
        PLAIN("pgkeel_xl\0"),
        /// It gives the transaction an xid and a record, for it may have effects without them.
        NOTING("pgkeel_xn\0");

        private final String word;

        Question(String word) {
            this.word = word;
        }
    }

    private final PostgresFixture postgres;
    private final String textWord;
    private final Question question;
    private final AtomicInteger numbers = new AtomicInteger();

    private CommitSteps(PostgresFixture postgres, String textWord, Question question) {
        this.postgres = postgres;
        this.textWord = textWord;
        this.question = question;
    }

    /// @param textWord by which the proxy's request with the text is known
    /// @param more     what else is created
    static CommitSteps start(String textWord, Question question, String... more) {
        PostgresFixture postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        // What was acknowledged is to be there after kill -9: the fixture is quicker than safe otherwise.
        postgres.execute("create table stepped (x int)", "grant all on stepped to app", "alter database app set synchronous_commit = on");
        postgres.execute(more);
        postgres.execute("checkpoint");
        return new CommitSteps(postgres, textWord, question);
    }

    /// Each moment, with each way in which the client vanishes.
    static Stream<Arguments> deaths() {
        return Stream.of(Moment.values()).flatMap(moment -> Stream.of(Ending.values()).map(ending -> Arguments.of(moment, ending)));
    }

    void execute(String... statements) {
        postgres.execute(statements);
    }

    /// Past the proxy, as superuser.
    Connection connect() throws SQLException {
        return postgres.connect();
    }

    String query(String sql) {
        return postgres.query(sql);
    }

    /// One that was not used before.
    int number() {
        return numbers.incrementAndGet();
    }

    int rows(int number) {
        return Integer.parseInt(query("select count(*) from stepped where x = " + number));
    }

    void awaitGone(String pid) {
        await().until(() -> query("select count(*) from pg_stat_activity where pid = " + pid).equals("0"));
    }

    /// The session has asked nothing for so long, by the server's clock.
    void awaitQuiet(String pid, String interval) {
        await().until(() -> query("select count(*) from pg_stat_activity where pid = " + pid + " and state_change < clock_timestamp() - interval '" + interval + "'").equals("1"));
    }

    SteppingLink link() throws IOException {
        return new SteppingLink(postgres.host(), postgres.port());
    }

    /// What the proxy says at that moment.
    String word(Moment moment) {
        return switch (moment) {
            case TEXT_ON_ITS_WAY, TEXT_UNANSWERED -> textWord;
            case QUESTION_ON_ITS_WAY, QUESTION_UNANSWERED -> question.word;
            case COMMIT_ON_ITS_WAY, COMMIT_UNANSWERED -> "\0commit";
        };
    }

    void stopAt(SteppingLink link, Moment moment) {
        link.stopAt(word(moment), moment.held);
    }

    /// The text stands there; if it commits, that is done.
    void awaitStopped(SteppingLink link, Moment moment, int number, int rows) {
        link.awaitStopped();
        if (moment.commits()) await().until(() -> rows(number) == rows);
    }

    /// The server is lost. What was committed before a crash cannot be told for sure of a server that comes back by itself: there, only the connection is lost.
    /// Of a commit that another server has, see [PromotionEndToEndTest].
    void lose(SteppingLink link, Moment moment) throws IOException {
        if (moment.commits()) {
            link.cut();
            return;
        }
        postgres.kill();
        await().ignoreExceptions().until(() -> {
            postgres.startAgain();
            return true;
        });
    }

    @Override
    public void close() {
        postgres.close();
    }
}
