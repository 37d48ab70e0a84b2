package org.pgkeel.proxy.advise;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A query's answer as text, NULL as an empty text.
final class Rows {
    private Rows() {}

    /// The first row by position; empty if there is none.
    static List<String> first(Connection connection, String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql); ResultSet rows = statement.executeQuery()) {
            var row = new ArrayList<String>();
            if (!rows.next()) return row;
            for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) row.add(String.valueOf(rows.getString(i)));
            return row;
        }
    }

    static List<Map<String, String>> of(Connection connection, String sql, Object... parameters) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) statement.setObject(i + 1, parameters[i]);
            try (ResultSet rows = statement.executeQuery()) {
                var all = new ArrayList<Map<String, String>>();
                while (rows.next()) {
                    var row = new LinkedHashMap<String, String>();
                    for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                        String value = rows.getString(i);
                        row.put(rows.getMetaData().getColumnLabel(i), value == null ? "" : value);
                    }
                    all.add(row);
                }
                return all;
            }
        }
    }
}
