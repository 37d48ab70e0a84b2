package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.cluster.ProcessTable;
import org.pgkeel.bench.fault.Injection.Before;

/// PostgreSQL of the primary is told to stop, behind Patroni's back.
/// <https://www.postgresql.org/docs/current/server-shutdown.html>
///
/// @param mode how
public record Stop(Mode mode) implements Fault {
    public enum Mode {
        /// Sessions are ended with 57P01, and all is written.
        FAST("INT"),
        /// Sessions are ended with 57P02, and it recovers at its next start.
        IMMEDIATE("QUIT");

        private final String signal;

        Mode(String signal) {
            this.signal = signal;
        }
    }

    @Override
    public String name() {
        return switch (mode) {
            case FAST -> "stop-fast";
            case IMMEDIATE -> "stop-immediate";
        };
    }

    @Override
    public String summary() {
        return switch (mode) {
            case FAST -> "a fast shutdown of the primary's PostgreSQL";
            case IMMEDIATE -> "an immediate shutdown of the primary's PostgreSQL";
        };
    }

    @Override
    public Injection inject(Scene scene) throws IOException {
        PatroniNode primary = scene.primary();
        Before before = Before.of(this, scene, primary);
        ProcessTable.signal(mode.signal, List.of(primary.postmasterPid().orElseThrow(() -> new IOException(primary + " has no postmaster"))));
        return before.done(new Until.Promoted(Duration.ofSeconds(60), Duration.ZERO));
    }
}
