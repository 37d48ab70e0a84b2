package org.pgkeel.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.bench.accounting.CpuTime;

class ResultsTest {
    private final Results results = new Results();

    private void run(String target, int round, double perSecond, double cpuMicros, double compilerMicros, double p50Micros) {
        results.add(new Sample("simple-16", target, round, perSecond, new CpuTime(cpuMicros, 0), new CpuTime(compilerMicros, 0), new CpuTime(0, 40), p50Micros, 500, 0));
    }

    @Test
    void a_ratio_is_taken_within_a_round_because_rounds_differ() {
        run("pgkeel", 1, 100, 20, 0, 0);
        run("pgbouncer", 1, 200, 20, 0, 0);
        run("pgkeel", 2, 1_000, 20, 0, 0);
        run("pgbouncer", 2, 1_000, 20, 0, 0);
        run("pgkeel", 3, 30, 20, 0, 0);
        run("pgbouncer", 3, 40, 20, 0, 0);

        assertThat(results.ratio("simple-16", "pgkeel", "pgbouncer", Sample::perSecond)).hasValue(0.75);
    }

    @Test
    void the_spread_of_a_ratio_is_the_middle_half_of_its_rounds() {
        double[] ratios = {1.5, 1.1, 0.7, 1.2, 1.3, 1.0, 1.4, 1.6};
        for (int round = 1; round <= ratios.length; round++) {
            run("routed", round, ratios[round - 1], 20, 0, 0);
            run("pgkeel", round, 1, 20, 0, 0);
        }

        assertThat(results.spread("simple-16", "routed", "pgkeel", Sample::perSecond)).contains(new Goal.Spread(1.0, 1.4));
        assertThat(results.spread("simple-16", "pgkeel", "direct", Sample::perSecond)).isEmpty();
        assertThat(Report.goals(Goals.ofWatched(results, "pgkeel", "watched", "routed", "pipelined")).toString()).contains("1.00 (1.00-1.00)");
    }

    @Test
    void a_round_in_which_one_of_the_two_failed_gives_no_ratio() {
        run("pgkeel", 1, 100, 20, 0, 0);
        run("pgkeel", 2, 100, 20, 0, 0);
        run("pgbouncer", 2, 50, 20, 0, 0);

        assertThat(results.ratio("simple-16", "pgkeel", "pgbouncer", Sample::perSecond)).hasValue(2);
        assertThat(results.ratio("simple-16", "pgkeel", "direct", Sample::perSecond)).isEmpty();
    }

    @Test
    void added_latency_is_the_median_of_the_differences() {
        run("pgkeel", 1, 1, 0, 0, 80);
        run("direct", 1, 1, 0, 0, 50);
        run("pgkeel", 2, 1, 0, 0, 180);
        run("direct", 2, 1, 0, 0, 140);

        assertThat(results.difference("simple-16", "pgkeel", "direct", Sample::p50Micros)).hasValue(35);
    }

    @Test
    void goals_are_judged_without_the_compiler_threads() {
        run("pgkeel", 1, 97, 30, 10, 0);
        run("pgbouncer", 1, 100, 20, 0, 0);

        List<Goal> goals = Goals.of(results, "pgkeel", "pgbouncer");

        assertThat(goals).filteredOn(g -> g.what().startsWith("proxy CPU per transaction, simple-16"))
                .singleElement().satisfies(g -> {
                    assertThat(g.measured()).hasValue(1.0);
                    assertThat(g.verdict()).isEqualTo(Goal.Verdict.MET);
                });
        assertThat(goals).filteredOn(g -> g.what().startsWith("throughput, simple-16"))
                .singleElement().extracting(Goal::verdict).isEqualTo(Goal.Verdict.MET);
    }

    @Test
    void a_goal_beyond_its_limit_is_missed_and_one_without_figures_is_neither() {
        results.add(new Results.Reading(Readings.FIRST_QUERY, "pgkeel", 1, 1_500));

        List<Goal> goals = Goals.of(results, "pgkeel", "pgbouncer");

        assertThat(goals).filteredOn(g -> g.what().equals(Readings.FIRST_QUERY)).extracting(Goal::verdict).containsExactly(Goal.Verdict.MISSED);
        assertThat(goals).filteredOn(g -> !g.what().equals(Readings.FIRST_QUERY)).extracting(Goal::verdict).containsOnly(Goal.Verdict.NOT_MEASURED);
    }

    @Test
    void the_report_shows_every_target_and_every_goal() {
        run("direct", 1, 100, 0, 0, 50);
        run("pgbouncer", 1, 80, 20, 0, 70);
        List<Goal> goals = Goals.of(results, "pgkeel", "pgbouncer");

        String text = new Report(results, "pgbouncer").text(goals);

        assertThat(text).contains("simple-16", "direct", "pgbouncer", "0.80", "not measured");
        assertThat(text.lines().filter(line -> line.endsWith("not measured")).count()).isEqualTo(goals.size());
    }

    @Test
    void json_escapes_text_and_has_no_numbers_that_json_lacks() {
        assertThat(Json.write(Map.of("a \"b\"\n", List.of(1, 2.5, Double.NaN, true)))).isEqualTo("{\"a \\\"b\\\"\\u000a\":[1,\n2.500,\nnull,\ntrue]}");
    }

    @Test
    void what_a_watched_cluster_costs_is_judged_by_the_plain_proxy_and_what_outcomes_cost_by_the_watched_one() {
        run("plain", 1, 100, 20, 0, 0);
        run("watched", 1, 100, 30, 10, 0);
        run("routed", 1, 100, 21, 0, 0);
        run("pipelined", 1, 100, 21, 0, 0);

        List<Goal> goals = Goals.ofWatched(results, "plain", "watched", "routed", "pipelined");

        assertThat(goals).filteredOn(g -> g.verdict() != Goal.Verdict.NOT_MEASURED).extracting(Goal::what, g -> g.measured().orElseThrow(), Goal::verdict).containsExactly(
                tuple("proxy CPU per transaction, routed, simple-16, times plain", 1.05, Goal.Verdict.MET),
                tuple("proxy CPU per read, pipelined, simple-16, times watched", 1.05, Goal.Verdict.MISSED));
        assertThat(goals).hasSize(7);
    }
}
