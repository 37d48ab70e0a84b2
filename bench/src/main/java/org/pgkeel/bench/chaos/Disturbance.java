package org.pgkeel.bench.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.pgkeel.bench.cluster.PatroniNode;
import org.pgkeel.bench.fault.Fault;
import org.pgkeel.bench.fault.Faults;
import org.pgkeel.bench.fault.Injection;
import org.pgkeel.bench.fault.Scene;
import org.pgkeel.bench.fault.Switchover;
import org.pgkeel.bench.verdict.Hidden;
import org.pgkeel.bench.verdict.Rules.Connections;

/// What is done to the cluster in one round: one fault, or one after the other; none is a round of plain work.
record Disturbance(List<Fault> faults) {
    private static final String NOTHING = "nothing";
    private static final Duration PLAIN_WORK = Duration.ofSeconds(3);
    /// One round of so many has two faults.
    private static final int ONE_IN_TWOFOLD = 6;

    /// @param name of a fault, of several with `+` between, or `nothing`
    /// @throws IllegalArgumentException if there is none of this name
    static Disturbance named(String name) {
        if (name.equals(NOTHING)) return new Disturbance(List.of());
        var faults = new ArrayList<Fault>();
        for (String part : name.split("\\+")) faults.add(Faults.named(part));
        return new Disturbance(faults);
    }

    /// @param available not empty
    static Disturbance random(List<Fault> available, SplittableRandom random) {
        Fault first = available.get(random.nextInt(available.size()));
        if (random.nextInt(ONE_IN_TWOFOLD) > 0) return new Disturbance(List.of(first));
        return new Disturbance(List.of(first, available.get(random.nextInt(available.size()))));
    }

    String name() {
        return faults.isEmpty() ? NOTHING : faults.stream().map(Fault::name).collect(Collectors.joining("+"));
    }

    /// Injects each, waits until it has lasted as long as it should, and heals it before the next.
    ///
    /// @throws IOException if a fault could not be done
    void run(Scene scene, Moments moments) throws IOException, InterruptedException {
        if (faults.isEmpty()) Pause.of(PLAIN_WORK);
        for (Fault fault : faults) {
            moments.mark(fault.name());
            try (Injection injection = fault.inject(scene)) {
                long since = System.nanoTime();
                try {
                    injection.awaitDue().ifPresent(node -> moments.mark("promoted: " + node.name()));
                } catch (IOException e) {
                    // Patroni may refuse a switchover just after another fault; what the clients see counts all the same.
                    moments.mark("refused: " + e.getMessage().lines().findFirst().orElse(""));
                }
                injection.heal();
                moments.mark("healed");
                hidden(injection, since, System.nanoTime()).ifPresent(moments::hid);
            }
        }
    }

    private static Optional<Hidden> hidden(Injection injection, long fromNanos, long toNanos) {
        return switch (injection.fault().hides()) {
            case NOBODY -> Optional.empty();
            case VICTIM -> Optional.of(new Hidden(injection.victim().map(PatroniNode::name), fromNanos, toNanos));
            case EVERYBODY -> Optional.of(new Hidden(Optional.empty(), fromNanos, toNanos));
        };
    }

    /// A switchover that somebody asked for, and nothing else.
    boolean planned() {
        return faults.size() == 1 && faults.getFirst() instanceof Switchover;
    }

    /// SQLSTATEs that PostgreSQL itself answers because of it: a full disk is told to whoever writes.
    Set<String> errors() {
        return has("disk-full") || has("disk-full-wal") ? Set.of("53100") : Set.of();
    }

    Connections connections() {
        return has("pgkeel-killed") ? Connections.MAY_END : Connections.STAY;
    }

    private boolean has(String fault) {
        return faults.stream().anyMatch(f -> f.name().equals(fault));
    }
}
