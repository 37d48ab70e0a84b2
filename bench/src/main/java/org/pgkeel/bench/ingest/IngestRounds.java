package org.pgkeel.bench.ingest;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.pgkeel.bench.cluster.Target;
import org.pgkeel.bench.report.Results;
import org.pgkeel.bench.report.Sample;

/// The rounds. In each round every workload meets every contender, one right after the other and each round in another order, so
/// that a change in the machine's mood meets all of them. A run that fails is noted, and the others go on.
///
/// Threading: confined to one thread.
final class IngestRounds {
    private static final String DIRECT = "direct";
    private static final Duration WARM_UP_LIMIT = Duration.ofSeconds(20);

    /// @param time   of one measured run
    /// @param warmUp rows through each PgKeel before the first round
    record Plan(List<Workload> workloads, int rounds, Duration time, long warmUp) {}

    private final Plan plan;
    private final IngestRun run;
    private final Results results = new Results();

    IngestRounds(Plan plan, IngestRun run) {
        this.plan = plan;
        this.run = run;
    }

    Results run(List<Contender> contenders) throws IOException, InterruptedException {
        warmUp(contenders);
        for (int round = 1; round <= plan.rounds(); round++) {
            run.checkpoint();
            for (Workload workload : plan.workloads()) {
                var order = new ArrayList<>(contenders);
                Collections.rotate(order, -round);
                for (Contender contender : order) {
                    if (contender.byHand() == Contender.ByHand.NO || workload.hasCeiling()) measure(workload, contender, round);
                }
            }
        }
        return results;
    }

    private void warmUp(List<Contender> contenders) throws IOException, InterruptedException {
        for (Contender contender : contenders) {
            if (contender.target().code() == Target.Code.NATIVE) continue;
            say("warm-up %s: %,d rows", contender.name(), plan.warmUp());
            for (Manner manner : List.of(Manner.PGJDBC, Manner.LIBPQ_SIMPLE, Manner.LIBPQ_PREPARED)) {
                run.warmUp(new Workload(manner, 64, java.util.Optional.empty()), contender, plan.warmUp() / 3, WARM_UP_LIMIT);
            }
        }
    }

    private void measure(Workload workload, Contender contender, int round) throws InterruptedException {
        try {
            OptionalDouble rate = workload.pacedBy().isEmpty() ? OptionalDouble.of(0) : results.median(workload.pacedBy().get(), DIRECT, Sample::perSecond);
            if (rate.isEmpty()) {
                fail(workload, contender, "its rate is a part of that of " + workload.pacedBy().get() + " by direct connections, which was not measured");
                return;
            }
            Figures figures = run.measure(workload, contender, round, plan.time(), rate.getAsDouble() * Workload.PACE);
            Sample sample = figures.sample();
            results.add(sample);
            for (Figures.Extra extra : Figures.Extra.values()) {
                if (extra == Figures.Extra.RESIDENT && contender.proxyPid().isEmpty()) continue;
                results.add(new Results.Reading(extra.of(workload.name()), contender.name(), round, figures.extra(extra)));
            }
            say("round %d/%d  %-18s %-10s %,8.0f rows/s  p50 %,8.0f  p99 %,8.0f  p99.9 %,8.0f us  PostgreSQL %6.1f  proxy %5.1f (warm %.1f)  bench %4.1f us/row  %4.0f WAL bytes/row  %4.0f MiB",
                    round, plan.rounds(), workload.name(), contender.name(), sample.perSecond(), sample.p50Micros(), sample.p99Micros(), figures.p999Micros(),
                    sample.postgresCpu().totalMicros(), sample.proxyCpu().totalMicros(), sample.warmProxyCpu().totalMicros(), figures.generatorMicros(),
                    figures.walBytesPerRow(), figures.extra(Figures.Extra.RESIDENT));
        } catch (IOException e) {
            fail(workload, contender, e.getMessage());
        }
    }

    private void fail(Workload workload, Contender contender, String why) {
        say("FAILED  %s, %s: %s", workload.name(), contender.name(), why);
        results.addFailure(workload.name() + ", " + contender.name() + ": " + why);
    }

    static void say(String format, Object... arguments) {
        System.err.printf(Locale.ROOT, format + "%n", arguments);
    }
}
