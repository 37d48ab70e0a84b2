package org.pgkeel.bench.workload;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.pgkeel.bench.history.Fingerprint;
import org.pgkeel.bench.history.Outcome.Acknowledged;

/// The columns by which every written row tells which transaction wrote it, and on which timeline.
final class Columns {
    /// Once in the database.
    static final List<String> FUNCTIONS = List.of("""
            create or replace function chaos_timeline() returns int language sql volatile as
            $$ select ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int $$""");
    /// Of a table whose rows are written once.
    static final String WRITTEN_BY = "xid xid8 not null default pg_current_xact_id(), timeline int not null default chaos_timeline()";
    /// Of a statement that changes a row.
    static final String NOW_WRITING = "pg_current_xact_id(), chaos_timeline()";

    private Columns() {}

    /// @param row whose first two columns are the transaction and the timeline
    static Acknowledged written(ResultSet row) throws SQLException {
        return Acknowledged.wrote(Long.parseUnsignedLong(row.getString(1)), row.getInt(2));
    }

    /// @param row the same, with a number in the third column
    static Acknowledged writtenAndSeen(ResultSet row) throws SQLException {
        Acknowledged written = written(row);
        return new Acknowledged(written.xid(), written.timeline(), row.getLong(3), 0);
    }

    /// @param list as PostgreSQL writes an array of numbers
    static Acknowledged sawList(long xid, int timeline, String list) {
        long[] values = numbers(list);
        return new Acknowledged(xid, timeline, values.length, Fingerprint.of(values));
    }

    static long[] numbers(String list) {
        String inner = list.substring(1, list.length() - 1);
        if (inner.isEmpty()) return new long[0];
        String[] texts = inner.split(",");
        long[] values = new long[texts.length];
        for (int i = 0; i < texts.length; i++) values[i] = Long.parseLong(texts[i]);
        return values;
    }
}
