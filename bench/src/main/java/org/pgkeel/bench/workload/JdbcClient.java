package org.pgkeel.bench.workload;

import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Outcome;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.history.Outcome.Closer;
import org.pgkeel.bench.history.Recorder;
import org.postgresql.util.PSQLException;

/// One session of pgjdbc, opened again where it was lost. What the driver throws becomes an [Outcome].
///
/// Threading: confined to one thread, [#close] excepted.
final class JdbcClient implements AutoCloseable {
    /// Which messages the driver sends.
    enum Mode {
        SIMPLE("&preferQueryMode=simple"),
        EXTENDED("&prepareThreshold=0"),
        PREPARED("&prepareThreshold=1");

        private final String options;

        Mode(String options) {
            this.options = options;
        }
    }

    /// Statements in one session.
    interface Body {
        Acknowledged run(Connection connection) throws SQLException;
    }

    private static final long LOGIN_PAUSE_MILLIS = 50;

    private final Endpoint endpoint;
    private final Mode mode;
    private final Recorder recorder;
    private int address;
    private volatile Optional<Connection> connection = Optional.empty();

    JdbcClient(Endpoint endpoint, Mode mode, Recorder recorder) {
        this.endpoint = endpoint;
        this.mode = mode;
        this.recorder = recorder;
        this.address = recorder.worker();
    }

    /// Opens the session if there is none; waits a moment where that fails, which is recorded.
    ///
    /// @return whether there is a session
    boolean connected() throws InterruptedException {
        if (connection.isPresent()) return true;
        long now = System.nanoTime();
        try {
            connection = Optional.of(DriverManager.getConnection(endpoint.jdbcUrl(address) + mode.options, endpoint.login().user(), endpoint.login().password()));
            recorder.add(Kind.LOGIN, 0, 0, now, now, Acknowledged.saw(0));
            return true;
        } catch (SQLException e) {
            address++;
            recorder.add(Kind.LOGIN, 0, 0, now, now, new Outcome.Failed(sqlState(e)));
            TimeUnit.MILLISECONDS.sleep(LOGIN_PAUSE_MILLIS);
            return false;
        }
    }

    /// One statement that is its own transaction.
    Outcome autocommit(Body body) {
        Connection session = connection.orElseThrow();
        try {
            return body.run(session);
        } catch (SQLException e) {
            return outcome(session, e);
        }
    }

    /// An explicit transaction. Where it fails and the connection is still there, it is rolled back; a ROLLBACK that fails is recorded as such.
    Outcome transaction(Body body) {
        Connection session = connection.orElseThrow();
        try {
            session.setAutoCommit(false);
            Acknowledged result = body.run(session);
            session.commit();
            session.setAutoCommit(true);
            return result;
        } catch (SQLException e) {
            Outcome outcome = outcome(session, e);
            if (connection.isPresent()) rollBack(session);
            return outcome;
        }
    }

    /// One text that begins and ends its own transaction. Where it fails and the connection is still there, it is rolled back as by [#transaction].
    Outcome script(Body body) {
        Connection session = connection.orElseThrow();
        try {
            return body.run(session);
        } catch (SQLException e) {
            Outcome outcome = outcome(session, e);
            if (connection.isPresent()) rollBack(session);
            return outcome;
        }
    }

    private void rollBack(Connection session) {
        long now = System.nanoTime();
        try {
            if (session.getAutoCommit()) {   // the driver knows of no transaction that a text has begun
                try (var statement = session.createStatement()) {
                    statement.execute("rollback");
                }
            } else {
                session.rollback();
                session.setAutoCommit(true);
            }
        } catch (SQLException e) {
            recorder.add(Kind.ROLLBACK, 0, 0, now, now, outcome(session, e));
            forget(session);
        }
    }

    private Outcome outcome(Connection session, SQLException failure) {
        String sqlState = sqlState(failure);
        if (!isLost(failure) && !isClosed(session)) return Outcome.ofError(sqlState);
        forget(session);
        return new Outcome.Closed(timedOut(failure) ? Closer.CLIENT_LOST_PATIENCE : Closer.PEER, sqlState);
    }

    /// After a COPY the driver does not call the session closed.
    private static boolean isLost(SQLException failure) {
        if (!(failure instanceof PSQLException thrown)) return false;
        return thrown.getServerErrorMessage() == null ? sqlState(failure).startsWith("08") : "FATAL".equals(thrown.getServerErrorMessage().getSeverity());
    }

    private void forget(Connection session) {
        connection = Optional.empty();
        address++;
        abort(session);
    }

    @Override
    public void close() {
        connection.ifPresent(JdbcClient::abort);
    }

    private static void abort(Connection session) {
        try {
            session.abort(Runnable::run);
        } catch (SQLException alreadyGone) {
            // That is what was wanted.
        }
    }

    private static boolean isClosed(Connection session) {
        try {
            return session.isClosed();
        } catch (SQLException e) {
            return true;
        }
    }

    private static boolean timedOut(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) if (cause instanceof SocketTimeoutException) return true;
        return false;
    }

    private static String sqlState(SQLException failure) {
        return Optional.ofNullable(failure.getSQLState()).orElse("?????");
    }
}
