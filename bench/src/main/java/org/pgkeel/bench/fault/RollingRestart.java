package org.pgkeel.bench.fault;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.fault.Injection.Before;

/// Every node's PostgreSQL is restarted by Patroni, one after another, the primary last and in its place.
public record RollingRestart() implements Fault {
    private static final Duration EACH_LIMIT = Duration.ofSeconds(60);

    @Override
    public String name() {
        return "rolling-restart";
    }

    @Override
    public String summary() {
        return "every node's PostgreSQL is restarted by Patroni, the primary last";
    }

    @Override
    public Injection inject(Scene scene) throws IOException {
        PatroniNode primary = scene.primary();
        List<PatroniNode> order = new ArrayList<>(scene.cluster().nodes());
        order.remove(primary);
        order.add(primary);
        return Before.of(this, scene).ordered(new Until.Done(EACH_LIMIT.multipliedBy(2L * order.size())), () -> {
            for (PatroniNode node : order) {
                scene.cluster().restart(node);
                scene.cluster().awaitHealthy(EACH_LIMIT);
            }
        });
    }
}
