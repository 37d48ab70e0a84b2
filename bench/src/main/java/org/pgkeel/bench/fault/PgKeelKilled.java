package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.pgkeel.bench.cluster.PgKeelProcess;
import org.pgkeel.bench.fault.Injection.Before;

/// kill -9 of the first of several PgKeels; started again by [Injection#heal].
///
/// @param lasts how long it stays away
public record PgKeelKilled(Duration lasts) implements Fault {
    @Override
    public String name() {
        return "pgkeel-killed";
    }

    @Override
    public String summary() {
        return "kill -9 of one PgKeel of two";
    }

    @Override
    public Optional<String> unavailable(Scene scene) {
        return scene.proxies().size() >= 2 ? Optional.empty() : Optional.of("needs two PgKeels");
    }

    @Override
    public Injection inject(Scene scene) throws IOException {
        PgKeelProcess proxy = scene.proxies().getFirst();
        Before before = Before.of(this, scene);
        proxy.kill();
        return before.done(new Until.Past(lasts), proxy::start);
    }
}
