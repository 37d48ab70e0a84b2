package org.pgkeel.bench.scenario;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.pgkeel.bench.accounting.ResidentMemory;
import org.pgkeel.bench.client.IdleClients;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.cluster.ProxyProgram;
import org.pgkeel.bench.cluster.RunningProxy;
import org.pgkeel.bench.report.Readings;
import org.pgkeel.bench.report.Results;

/// Resident memory of a fresh proxy with more and more clients that have logged in, asked one query, and idle.
final class IdleMemory {
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    /// How long clients have done nothing when they count as idle. What a login took is given back meanwhile, where a proxy does that.
    private static final Duration SETTLE = Duration.ofSeconds(5);
    private static final double MIB = 1024.0 * 1024;

    private final Login login;
    private final List<Integer> steps;

    /// @param steps numbers of clients, ascending
    IdleMemory(Login login, List<Integer> steps) {
        this.login = login;
        this.steps = steps;
    }

    void measure(ProxyProgram program, int round, Results results) throws IOException, InterruptedException {
        try (RunningProxy proxy = program.start(); var clients = new IdleClients(proxy.port(), login)) {
            proxy.awaitFirstQuery(login, START_LIMIT);
            for (int step : steps) {
                clients.growTo(step);
                Thread.sleep(SETTLE);
                double mib = ResidentMemory.bytes(proxy.process().pid()) / MIB;
                results.add(new Results.Reading(Readings.memory(step), program.name(), round, mib));
            }
        }
    }
}
