package org.pgkeel.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.Lifetime;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// The run of a server reads the same whoever asks, and however.
class LifetimeTextTest {
    private final PostgresFixture postgres = SharedPostgres.get();

    @Test
    void a_lifetime_is_the_same_in_every_time_zone_and_from_both_questions() throws SQLException {
        Set<Lifetime> seen = new HashSet<>();
        for (String zone : List.of("UTC", "Asia/Kolkata", "America/St_Johns")) {
            for (String style : List.of("ISO, MDY", "ISO, DMY")) {
                try (Connection connection = postgres.connectAsSuperuser("postgres"); Statement statement = connection.createStatement()) {
                    statement.execute("set timezone = '" + zone + "'; set datestyle = '" + style + "'; set extra_float_digits = " + (zone.length() % 3));
                    seen.add(lifetime(statement, SqlProbe.SQL, 3));
                    seen.add(lifetime(statement, OutcomeQuestions.NODE, 2));
                    seen.add(lifetime(statement, "select " + OutcomeQuestions.LIFETIME, 1));
                }
            }
        }
        assertThat(seen).singleElement().satisfies(lifetime -> {
            assertThat(lifetime.postmasterStart()).matches("\\d{16}");
            assertThat(lifetime.statsReset()).matches("\\d{16}");
        });
    }

    private static Lifetime lifetime(Statement statement, String sql, int column) throws SQLException {
        try (ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return new Lifetime(rows.getString(column), rows.getString(column + 1));
        }
    }
}
