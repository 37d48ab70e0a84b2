package org.pgkeel.bench.workload;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// The pair of tables, and ids that no client uses twice.
final class IdTables {
    private IdTables() {}

    static List<String> schema(String name) {
        return Stream.concat(Columns.FUNCTIONS.stream(), Stream.of(
                "create table " + name + "_keyed (id bigint primary key, " + Columns.WRITTEN_BY + ")",
                "create table " + name + "_free (id bigint not null, " + Columns.WRITTEN_BY + ")")).toList();
    }

    static List<String> reset(String name) {
        return List.of("truncate " + name + "_keyed, " + name + "_free");
    }

    static String of(String name, int worker) {
        return name + (worker % 2 == 0 ? "_keyed" : "_free");
    }

    static List<Long> ids(String name, Connection primary) throws SQLException {
        return numbers(primary, "select id from " + name + "_keyed union all select id from " + name + "_free");
    }

    static List<Long> numbers(Connection primary, String sql) throws SQLException {
        var ids = new ArrayList<Long>();
        try (var statement = primary.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) ids.add(rows.getLong(1));
        }
        return ids;
    }

    static long firstId(int worker) {
        return (long) (worker + 1) << 32;
    }

    /// Whose id it is.
    static int worker(long id) {
        return (int) (id >>> 32) - 1;
    }
}
