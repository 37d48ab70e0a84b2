package org.pgkeel.bench.chaos;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.pgkeel.bench.chaos.Spans.Span;
import org.pgkeel.bench.check.Defect;
import org.pgkeel.bench.check.Finding;
import org.pgkeel.bench.report.Chart;
import org.pgkeel.bench.report.Html;
import org.pgkeel.bench.report.Report;
import org.pgkeel.bench.report.Table;
import org.pgkeel.bench.verdict.Broken;
import org.pgkeel.bench.verdict.Buckets;
import org.pgkeel.bench.verdict.LoadResult;
import org.pgkeel.bench.verdict.Mark;
import org.pgkeel.bench.verdict.Pauses;
import org.pgkeel.bench.verdict.Return;
import org.pgkeel.bench.verdict.RoundResult;
import org.pgkeel.bench.verdict.RunResult;
import org.pgkeel.bench.verdict.Tally;

/// A run as one page: the verdict, the workloads, the pauses, then each round with its charts. Several targets stand one after the other.
final class ChaosReport {
    private static final List<String> LOAD_TITLES = List.of("workload", "acknowledged", "retried", "errors by SQLSTATE", "unknown", "closed", "no answer",
            "lost", "duplicated", "resurrected", "stale reads", "other defects");
    private static final List<Defect> COLUMNS = List.of(Defect.LOST, Defect.DUPLICATED, Defect.RESURRECTED, Defect.STALE_READ);
    private static final List<String> SPAN_TITLES = List.of("milliseconds", "rounds", "p50", "p95", "p99", "longest");
    private static final int FINDINGS_SHOWN = 20;

    private ChaosReport() {}

    static String page(List<RunResult> runs) {
        String title = "PgKeel chaos bench: " + runs.stream().map(RunResult::target).distinct().collect(Collectors.joining(", "));
        return Html.page(title, (runs.size() > 1 ? comparison(runs) : "") + runs.stream().map(ChaosReport::run).collect(Collectors.joining("\n")));
    }

    /// For the terminal.
    static String text(RunResult run) {
        var table = new Table("workload", "acknowledged", "retried", "errors", "unknown", "closed", "no answer", "lost", "duplicated", "resurrected", "stale", "other");
        for (LoadResult load : run.sums()) table.row(cells(load, Function.identity()).toArray(String[]::new));
        var pauses = new Table(SPAN_TITLES.toArray(String[]::new));
        Spans spans = Spans.of(run);
        for (Span span : spans.all()) pauses.row(cells(span).toArray(String[]::new));
        return "\n" + String.join("\n", run.about()) + "\n\n" + table + "\n" + pauses + "\n" + Report.goals(spans.goals()) + "\n" + verdict(run) + "\n"
                + run.rounds().stream().flatMap(r -> r.broken().stream().map(b -> "round %d, %s: %s".formatted(r.number(), r.scenario(), b))).collect(Collectors.joining("\n"));
    }

    /// A round that is over, in a line; each broken promise in one more.
    static String line(RoundResult round) {
        Pauses pauses = round.pauses();
        return "round %d, %s, seed %d: %.1f s, direct outage %.0f ms, client's pause %.0f ms, first served %s ms%s%s%s".formatted(round.number(), round.scenario(), round.seed(),
                round.wholeSeconds(), pauses.longestDirect(), pauses.longestClient(), pauses.firstServed().isPresent() ? "%.0f".formatted(pauses.firstServed().getAsDouble()) : "-",
                round.planned() ? ", cost over direct %.0f ms (%s)".formatted(pauses.extra(), pauses.costliest()) : "",
                pauses.hidden() > 0 ? ", %.0f ms in which the new primary was hidden not counted".formatted(pauses.hidden()) : "",
                round.broken().stream().map(broken -> "\n  BROKEN " + broken).collect(Collectors.joining()));
    }

    /// What a switchover was to the proxy, against what it was to the direct writer.
    ///
    /// @param holds by PgKeel's log
    static String phases(Return back, List<Mark> holds) {
        var first = new Mark(back.lastBeforeNanos(), "the direct writer's last success");
        return "  ms before and after the new primary accepts writes: " + Stream.concat(Stream.of(first), holds.stream()).sorted(Comparator.comparingLong(Mark::atNanos))
                .map(mark -> "%s %+d".formatted(mark.what(), Math.round((mark.atNanos() - back.sinceNanos()) / 1e6))).collect(Collectors.joining(", "));
    }

    private static String comparison(List<RunResult> runs) {
        List<List<String>> rows = new ArrayList<>();
        for (RunResult run : runs) {
            Tally tally = run.sums().stream().map(LoadResult::tally).reduce(Tally.NOTHING, Tally::plus);
            Spans spans = Spans.of(run);
            rows.add(List.of(Html.text(run.target()), Integer.toString(run.rounds().size()), number(tally.acknowledged()), Html.text(errors(tally)), number(tally.closed()),
                    number(run.sums().stream().flatMap(l -> l.findings().stream()).filter(f -> f.defect() == Defect.LOST).count()),
                    number(spans.clientPause().percentile(50)), number(spans.directOutage().percentile(50)),
                    Long.toString(run.rounds().size() - run.brokenRounds())));
        }
        return "<h2>Side by side</h2>" + Html.table(List.of("target", "rounds", "acknowledged", "errors", "connections closed", "lost", "client's pause, p50 ms",
                "direct outage, p50 ms", "rounds without a broken promise"), rows);
    }

    private static String run(RunResult run) {
        var body = new StringBuilder();
        body.append("<h2>").append(Html.text(run.target())).append("</h2><p class=\"").append(run.brokenRounds() == 0 ? "good" : "bad").append("\">").append(Html.text(verdict(run)))
                .append("</p><p class=\"note\">").append(run.about().stream().map(Html::text).collect(Collectors.joining("<br>"))).append("<br>again: <code>")
                .append(Html.text(run.command())).append("</code></p>");
        body.append(Html.table(LOAD_TITLES, run.sums().stream().map(l -> cells(l, Html::text)).toList()));
        Spans spans = Spans.of(run);
        body.append("<h2>Pauses over the rounds</h2>").append(Html.table(SPAN_TITLES, spans.all().stream().map(span -> cells(span).stream().map(Html::text).toList()).toList()));
        body.append("<pre>").append(Html.text(Report.goals(spans.goals()).toString())).append("</pre>");
        body.append("<h2>Rounds</h2>").append(rounds(run));
        List<RoundResult> shown = run.rounds();
        for (RoundResult round : shown) {
            String summary = "round %d: %s%s".formatted(round.number(), round.scenario(), round.broken().isEmpty() ? "" : " - BROKEN");
            boolean open = shown.size() <= 4 || !round.broken().isEmpty();
            String details = Html.details(summary, charts(round));
            body.append(open ? details.replaceFirst("<details>", "<details open>") : details);
        }
        return body.toString();
    }

    private static String rounds(RunResult run) {
        List<List<String>> rows = new ArrayList<>();
        for (RoundResult round : run.rounds()) {
            Tally tally = round.loads().stream().map(LoadResult::tally).reduce(Tally.NOTHING, Tally::plus);
            Pauses pauses = round.pauses();
            rows.add(List.of(Integer.toString(round.number()), Html.text(round.scenario()), number(tally.acknowledged()), number(pauses.longestDirect()),
                    number(pauses.longestClient()), number(pauses.firstServed()), number(pauses.lastServed()), number(pauses.hidden()), Integer.toString(pauses.waiting()),
                    number(tally.retried()), number(tally.closed()), number(round.wholeSeconds()),
                    round.broken().isEmpty() ? "<span class=\"good\">held</span>" : "<span class=\"bad\">broken</span>"));
        }
        return Html.table(List.of("round", "scenario", "acknowledged", "direct outage ms", "client's pause ms", "first served ms", "last served ms", "hidden ms", "waited", "retried", "closed",
                "seconds", "promises"), rows);
    }

    private static String charts(RoundResult round) {
        Buckets buckets = round.buckets();
        double width = Buckets.WIDTH_NANOS / 1e9;
        var throughput = new Chart("acknowledged per 100 ms", Chart.Scale.LINEAR, width)
                .line("count", "#2456a6", Arrays.stream(buckets.count()).asDoubleStream().toArray());
        var latency = new Chart("latency in ms, retries included", Chart.Scale.LOGARITHMIC, width)
                .line("max", "#d98a29", buckets.maxMillis()).line("p99", "#2456a6", buckets.p99Millis()).line("p50", "#1b7f3b", buckets.p50Millis());
        for (Mark mark : round.marks()) {
            double at = (mark.atNanos() - round.beganNanos()) / 1e9;
            throughput.mark(at, mark.what());
            latency.mark(at, "");
        }
        String broken = round.broken().stream().map(Broken::toString).map(Html::text).map(b -> "<li>" + b + "</li>").collect(Collectors.joining());
        List<Finding> findings = round.loads().stream().flatMap(l -> l.findings().stream()).toList();
        String found = findings.stream().limit(FINDINGS_SHOWN).map(f -> Html.text(f.defect().words() + ": " + f.what())).collect(Collectors.joining("\n"));
        return throughput.svg() + latency.svg()
                + (broken.isEmpty() ? "" : "<ul class=\"bad\">" + broken + "</ul>")
                + (found.isEmpty() ? "" : "<pre>" + found + (findings.size() > FINDINGS_SHOWN ? "\n... " + findings.size() + " in all" : "") + "</pre>")
                + (round.excerpts().isEmpty() ? "" : "<pre>" + Html.text(String.join("\n", round.excerpts())) + "</pre>");
    }

    private static String verdict(RunResult run) {
        long broken = run.brokenRounds();
        return broken == 0 ? "every promise held in %d rounds (seed %d)".formatted(run.rounds().size(), run.seed())
                : "a promise was broken in %d of %d rounds (seed %d)".formatted(broken, run.rounds().size(), run.seed());
    }

    private static List<String> cells(LoadResult load, Function<String, String> markup) {
        Tally tally = load.tally();
        Stream<String> defects = COLUMNS.stream().map(d -> number(Finding.count(load.findings(), d)));
        String others = load.findings().stream().map(Finding::defect).filter(d -> !COLUMNS.contains(d)).collect(Collectors.groupingBy(Defect::words, Collectors.counting()))
                .entrySet().stream().map(e -> e.getValue() + " " + e.getKey()).collect(Collectors.joining(", "));
        return Stream.of(Stream.of(load.name(), number(tally.acknowledged()), number(tally.retried()), errors(tally), number(tally.unknown()), number(tally.closed()), number(tally.hung())),
                defects, Stream.of(others.isEmpty() ? "0" : others)).flatMap(Function.identity()).map(markup).toList();
    }

    private static String errors(Tally tally) {
        var all = new TreeMap<>(tally.autocommitErrors());
        tally.transactionErrors().forEach((sqlState, times) -> all.merge(sqlState, times, Long::sum));
        return all.isEmpty() ? "none" : all.entrySet().stream().map(e -> e.getKey() + ": " + e.getValue()).collect(Collectors.joining(", "));
    }

    private static List<String> cells(Span span) {
        return List.of(span.what(), Integer.toString(span.millis().length), number(span.percentile(50)), number(span.percentile(95)), number(span.percentile(99)), number(span.percentile(100)));
    }

    private static String number(double value) {
        return Table.number(OptionalDouble.of(value), value < 10 && value != Math.rint(value) ? 1 : 0);
    }

    private static String number(OptionalDouble value) {
        return value.isPresent() ? number(value.getAsDouble()) : "-";
    }
}
