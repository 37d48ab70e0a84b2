package org.pgkeel.bench.equivalence;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/// What is in the tables of both databases at the end.
final class StoredRows {
    private static final int SHOWN_MAX = 5;
    private static final int FETCH_ROWS = 5_000;

    /// @param rows in the first database
    record Outcome(long rows, List<String> differences) {}

    private StoredRows() {}

    /// @param direct  as superuser, as the other
    static Outcome compare(Connection direct, Connection through) throws SQLException {
        long rows = 0;
        var differences = new ArrayList<String>();
        direct.setAutoCommit(false);
        through.setAutoCommit(false);
        for (Tables.Table table : Tables.stored()) {
            String sql = query(direct, table);
            try (Statement left = direct.createStatement(); Statement right = through.createStatement()) {
                left.setFetchSize(FETCH_ROWS);
                right.setFetchSize(FETCH_ROWS);
                try (ResultSet a = left.executeQuery(sql); ResultSet b = right.executeQuery(sql)) {
                    rows += merge(table.name(), a, b, differences);
                }
            }
        }
        direct.rollback();
        through.rollback();
        return new Outcome(rows, differences);
    }

    private static long merge(String table, ResultSet a, ResultSet b, List<String> differences) throws SQLException {
        long rows = 0;
        int shown = 0;
        boolean moreA = a.next();
        boolean moreB = b.next();
        while (moreA || moreB) {
            int order = !moreA ? 1 : !moreB ? -1 : compare(a, b);
            if (order != 0 && shown++ < SHOWN_MAX) {
                differences.add(table + (order < 0 ? ": only stored directly: " + a.getString(2) : ": only stored through PgKeel: " + b.getString(2)));
            }
            if (moreA && order <= 0) {
                rows++;
                moreA = a.next();
            }
            if (moreB && order >= 0) moreB = b.next();
        }
        if (shown > SHOWN_MAX) differences.add(table + ": " + (shown - SHOWN_MAX) + " more");
        return rows;
    }

    private static int compare(ResultSet a, ResultSet b) throws SQLException {
        int byUid = Long.compare(a.getLong(1), b.getLong(1));
        return byUid != 0 ? byUid : a.getString(2).compareTo(b.getString(2));
    }

    private static String query(Connection connection, Tables.Table table) throws SQLException {
        var columns = new ArrayList<String>();
        try (Statement statement = connection.createStatement();
             ResultSet row = statement.executeQuery("select quote_ident(attname) from pg_attribute where attrelid = '" + table.name() + "'::regclass and attnum > 0 and not attisdropped order by attnum")) {
            while (row.next()) if (!table.volatileColumns().contains(row.getString(1))) columns.add(row.getString(1));
        }
        // Byte order, as the merge compares; rows without uid, if a case stored any, come as 0.
        return "select coalesce(uid, 0), row(" + String.join(", ", columns) + ")::text collate \"C\" from " + table.name() + " order by 1, 2";
    }
}
