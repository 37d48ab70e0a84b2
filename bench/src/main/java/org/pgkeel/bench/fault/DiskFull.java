package org.pgkeel.bench.fault;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import org.pgkeel.bench.cluster.PatroniCluster;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.cluster.Sandbox;
import org.pgkeel.bench.fault.Injection.Before;

/// The primary's data folder, WAL included, has no room left.
///
/// @param atMost how long, if nobody is promoted
public record DiskFull(When when, Duration atMost) implements Fault {
    public enum When {
        /// While there is WAL to write to: statements that need a new page fail with 53100, others go on.
        TABLES_GROW,
        /// The WAL that was laid out is used up: PostgreSQL panics, and cannot start again before there is room.
        WAL_RUNS_OUT
    }

    /// Recycled segments that may have to be used up.
    private static final int SEGMENTS_MAX = 40;

    @Override
    public String name() {
        return switch (when) {
            case TABLES_GROW -> "disk-full";
            case WAL_RUNS_OUT -> "disk-full-wal";
        };
    }

    @Override
    public String summary() {
        return switch (when) {
            case TABLES_GROW -> "the primary's disk is full: tables cannot grow";
            case WAL_RUNS_OUT -> "the primary's disk is full and its WAL runs out: PostgreSQL panics";
        };
    }

    @Override
    public Optional<String> unavailable(Scene scene) {
        return Sandbox.missing();
    }

    @Override
    public Injection inject(Scene scene) throws IOException {
        PatroniNode primary = scene.primary();
        Before before = Before.of(this, scene, primary);
        Sandbox.fill(primary.folder());
        return switch (when) {
            case TABLES_GROW -> before.done(new Until.Past(atMost), () -> Sandbox.empty(primary.folder()));
            case WAL_RUNS_OUT -> {
                useUpWal(primary);
                yield before.done(new Until.Promoted(atMost, Duration.ofSeconds(2)), () -> Sandbox.empty(primary.folder()));
            }
        };
    }

    private static void useUpWal(PatroniNode node) {
        try (Connection connection = node.connectDirectly(PatroniCluster.SUPERUSER); Statement statement = connection.createStatement()) {
            for (int i = 0; i < SEGMENTS_MAX; i++) statement.execute("select pg_create_restore_point('disk full'), pg_switch_wal()");
        } catch (SQLException panicked) {
            // That is what was wanted; if it is another failure, the clients' own work uses up what is left.
        }
    }
}
