package org.pgkeel.bench.scenario;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.pgkeel.bench.cluster.PostgresServer;
import org.pgkeel.bench.cluster.Target;
import org.pgkeel.bench.report.Sample;

/// One round of one workload in which the targets take turns of a tenth of a second, all clients connected all the time. A machine whose mood changes
/// within seconds treats all of them alike; run one after the other for two seconds each, proxies that are one and the same differ by a tenth.
///
/// Threading: confined to one thread.
final class Turns {
    private static final Duration TURN = Duration.ofMillis(100);

    private final PostgresServer postgres;
    private final PgbenchRun pgbench;

    Turns(PostgresServer postgres, PgbenchRun pgbench) {
        this.postgres = postgres;
        this.pgbench = pgbench;
    }

    /// Where the clients of a target work.
    static String database(String target) {
        return PostgresServer.DATABASE + "_" + target;
    }

    /// Makes a copy of the database for the clients of a target, while nobody is connected to it.
    static void createDatabase(PostgresServer postgres, String target) throws IOException {
        postgres.sql("postgres", "create database \"" + database(target) + "\" template " + PostgresServer.DATABASE);
    }

    /// @param time of all turns of one target together
    List<Sample> measure(Workload workload, List<Target> targets, int round, Duration time) throws IOException, InterruptedException {
        var takers = new ArrayList<TurnTaker>();
        var random = new Random(round);   // nobody always follows the same one
        try (var signals = new Signals()) {
            for (Target target : targets) {
                pgbench.tidy(workload, target);
                takers.add(TurnTaker.start(target, postgres.pid(), signals, pgbench.endless(workload, target)));
            }
            for (int turn = 0; turn < time.dividedBy(TURN); turn++) {
                var order = new ArrayList<>(takers);
                Collections.shuffle(order, random);
                for (TurnTaker taker : order) taker.turn(TURN);
            }
            var samples = new ArrayList<Sample>();
            for (TurnTaker taker : takers) samples.add(taker.end(workload, round));
            return samples;
        } finally {
            takers.forEach(TurnTaker::kill);
        }
    }
}
