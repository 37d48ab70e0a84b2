package org.pgkeel.proxy.insert;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// The server has the list.
class ReservedWordsTest {
    @Test
    void all_that_the_server_reserves_are_known() throws SQLException {
        try (var connection = SharedPostgres.get().connect()) {
            String reserved = Sql.one(connection, "select string_agg(word, ' ') from pg_get_keywords() where catcode in ('R', 'T')");
            assertThat(Arrays.stream(reserved.split(" "))).hasSizeGreaterThan(90).allMatch(ReservedWords::contains);
            String others = Sql.one(connection, "select string_agg(word, ' ') from pg_get_keywords() where catcode in ('U', 'C')");
            assertThat(Arrays.stream(others.split(" ")).filter(word -> !word.equals("system_user"))).noneMatch(ReservedWords::contains);
        }
    }
}
