package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.cluster.Sandbox;
import org.pgkeel.bench.fault.Injection.Before;

/// Packets to and from the primary get lost: TCP sends them again, later and later.
///
/// @param probability of each packet, 0 to 1
/// @param lasts       how long
public record LostPackets(double probability, Duration lasts) implements Fault {
    @Override
    public String name() {
        return "packets-lost";
    }

    @Override
    public String summary() {
        return "%.0f %% of the packets to and from the primary are lost".formatted(probability * 100);
    }

    @Override
    public Optional<String> unavailable(Scene scene) {
        return Sandbox.missing();
    }

    @Override
    public Injection inject(Scene scene) throws IOException {
        PatroniNode primary = scene.primary();
        Before before = Before.of(this, scene, primary);
        return before.done(new Until.Past(lasts), PacketFilter.dropSome(primary, probability)::heal);
    }
}
