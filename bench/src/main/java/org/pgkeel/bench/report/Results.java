package org.pgkeel.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/// All samples of a comparison, and the two figures that are drawn from them: the median of one target, and the median
/// of the ratios (or differences) of two targets, each taken within one round, because the machine's mood changes from round to round.
///
/// Threading: confined to one thread.
public final class Results {
    private final List<Sample> samples = new ArrayList<>();
    private final List<Reading> readings = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();

    /// A figure that is not per transaction: memory, a start.
    ///
    /// @param what with its unit, for example `memory, 1000 idle clients, MiB`
    public record Reading(String what, String target, int round, double value) {}

    public void add(Sample sample) {
        samples.add(sample);
    }

    public void add(Reading reading) {
        readings.add(reading);
    }

    /// A run that gave no figures.
    public void addFailure(String what) {
        failures.add(what);
    }

    public List<Sample> samples() {
        return List.copyOf(samples);
    }

    public List<Reading> readings() {
        return List.copyOf(readings);
    }

    public List<String> failures() {
        return List.copyOf(failures);
    }

    public Set<String> workloads() {
        var names = new LinkedHashSet<String>();
        samples.forEach(s -> names.add(s.workload()));
        return names;
    }

    /// In the order of first appearance.
    public Set<String> targets(String workload) {
        var names = new LinkedHashSet<String>();
        samples.stream().filter(s -> s.workload().equals(workload)).forEach(s -> names.add(s.target()));
        return names;
    }

    public OptionalDouble median(String workload, String target, ToDoubleFunction<Sample> figure) {
        return of(samples.stream().filter(s -> s.workload().equals(workload) && s.target().equals(target)).mapToDouble(figure).toArray());
    }

    public OptionalDouble ratio(String workload, String target, String peer, ToDoubleFunction<Sample> figure) {
        return of(paired(workload, target, peer, figure, (ours, theirs) -> ours / theirs));
    }

    /// The middle half of the ratios whose median is [#ratio]; empty if there are fewer than four.
    public Optional<Goal.Spread> spread(String workload, String target, String peer, ToDoubleFunction<Sample> figure) {
        double[] ratios = paired(workload, target, peer, figure, (ours, theirs) -> ours / theirs);
        return ratios.length < 4 ? Optional.empty() : Optional.of(new Goal.Spread(Statistics.percentile(25, ratios), Statistics.percentile(75, ratios)));
    }

    public OptionalDouble difference(String workload, String target, String peer, ToDoubleFunction<Sample> figure) {
        return of(paired(workload, target, peer, figure, (ours, theirs) -> ours - theirs));
    }

    public OptionalDouble reading(String what, String target) {
        return of(readings.stream().filter(r -> r.what().equals(what) && r.target().equals(target)).mapToDouble(Reading::value).toArray());
    }

    private interface Pairing {
        double of(double ours, double theirs);
    }

    private double[] paired(String workload, String target, String peer, ToDoubleFunction<Sample> figure, Pairing pairing) {
        return samples.stream()
                .filter(ours -> ours.workload().equals(workload) && ours.target().equals(target))
                .flatMap(ours -> samples.stream()
                        .filter(theirs -> theirs.workload().equals(workload) && theirs.target().equals(peer) && theirs.round() == ours.round())
                        .map(theirs -> pairing.of(figure.applyAsDouble(ours), figure.applyAsDouble(theirs))))
                .mapToDouble(Double::doubleValue)
                .filter(Double::isFinite)
                .toArray();
    }

    private static OptionalDouble of(double[] values) {
        return values.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(Statistics.median(values));
    }
}
