package org.pgkeel.bench.cluster;

import java.io.IOException;

/// A [Standby] without which the server commits nothing any more.
///
/// Threading: confined to one thread.
public final class SyncStandby implements AutoCloseable {
    private final PostgresServer primary;
    private final Standby standby;

    private SyncStandby(PostgresServer primary, Standby standby) {
        this.primary = primary;
        this.standby = standby;
    }

    /// @return when the primary's commits wait for it
    public static SyncStandby start(WorkFolder work, PostgresServer primary) throws IOException {
        var standby = new SyncStandby(primary, Standby.start(work, primary));
        try {
            primary.sql("postgres", "alter system set synchronous_standby_names = '" + Standby.NAME + "'");
            primary.sql("postgres", "select pg_reload_conf()");
        } catch (IOException e) {
            standby.close();
            throw e;
        }
        return standby;
    }

    /// Lets the primary commit without it, then ends it.
    @Override
    public void close() {
        try {
            primary.sql("postgres", "alter system reset synchronous_standby_names");
            primary.sql("postgres", "select pg_reload_conf()");
        } catch (IOException primaryIsGone) {
            // Then nobody waits.
        }
        standby.close();
    }
}
