package org.pgkeel.bench.fuzz;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.pgkeel.bench.accounting.ResidentMemory;

/// Throws many inputs, a few at a time, with the control client beside them, and stops at the first offence.
///
/// Threading: [#run] once; workers share the counters only.
public final class FuzzRun {
    private static final Duration WATCH_EVERY = Duration.ofMillis(200);
    private static final int SAY_EVERY = 25;
    private static final double MIB = 1024.0 * 1024;

    /// @param first      index of the first input
    /// @param count      of inputs
    /// @param workers    connections at once
    /// @param memoryMib  more resident memory than this is an offence
    /// @param proxyPid   whose memory is watched; empty if the proxy is not ours
    /// @param log        of the proxy, where it has a file of its own: a bug that it tells of is an offence
    public record Plan(long first, long count, int workers, int memoryMib, OptionalLong proxyPid, Optional<ProxyLog> log) {}

    /// @param offence     what went wrong first, with the input or inputs, empty if nothing did
    /// @param outcomes    how many inputs ended how
    /// @param peakMib     most resident memory seen
    public record Summary(long thrown, Optional<String> offence, Map<String, Long> outcomes, Map<String, Long> kinds,
                          long controlQueries, double controlSlowestMillis, double peakMib) {}

    private final Plan plan;
    private final HostileInputs inputs;
    private final Throw thrower;
    private final ControlClient control;
    private final Consumer<String> progress;

    private final AtomicLong next;
    private final LongAdder thrown = new LongAdder();
    private final AtomicReference<Optional<String>> offence = new AtomicReference<>(Optional.empty());
    private final Map<String, LongAdder> outcomes = new ConcurrentHashMap<>();
    private final Map<String, LongAdder> kinds = new ConcurrentHashMap<>();
    private final Map<Integer, Long> inFlight = new ConcurrentHashMap<>();

    FuzzRun(Plan plan, HostileInputs inputs, Throw thrower, ControlClient control, Consumer<String> progress) {
        this.plan = plan;
        this.inputs = inputs;
        this.thrower = thrower;
        this.control = control;
        this.progress = progress;
        this.next = new AtomicLong(plan.first());
    }

    Summary run() throws InterruptedException {
        Thread controlThread = Thread.ofPlatform().name("control").start(control);
        List<Thread> workers = new ArrayList<>();
        for (int worker = 0; worker < plan.workers(); worker++) {
            int number = worker;
            workers.add(Thread.ofPlatform().name("fuzz-" + worker).start(() -> work(number)));
        }
        double peakMib = watch(workers);
        for (Thread worker : workers) worker.join();
        control.stop();
        controlThread.join();
        control.complaint().ifPresent(c -> offend("control client: " + c));
        readLog();
        return new Summary(thrown.sum(), offence.get(), counts(outcomes), counts(kinds), control.queries(), control.slowestMillis(), peakMib);
    }

    private void work(int worker) {
        while (offence.get().isEmpty()) {
            long index = next.getAndIncrement();
            if (index >= plan.first() + plan.count()) break;
            inFlight.put(worker, index);
            HostileInput input = inputs.input(index);
            Outcome outcome = thrower.of(input);
            thrown.increment();
            outcomes.computeIfAbsent(outcome.getClass().getSimpleName().toLowerCase(Locale.ROOT), _ -> new LongAdder()).increment();
            kinds.computeIfAbsent(input.kind(), _ -> new LongAdder()).increment();
            if (outcome instanceof Outcome.Offence(String why)) offend(why + "\n" + input);
        }
        inFlight.remove(worker);
    }

    private double watch(List<Thread> workers) throws InterruptedException {
        double peakMib = 0;
        long begun = System.nanoTime();
        for (int look = 1; workers.stream().anyMatch(Thread::isAlive); look++) {
            Thread.sleep(WATCH_EVERY);
            double mib = residentMib();
            peakMib = Math.max(peakMib, mib);
            if (mib > plan.memoryMib()) offend("the proxy holds " + Math.round(mib) + " MiB, more than " + plan.memoryMib() + "; in flight: " + inFlight.values());
            control.complaint().ifPresent(c -> offend("control client: " + c + "; in flight: " + inFlight.values()));
            readLog();
            if (look % SAY_EVERY == 0) {
                double seconds = (System.nanoTime() - begun) / 1e9;
                progress.accept("%,d of %,d inputs, %,.0f/s; control: %,d queries, slowest %.1f ms; proxy %.0f MiB".formatted(
                        thrown.sum(), plan.count(), thrown.sum() / seconds, control.queries(), control.slowestMillis(), mib));
            }
        }
        return peakMib;
    }

    private void readLog() {
        if (plan.log().isEmpty()) return;
        try {
            plan.log().get().nextBug().ifPresent(bug -> offend("the proxy's log: " + bug + "; in flight: " + inFlight.values()));
        } catch (IOException e) {
            offend("the proxy's log cannot be read: " + e.getMessage());
        }
    }

    private double residentMib() {
        if (plan.proxyPid().isEmpty()) return 0;
        try {
            return ResidentMemory.bytes(plan.proxyPid().getAsLong()) / MIB;
        } catch (IOException e) {
            offend("the proxy has ended; in flight: " + inFlight.values());
            return 0;
        }
    }

    private void offend(String what) {
        offence.updateAndGet(first -> first.or(() -> Optional.of(what)));
    }

    private static Map<String, Long> counts(Map<String, LongAdder> adders) {
        var counts = new TreeMap<String, Long>();
        adders.forEach((name, adder) -> counts.put(name, adder.sum()));
        return counts;
    }
}
