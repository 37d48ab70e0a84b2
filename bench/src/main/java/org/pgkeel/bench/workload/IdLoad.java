package org.pgkeel.bench.workload;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.check.Rows;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Recorder;

/// Ids that are used once, in a pair of [IdTables]: half of the clients write into a table with a unique key, where a second execution is an error, the other
/// half into one without, where it is a second row.
abstract class IdLoad implements Workload {
    private final String name;
    private final String tables;

    /// @param tables how the names of the pair begin
    IdLoad(String name, String tables) {
        this.name = name;
        this.tables = tables;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public List<String> schema() {
        return IdTables.schema(tables);
    }

    @Override
    public final List<String> reset() {
        return IdTables.reset(tables);
    }

    /// Where this client writes.
    final String table(Recorder recorder) {
        return IdTables.of(tables, recorder.worker());
    }

    @Override
    public final List<Finding> check(List<Operation> operations, Connection primary) throws SQLException {
        return Rows.check(operations, IdTables.ids(tables, primary));
    }
}
