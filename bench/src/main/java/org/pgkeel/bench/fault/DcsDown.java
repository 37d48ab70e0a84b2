package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import org.pgkeel.bench.cluster.Dcs;
import org.pgkeel.bench.fault.Injection.Before;

/// The store that Patroni keeps its leader lock in is away: the primary has to give itself up, and nobody can take over.
///
/// @param lasts how long
public record DcsDown(How how, Duration lasts) implements Fault {
    public enum How { FROZEN, KILLED }

    @Override
    public String name() {
        return switch (how) {
            case FROZEN -> "dcs-frozen";
            case KILLED -> "dcs-killed";
        };
    }

    @Override
    public String summary() {
        return switch (how) {
            case FROZEN -> "the DCS hangs for %d s".formatted(lasts.toSeconds());
            case KILLED -> "the DCS is killed, and started again after %d s".formatted(lasts.toSeconds());
        };
    }

    @Override
    public Injection inject(Scene scene) throws IOException {
        Dcs dcs = scene.cluster().dcs();
        Before before = Before.of(this, scene);
        return switch (how) {
            case FROZEN -> {
                dcs.suspend();
                yield before.done(new Until.Past(lasts), dcs::resume);
            }
            case KILLED -> {
                dcs.kill();
                yield before.done(new Until.Past(lasts), dcs::start);
            }
        };
    }
}
