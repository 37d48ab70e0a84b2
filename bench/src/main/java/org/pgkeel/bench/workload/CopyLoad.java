package org.pgkeel.bench.workload;

import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.pgkeel.bench.history.Kind;
import org.pgkeel.bench.history.Outcome.Acknowledged;
import org.pgkeel.bench.history.Recorder;
import org.postgresql.PGConnection;

/// Several ids by one COPY FROM STDIN outside of a transaction: all are there, or none. COPY has no RETURNING, so nobody learns which transaction wrote.
final class CopyLoad extends IdLoad {
    private static final int ROWS = 5;

    CopyLoad() {
        super("copies", "chaos_copies");
    }

    @Override
    public boolean tellsTransactions() {
        return false;
    }

    @Override
    public Worker worker(Endpoint endpoint, Recorder recorder, long seed) {
        String sql = "copy " + table(recorder) + " (id) from stdin";
        return new IdsWorker(new JdbcClient(endpoint, JdbcClient.Mode.EXTENDED, recorder), recorder, Kind.COPY, ROWS, (client, first) -> client.autocommit(session -> copy(session, sql, first)));
    }

    private static Acknowledged copy(Connection session, String sql, long first) throws SQLException {
        String lines = LongStream.range(first, first + ROWS).mapToObj(each -> each + "\n").collect(Collectors.joining());
        try {
            session.unwrap(PGConnection.class).getCopyAPI().copyIn(sql, new StringReader(lines));
        } catch (IOException e) {
            throw new SQLException("a text that cannot be read", e);
        }
        return Acknowledged.wrote(0, 0);
    }
}
