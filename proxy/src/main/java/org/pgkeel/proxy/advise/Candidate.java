package org.pgkeel.proxy.advise;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/// One line of SHOW COALESCE CANDIDATES.
///
/// @param table with quotes, as SQL takes it
/// @param rate  rows a second that could share commits
public record Candidate(String database, String user, String table, String verdict, String rate, String coalesced, String why) {
    /// @param console a connection to the proxy's console, in the simple query mode
    public static List<Candidate> ask(Connection console) throws SQLException {
        try (Statement statement = console.createStatement(); ResultSet rows = statement.executeQuery("SHOW COALESCE CANDIDATES")) {
            var all = new ArrayList<Candidate>();
            while (rows.next()) {
                all.add(new Candidate(rows.getString("database"), rows.getString("user"), rows.getString("table"), rows.getString("verdict"), rows.getString("rows_per_second"),
                        rows.getString("coalesced_per_second"), rows.getString("why")));
            }
            return all;
        }
    }

    /// The reason of most of its rows.
    String mainReason() {
        int end = why.indexOf(' ');
        return end < 0 ? "" : why.substring(0, end);
    }

    /// It is a table, not those that there was no room for.
    public boolean isOne() {
        return table.startsWith("\"");
    }
}
