package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.cluster.Sandbox;
import org.pgkeel.bench.fault.Injection.Before;

/// The primary's data folder, WAL included, has no room left: statements fail with 53100, and PostgreSQL goes down when WAL finds none.
///
/// @param atMost how long, if nobody is promoted
public record DiskFull(Duration atMost) implements Fault {
    @Override
    public String name() {
        return "disk-full";
    }

    @Override
    public String summary() {
        return "the primary's disk is full";
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
        return before.done(new Until.Promoted(atMost, Duration.ZERO), () -> Sandbox.empty(primary.folder()));
    }
}
