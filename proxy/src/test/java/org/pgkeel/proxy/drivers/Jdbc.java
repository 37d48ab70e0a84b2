package org.pgkeel.proxy.drivers;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.postgresql.Driver;

/// Short ways to pgjdbc for the tests beside it.
final class Jdbc {
    private Jdbc() {}

    static String url(ProxyUnderTest server) {
        return "jdbc:postgresql://" + server.host() + ":" + server.port() + "/" + PostgresFixture.DATABASE;
    }

    /// As `app`.
    /// @param properties of pgjdbc: name, value, name, value...
    static Connection connect(ProxyUnderTest server, String... properties) throws SQLException {
        var all = new Properties();
        all.setProperty("user", PostgresFixture.APP_USER);
        all.setProperty("password", PostgresFixture.APP_PASSWORD);
        all.setProperty("sslmode", "disable");
        for (int i = 0; i < properties.length; i += 2) all.setProperty(properties[i], properties[i + 1]);
        return new Driver().connect(url(server), all);
    }

    static void execute(Connection connection, String... statements) throws SQLException {
        try (var statement = connection.createStatement()) {
            for (String sql : statements) statement.execute(sql);
        }
    }

    /// The first column of all rows, as text.
    static List<@Nullable String> column(Connection connection, String sql, Object... parameters) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) statement.setObject(i + 1, parameters[i]);
            try (ResultSet rows = statement.executeQuery()) {
                List<@Nullable String> values = new ArrayList<>();
                while (rows.next()) values.add(rows.getString(1));
                return values;
            }
        }
    }

    static @Nullable String value(Connection connection, String sql, Object... parameters) throws SQLException {
        return column(connection, sql, parameters).getFirst();
    }
}
