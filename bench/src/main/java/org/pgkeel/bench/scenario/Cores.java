package org.pgkeel.bench.scenario;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.pgkeel.bench.cluster.Processes;
import org.pgkeel.bench.cluster.Target;

/// Gives the proxies the last core, and all others to PostgreSQL and the load. Where the scheduler decides, what a transaction costs a proxy depends
/// on who shares its core at the moment, by more than what is to be measured.
final class Cores {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private Cores() {}

    /// @param proxies running
    /// @throws IOException if there are no two cores, or no `taskset`
    static void separate(List<Target> proxies) throws IOException {
        int last = Runtime.getRuntime().availableProcessors() - 1;
        if (last == 0) throw new IOException("the proxies need a core of their own, and there is only one");
        String others = "0-" + (last - 1);
        pin(ProcessHandle.current(), others);
        for (ProcessHandle started : ProcessHandle.current().descendants().toList()) {
            boolean isProxy = proxies.stream().anyMatch(proxy -> proxy.proxyPid().orElseThrow() == started.pid());
            pin(started, isProxy ? Integer.toString(last) : others);
        }
    }

    private static void pin(ProcessHandle process, String cores) throws IOException {
        try {
            Processes.run(LIMIT, Map.of(), List.of("taskset", "--all-tasks", "--pid", "--cpu-list", cores, Long.toString(process.pid())));
        } catch (IOException e) {
            if (process.isAlive()) throw e;
        }
    }
}
