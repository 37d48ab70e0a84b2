package org.pgkeel.bench.workload;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.history.Recorder;

/// Two ids by one text of the simple protocol that begins and ends their transaction, as scripts send it: both are there, or neither.
final class ScriptLoad extends IdLoad {
    ScriptLoad() {
        super("scripts", "chaos_scripts");
    }

    @Override
    public Worker worker(Endpoint endpoint, Recorder recorder, long seed) {
        String table = table(recorder);
        return new IdsWorker(new JdbcClient(endpoint, JdbcClient.Mode.SIMPLE, recorder), recorder, Kind.SCRIPT, 2, (client, first) -> client.script(session -> run(session, table, first)));
    }

    private static Acknowledged run(Connection session, String table, long first) throws SQLException {
        try (Statement script = session.createStatement()) {
            boolean isRow = script.execute("begin; insert into " + table + " (id) values (" + first + ") returning xid, timeline; insert into " + table + " (id) values (" + (first + 1) + "); commit");
            while (!isRow) {
                if (script.getUpdateCount() < 0) throw new SQLException("the INSERT has returned no row");
                isRow = script.getMoreResults();
            }
            try (ResultSet row = script.getResultSet()) {
                row.next();
                return Columns.written(row);
            }
        }
    }
}
