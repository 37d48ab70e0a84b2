package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.fault.Injection.Before;
import org.pgkeel.bench.link.Caller;
import org.pgkeel.bench.link.Treatment;

/// The link between the proxy and the primary's PostgreSQL does something bad to the clients' connections.
///
/// @param name    unique
/// @param summary in one sentence
/// @param lasts   how long
public record SpoiltLink(String name, String summary, Treatment treatment, Duration lasts) implements Fault {
    /// Only what is late arrives in the end.
    @Override
    public Hides hides() {
        return switch (treatment) {
            case Treatment.Pass _, Treatment.Delay _ -> Hides.NOBODY;
            case Treatment.Silent _, Treatment.HalfOpen _, Treatment.Cut _, Treatment.Answer _, Treatment.Reset _, Treatment.Refuse _ -> Hides.VICTIM;
        };
    }

    @Override
    public Injection inject(Scene scene) throws IOException {
        PatroniNode primary = scene.primary();
        Before before = Before.of(this, scene, primary);
        primary.sqlLink().spoil(this, Caller.CLIENTS, treatment);
        return before.done(new Until.Past(lasts), () -> primary.sqlLink().heal(this));
    }
}
