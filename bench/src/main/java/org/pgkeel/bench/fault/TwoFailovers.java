package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.cluster.ProcessTable;
import org.pgkeel.bench.fault.Injection.Before;

/// The primary's postmaster is killed, and the next one's as soon as it is primary.
public record TwoFailovers() implements Fault {
    private static final Duration EACH_LIMIT = Duration.ofSeconds(60);

    @Override
    public String name() {
        return "two-failovers";
    }

    @Override
    public String summary() {
        return "kill -9 of the primary's postmaster, and of the next one's as soon as it is primary";
    }

    @Override
    public Injection inject(Scene scene) throws IOException {
        PatroniNode primary = scene.primary();
        Before before = Before.of(this, scene, primary);
        kill(primary);
        return before.ordered(new Until.Done(EACH_LIMIT.multipliedBy(2)), () -> {
            PatroniNode second = scene.cluster().awaitPromotion(before.timeline().orElse(0), EACH_LIMIT)
                    .orElseThrow(() -> new IOException("nobody was promoted after the first kill:\n" + scene.cluster().describe()));
            long timeline = scene.cluster().timeline().orElse(before.timeline().orElse(0) + 1);
            kill(second);
            scene.cluster().awaitPromotion(timeline, EACH_LIMIT).orElseThrow(() -> new IOException("nobody was promoted after the second kill:\n" + scene.cluster().describe()));
        });
    }

    private static void kill(PatroniNode node) throws IOException {
        ProcessTable.signal("KILL", List.of(node.postmasterPid().orElseThrow(() -> new IOException(node + " has no postmaster"))));
    }
}
