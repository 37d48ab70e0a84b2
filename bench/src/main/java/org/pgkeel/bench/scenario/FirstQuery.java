package org.pgkeel.bench.scenario;

import java.io.IOException;
import java.time.Duration;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.cluster.ProxyProgram;
import org.pgkeel.bench.cluster.RunningProxy;
import org.pgkeel.bench.report.Readings;
import org.pgkeel.bench.report.Results;

/// From the start of the proxy's launcher to the answer of the first query through it, login included.
final class FirstQuery {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Login login;

    FirstQuery(Login login) {
        this.login = login;
    }

    void measure(ProxyProgram program, int round, Results results) throws IOException {
        long before = System.nanoTime();
        try (RunningProxy proxy = program.start()) {
            proxy.awaitFirstQuery(login, LIMIT);
            results.add(new Results.Reading(Readings.FIRST_QUERY, program.name(), round, (System.nanoTime() - before) / 1e6));
        }
    }
}
