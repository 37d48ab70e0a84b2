package org.pgkeel.bench.workload;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.history.Operation;
import org.pgkeel.bench.history.Recorder;

/// Something that clients do over and over, on tables of its own, and how to see afterwards whether it went right.
public interface Workload {
    String name();

    /// How many clients it has where fewer are asked for.
    default int clientsMin() {
        return 1;
    }

    /// Whether it only runs where it is named.
    default boolean onlyByName() {
        return false;
    }

    /// Whether its clients learn which transaction wrote; where not, acknowledged rows that are lost cannot be held against PgKeel's log.
    default boolean tellsTransactions() {
        return true;
    }

    /// What PgKeel's configuration needs for it.
    default String configuration() {
        return "";
    }

    /// Statements that make the tables.
    List<String> schema();

    /// Statements that bring the tables to what a round begins with.
    List<String> reset();

    /// One client.
    ///
    /// @param recorder of this client; its number tells the clients apart
    Worker worker(Endpoint endpoint, Recorder recorder, long seed);

    /// Judges a round.
    ///
    /// @param primary a connection to the server that is primary at the end, with no proxy between
    List<Finding> check(List<Operation> operations, Connection primary) throws SQLException;
}
