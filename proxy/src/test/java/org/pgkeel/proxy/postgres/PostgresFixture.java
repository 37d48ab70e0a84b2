package org.pgkeel.proxy.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import org.postgresql.Driver;

/// A running PostgreSQL with users of every kind and TLS.
///
/// | user       | secret           | how it logs in over TCP           |
/// |------------|------------------|-----------------------------------|
/// | `postgres` | `postgres`       | SCRAM; superuser                  |
/// | `app`      | `app_secret`     | SCRAM; owns database `app`        |
/// | `md5user`  | `md5_secret`     | md5                               |
/// | `certuser` | (none)           | client certificate over TLS only  |
///
/// Threading: any.
public interface PostgresFixture extends AutoCloseable {
    String SUPERUSER = "postgres";
    String SUPERUSER_PASSWORD = "postgres";
    String APP_USER = "app";
    String APP_PASSWORD = "app_secret";
    String MD5_USER = "md5user";
    String MD5_PASSWORD = "md5_secret";
    String CERT_USER = "certuser";
    String DATABASE = "app";

    /// A PostgreSQL of the test's own; close it.
    /// @throws AssertionError if no provider works, with the reason of each
    static PostgresFixture start(FixtureOptions options) {
        return Provider.startFirstThatWorks(options);
    }

    /// As [#start], from the machine's own PostgreSQL: of the version of [ClientTools], for programs that refuse newer servers.
    /// @throws AssertionError if the machine has none
    static PostgresFixture startLocal(FixtureOptions options) {
        try {
            return Provider.LOCAL.start(options);
        } catch (RuntimeException e) {
            throw new AssertionError("the machine's own PostgreSQL does not start (Debian: apt-get install postgresql): " + e.getMessage(), e);
        }
    }

    Provider provider();

    String host();

    int port();

    /// The certificates of this fixture's TLS.
    TestCertificates certificates();

    /// `kill -9` of the postmaster; [#startAgain] brings it back.
    void kill();

    /// A fast shutdown; [#startAgain] brings it back.
    void stop();

    /// Starts a killed or stopped server again, on the same port.
    void startAgain();

    /// `SIGSTOP` of all its processes.
    void freeze();

    /// `SIGCONT` after [#freeze].
    void thaw();

    /// A streaming standby of this server, running; it is closed with this fixture.
    PostgresFixture standby();

    @Override
    void close();

    default String jdbcUrl(String database) {
        return "jdbc:postgresql://" + host() + ":" + port() + "/" + database;
    }

    /// The same for libpq's clients, without the password.
    default String uri(String user, String database) {
        return "postgresql://" + user + "@" + host() + ":" + port() + "/" + database;
    }

    default Connection connect(String database, String user, String password) throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        return new Driver().connect(jdbcUrl(database), properties);
    }

    /// As `app` in database `app`.
    default Connection connect() throws SQLException {
        return connect(DATABASE, APP_USER, APP_PASSWORD);
    }

    default Connection connectAsSuperuser(String database) throws SQLException {
        return connect(database, SUPERUSER, SUPERUSER_PASSWORD);
    }

    /// Runs statements as the superuser in database `app`.
    default void execute(String... statements) {
        executeIn(DATABASE, statements);
    }

    default void executeIn(String database, String... statements) {
        try (Connection connection = connectAsSuperuser(database); var statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException e) {
            throw new AssertionError(e.getMessage(), e);
        }
    }

    /// One value of one row, as text, as the superuser in database `app`.
    default String query(String sql) {
        try (Connection connection = connectAsSuperuser(DATABASE); var rows = connection.createStatement().executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        } catch (SQLException e) {
            throw new AssertionError(e.getMessage(), e);
        }
    }
}
