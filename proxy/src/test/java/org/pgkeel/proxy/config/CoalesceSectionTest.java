package org.pgkeel.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.config.CoalesceRule.AfterRowTriggers;

class CoalesceSectionTest {
    @TempDir
    Path temporary = Path.of("");
    private ConfigFolder folder = new ConfigFolder(Path.of(""));

    @BeforeEach
    void folder() {
        folder = new ConfigFolder(temporary);
    }

    @Test
    void without_the_key_there_are_no_rules() {
        assertThat(folder.loaded(ConfigFolder.MINIMAL).coalesce().rules()).isEmpty();
        assertThat(folder.loaded(ConfigFolder.MINIMAL + "coalesce = []\n").coalesce().rules()).isEmpty();
    }

    @Test
    void every_key_of_a_rule_is_read() {
        var rules = folder.loaded(ConfigFolder.MINIMAL + """
                coalesce = [
                  { table = [public.events, "log_*"], user = [a, b], application-name = app, max-rows = 500, max-bytes = 2MiB, max-delay = 7ms,
                    max-buffered-bytes = 16MiB, lanes = 3, order-by = user_id, max-in-flight-per-key = 7, dedup-by = id, copy-from-rows = 30, lock-timeout = 2s, after-row-triggers = allow }
                  { table = t, lanes-by = partition }
                ]
                """).coalesce().rules();

        assertThat(rules).hasSize(2);
        CoalesceRule all = rules.getFirst();
        assertThat(all.tables()).map(TablePattern::toString).containsExactly("public.events", "log_*");
        assertThat(all.users()).containsExactlyInAnyOrder("a", "b");
        assertThat(all.applications()).containsExactly("app");
        assertThat(all.maxRows()).isEqualTo(500);
        assertThat(all.maxBytes()).isEqualTo(2 << 20);
        assertThat(all.maxDelay()).isEqualTo(Duration.ofMillis(7));
        assertThat(all.maxBufferedBytes()).isEqualTo(16 << 20);
        assertThat(all.lanes()).isEqualTo(3);
        assertThat(rules).map(CoalesceRule::lanesBy).containsExactly(CoalesceRule.LanesBy.ARRIVAL, CoalesceRule.LanesBy.PARTITION);
        assertThat(all.orderBy()).contains(new KeyOrder("user_id", OptionalInt.of(7)));
        assertThat(all.dedupBy()).contains("id");
        assertThat(all.copyFromRows()).isEqualTo(30);
        assertThat(all.lockTimeout()).isEqualTo(Duration.ofSeconds(2));
        assertThat(all.afterRowTriggers()).isEqualTo(AfterRowTriggers.ALLOW);
    }

    @Test
    void requests_wait_in_a_folder_that_is_there() {
        CoalesceRule rule = folder.loaded(ConfigFolder.MINIMAL + "coalesce = [{ table = t, spill { dir = \".\", max-bytes = 32MiB } }]\n").coalesce().rules().getFirst();

        assertThat(rule.spill().map(SpillConfig::maxBytes)).contains(32L << 20);
        assertThat(rule.spill().map(SpillConfig::folder).orElseThrow()).isDirectory();
        assertThat(folder.loaded(ConfigFolder.MINIMAL + "coalesce = [{ table = t, spill { dir = \".\" } }]\n").coalesce().rules().getFirst().spill().map(SpillConfig::maxBytes)).contains(1L << 30);
        assertThat(folder.loaded(ConfigFolder.MINIMAL + "coalesce = [{ table = t }]\n").coalesce().rules().getFirst().spill()).isEmpty();
        assertThat(folder.problems(ConfigFolder.MINIMAL + "coalesce = [{ table = t, spill { max-bytes = 32MiB } }]\n")).anyMatch(problem -> problem.contains("coalesce[0].spill.dir") && problem.contains("missing"));
        assertThat(folder.problems(ConfigFolder.MINIMAL + "coalesce = [{ table = t, spill { dir = nowhere } }]\n")).anyMatch(problem -> problem.contains("no such folder"));
        assertThat(folder.problems(ConfigFolder.MINIMAL + "coalesce = [{ table = t, spill { dir = \".\", max-bytes = 1KiB } }]\n")).anyMatch(problem -> problem.contains("max-bytes"));
        assertThat(folder.problems(ConfigFolder.MINIMAL + "coalesce = [{ table = t, spill { dir = \".\", size = 1MiB } }]\n")).anyMatch(problem -> problem.contains("size"));
    }

    @Test
    void what_is_not_given_has_its_default() {
        CoalesceRule rule = folder.loaded(ConfigFolder.MINIMAL + "coalesce = [{ table = t }]\n").coalesce().rules().getFirst();

        assertThat(rule.maxRows()).isEqualTo(1000);
        assertThat(rule.maxBytes()).isEqualTo(1 << 20);
        assertThat(rule.maxDelay()).isEqualTo(Duration.ofMillis(5));
        assertThat(rule.maxBufferedBytes()).isEqualTo(64 << 20);
        assertThat(rule.lanes()).isEqualTo(2);
        assertThat(rule.orderBy()).isEmpty();
        assertThat(rule.dedupBy()).isEmpty();
        assertThat(rule.copyFromRows()).isEqualTo(20);
        assertThat(rule.lockTimeout()).isEqualTo(Duration.ofMillis(500));
        assertThat(rule.afterRowTriggers()).isEqualTo(AfterRowTriggers.REFUSE);
        assertThat(rule.isFor("anybody", "anything")).isTrue();
    }

    @Test
    void every_mistake_is_named() {
        assertThat(folder.problems(ConfigFolder.MINIMAL + """
                coalesce = [
                  { max-rows = 10 }
                  { table = "a.b.c", max-rows = 0, lane = 3 }
                  { table = t, max-bytes = 1MiB, max-buffered-bytes = 512KiB }
                  { table = t, after-row-triggers = maybe }
                  { table = t, order-by = a }
                  7
                  { table = t, max-in-flight-per-key = 2 }
                  { table = t, order-by = a, max-in-flight-per-key = 0 }
                  { table = t, order-by = " " }
                  { table = t, dedup-by = "" }
                  { table = t, dedup-by = "a, b" }
                  { table = t, dedup-by = [a] }
                  { table = t, lanes-by = key }
                  { table = t, lanes-by = partition, order-by = a }
                ]
                """)).anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[0].table: missing.*"))
                .anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[1].table: expected a table as SQL writes it.*"))
                .anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[1].max-rows: .*"))
                .anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[1].lane: unknown key, the nearest known key is .*lanes.*"))
                .anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[2].max-bytes: more than max-buffered-bytes.*"))
                .anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[3].after-row-triggers: .*"))
                .anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[5]: expected a section.*"))
                .anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[6].max-in-flight-per-key: needs order-by.*"))
                .anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[7].max-in-flight-per-key: .*"))
                .anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[8].order-by: .*"))
                .anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[9].dedup-by: .*"))
                .anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[10].dedup-by: expected the name of one column.*"))
                .anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[11].dedup-by: .*"))
                .anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[12].lanes-by: .*"))
                .anyMatch(line -> line.matches("proxy.conf:\\d+: coalesce\\[13].lanes-by: with order-by.*"))
                .hasSize(15);
    }

    @Test
    void a_pattern_fits_names_as_sql_folds_them() {
        assertThat(TablePattern.parse("Public.Events").fits("public", "events")).isTrue();
        assertThat(TablePattern.parse("public.events").fits("other", "events")).isFalse();
        assertThat(TablePattern.parse("events").fits("other", "events")).isTrue();
        assertThat(TablePattern.parse("\"Events\"").fits("public", "events")).isFalse();
        assertThat(TablePattern.parse("\"Events\"").fits("public", "Events")).isTrue();
        assertThat(TablePattern.parse("tenant_*.event_*_log").fits("tenant_7", "event_click_log")).isTrue();
        assertThat(TablePattern.parse("tenant_*.event_*_log").fits("tenant_7", "event_click")).isFalse();
        assertThat(TablePattern.parse("\"a*\"").fits("public", "ab")).isFalse();
        assertThat(TablePattern.parse("\"a*\"").fits("public", "a*")).isTrue();
        assertThat(TablePattern.parse("ÄPFEL").fits("public", "Äpfel")).as("the server folds letters of ASCII alone").isTrue();
    }

    @Test
    void a_statement_without_a_schema_may_mean_any() {
        CoalesceRule rule = folder.loaded(ConfigFolder.MINIMAL + "coalesce = [{ table = public.events, user = a }]\n").coalesce().rules().getFirst();

        assertThat(rule.mayFit(Optional.empty(), "events")).isTrue();
        assertThat(rule.mayFit(Optional.of("other"), "events")).isFalse();
        assertThat(rule.mayFit(Optional.empty(), "other")).isFalse();
        assertThat(rule.isFor("a", "x")).isTrue();
        assertThat(rule.isFor("b", "x")).isFalse();
    }
}
