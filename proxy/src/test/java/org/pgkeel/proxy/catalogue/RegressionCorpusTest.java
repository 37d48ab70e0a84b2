package org.pgkeel.proxy.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.statement.Access;
import org.pgkeel.proxy.statement.Characters;
import org.pgkeel.proxy.statement.ClassCache;
import org.pgkeel.proxy.statement.Dialect;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementKind;
import org.postgresql.PGConnection;

/// PostgreSQL's own regression tests against the classifier: their database is made, then every statement they sent is classified by
/// the database's catalogue and run in a read-only transaction, with the settings its session had. None that is called a read may
/// be refused with `25006` or take a transaction id.
class RegressionCorpusTest {
    private static final String READ_ONLY_SQL_TRANSACTION = "25006";
    private static final int THREADS = 2;

    /// What was found in some of the sessions.
    private static final class Tally {
        final List<String> refused = new ArrayList<>();
        final Map<String, Integer> missed = new HashMap<>();
        int reads;
        int readsThatRan;
        int copiesThatRan;
        int others;
        int missedReads;
    }

    @Test
    void no_statement_that_is_called_a_read_writes() throws Exception {
        Path corpus = RegressionCorpus.folder();
        try (var server = new RegressionServer()) {
            server.runTests(corpus);
            List<List<String>> sessions = server.statements();
            Catalogue catalogue;
            try (Connection connection = server.connect()) {
                catalogue = fetch(connection);
            }
            Tally all = new Tally();
            try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
                List<Future<Tally>> parts = new ArrayList<>();
                for (List<String> session : sessions) {
                    Callable<Tally> part = () -> replay(server, session, catalogue);
                    parts.add(threads.submit(part));
                }
                for (Future<Tally> part : parts) add(part.get(), all);
            }
            int ran = all.readsThatRan + all.missedReads;
            System.out.printf("regression corpus: %d statements of %d sessions; %d called reads, of which %d ran; of %d queries that ran read-only %d (%.1f %%) were called writes: %s%n",
                    all.reads + all.others, sessions.size(), all.reads, all.readsThatRan, ran, all.missedReads, 100.0 * all.missedReads / ran,
                    all.missed.entrySet().stream().sorted((a, b) -> b.getValue() - a.getValue()).limit(25).toList());
            assertThat(all.refused).as("called reads, but they write").isEmpty();
            assertThat(all.readsThatRan).as("reads that were tried").isGreaterThan(5_000);
            assertThat(all.copiesThatRan).as("COPY TO STDOUT that ran").isGreaterThan(10);
            assertThat(all.missedReads).as("reads that were called writes").isLessThan(ran / 4);
        }
    }

    private static Catalogue fetch(Connection connection) throws SQLException {
        List<Catalogue.Row> rows = new ArrayList<>();
        try (Statement statement = connection.createStatement()) {
            statement.execute("set search_path = pg_catalog");
            try (ResultSet result = statement.executeQuery(CatalogueQuery.SQL)) {
                while (result.next()) rows.add(new Catalogue.Row(result.getString(1).charAt(0), result.getString(2)));
            }
        }
        return Catalogue.of(rows);
    }

    private static Tally replay(RegressionServer server, List<String> session, Catalogue catalogue) throws SQLException {
        Tally tally = new Tally();
        ClassCache classes = new ClassCache(() -> 64 << 20, () -> 64 << 10);
        Connection connection = server.connect();
        try {
            for (String sql : session) {
                if (connection.isClosed()) connection = server.connect();
                try (Statement statement = connection.createStatement()) {
                    statement.setEscapeProcessing(false);
                    boolean standard = standardStrings(statement);
                    StatementClass text = classify(classes, sql, new Dialect(standard, Characters.UTF8), catalogue);
                    if (text.access() == Access.SESSION) run(statement, sql);
                    else if (text.access() != Access.TRANSACTION && !text.has(StatementKind.COPY_IN) && (!text.has(StatementKind.COPY_OUT) || isCopyOut(text))) tryReadOnly(statement, sql, text, tally);
                }
            }
        } finally {
            connection.close();
        }
        return tally;
    }

    /// As a session does it: texts that differ in literals alone are one.
    private static StatementClass classify(ClassCache classes, String sql, Dialect dialect, Catalogue catalogue) {
        ByteBuf bytes = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        return classes.classify(bytes, 0, bytes.writerIndex(), dialect, catalogue);
    }

    private static boolean standardStrings(Statement statement) throws SQLException {
        try (ResultSet result = statement.executeQuery("show standard_conforming_strings")) {
            result.next();
            return result.getString(1).equals("on");
        }
    }

    private static void tryReadOnly(Statement statement, String sql, StatementClass text, Tally tally) throws SQLException {
        if (text.isRead()) tally.reads++;
        else tally.others++;
        run(statement, "begin read only");
        run(statement, "set local statement_timeout = '5s'");
        String state = isCopyOut(text) ? runCopyOut(statement.getConnection(), sql) : run(statement, sql);
        boolean tookXid = state.isEmpty() && takesXid(statement);
        run(statement, "rollback");
        if (text.isRead()) {
            if (state.isEmpty()) tally.readsThatRan++;
            if (state.isEmpty() && isCopyOut(text)) tally.copiesThatRan++;
            if (state.equals(READ_ONLY_SQL_TRANSACTION) || tookXid) tally.refused.add((tookXid ? "took an xid: " : "25006: ") + sql);
        } else if (state.isEmpty() && !tookXid && text.has(StatementKind.QUERY)) {
            tally.missedReads++;
            tally.missed.merge(text.why().reason() + " " + text.why().word(), 1, Integer::sum);
        }
    }

    private static boolean takesXid(Statement statement) throws SQLException {
        try (ResultSet result = statement.executeQuery("select pg_catalog.pg_current_xact_id_if_assigned() is not null")) {
            result.next();
            return result.getBoolean(1);
        } catch (SQLException _) {
            return false;
        }
    }

    /// The driver runs no other texts with COPY.
    private static boolean isCopyOut(StatementClass text) {
        return text.kinds().equals(List.of(StatementKind.COPY_OUT));
    }

    /// @return the SQLSTATE; empty if it ran
    private static String runCopyOut(Connection connection, String sql) {
        try {
            connection.unwrap(PGConnection.class).getCopyAPI().copyOut(sql, OutputStream.nullOutputStream());
            return "";
        } catch (SQLException e) {
            return String.valueOf(e.getSQLState());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// @return the SQLSTATE; empty if it ran
    private static String run(Statement statement, String sql) {
        try {
            statement.execute(sql);
            while (statement.getMoreResults() || statement.getUpdateCount() >= 0) {
                // Every result is taken.
            }
            return "";
        } catch (SQLException e) {
            return String.valueOf(e.getSQLState());
        }
    }

    private static void add(Tally part, Tally all) {
        all.refused.addAll(part.refused);
        all.reads += part.reads;
        all.readsThatRan += part.readsThatRan;
        all.copiesThatRan += part.copiesThatRan;
        all.others += part.others;
        all.missedReads += part.missedReads;
        part.missed.forEach((why, count) -> all.missed.merge(why, count, Integer::sum));
    }
}
