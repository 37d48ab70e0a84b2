package org.pgkeel.bench.workload;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.history.Operation;

/// A workload with its clients, as a round sees it: begun, paused and checked, over and over. Its tables are there already, see [Workloads#schema].
/// Sessions live from round to round, because that is what a failover must not end.
public interface Load extends AutoCloseable {
    String name();

    /// Empties the tables for the next round; only while paused.
    void reset(Connection primary) throws SQLException;

    void begin() throws IOException;

    /// Lets every client finish what it does.
    ///
    /// @return how many did not within the limit
    int pause(Duration limit);

    /// What was done since the last call, by its end; only while paused.
    List<Operation> drain() throws IOException;

    List<Finding> check(List<Operation> operations, Connection primary) throws SQLException;

    @Override
    void close();
}
