package org.pgkeel.bench.workload;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.history.Recorder;

/// Fresh ids by autocommit CALLs of a procedure and DOs, in turn: routines that end no transaction. The clients differ in which messages their drivers send.
/// A procedure tells in its row which transaction wrote, a DO in a notice, which has to come once.
final class RoutineLoad extends IdLoad {
    private static final String TABLES = "chaos_routines";
    /// SQLSTATE of RAISE NOTICE; a warning has another.
    private static final String NOTICE = "00000";

    RoutineLoad() {
        super("routines", TABLES);
    }

    @Override
    public List<String> schema() {
        return Stream.concat(super.schema().stream(), Stream.of(0, 1).map(worker -> procedure(IdTables.of(TABLES, worker)))).toList();
    }

    private static String procedure(String table) {
        return "create procedure " + table + "_put(fresh bigint, inout writer xid8, inout line int) language plpgsql as $$ begin insert into " + table
                + " (id) values (fresh) returning xid, timeline into writer, line; end $$";
    }

    @Override
    public Worker worker(Endpoint endpoint, Recorder recorder, long seed) {
        String table = table(recorder);
        JdbcClient.Mode[] modes = JdbcClient.Mode.values();
        var client = new JdbcClient(endpoint, modes[recorder.worker() % modes.length], recorder);
        return new IdsWorker(client, recorder, Kind.INSERT, 1, (writer, fresh) -> writer.autocommit(session -> fresh % 2 == 0 ? call(session, table, fresh) : run(session, table, fresh)));
    }

    private static Acknowledged call(Connection session, String table, long fresh) throws SQLException {
        try (PreparedStatement call = session.prepareStatement("call " + table + "_put(?, null, null)")) {
            call.setLong(1, fresh);
            try (ResultSet row = call.executeQuery()) {
                row.next();
                return Columns.written(row);
            }
        }
    }

    private static Acknowledged run(Connection session, String table, long fresh) throws SQLException {
        try (Statement code = session.createStatement()) {
            code.execute("do $$ declare written record; begin insert into " + table + " (id) values (" + fresh + ") returning xid, timeline into written; raise notice '% %', written.xid, written.timeline; end $$");
            String[] written = notice(code.getWarnings()).split(" ");
            return Acknowledged.wrote(Long.parseUnsignedLong(written[0]), Integer.parseInt(written[1]));
        }
    }

    /// What the DO has told. The server may have warned beside it, as where a wait for a synchronous standby was cancelled.
    /// @param first of all that came with its end
    static String notice(@Nullable SQLWarning first) throws SQLException {
        var notices = new ArrayList<String>();
        for (SQLWarning each = first; each != null; each = each.getNextWarning()) {
            if (NOTICE.equals(each.getSQLState())) notices.add(each.getMessage());
        }
        if (notices.size() != 1) throw new SQLException("the DO has raised its notice " + notices.size() + " times");
        return notices.getFirst();
    }
}
