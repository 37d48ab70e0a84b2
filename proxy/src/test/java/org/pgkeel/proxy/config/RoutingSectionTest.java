package org.pgkeel.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.config.RouteRule.Consistency;
import org.pgkeel.proxy.config.RouteRule.DayTime;
import org.pgkeel.proxy.config.RouteRule.OrElse;
import org.pgkeel.proxy.config.RouteRule.Role;
import org.pgkeel.proxy.config.RouteRule.Statement;
import org.pgkeel.proxy.config.RouteRule.To;

class RoutingSectionTest {
    @TempDir
    Path temporary = Path.of("");
    private ConfigFolder folder = new ConfigFolder(Path.of(""));

    @BeforeEach
    void folder() {
        folder = new ConfigFolder(temporary);
    }

    @Test
    void without_the_key_there_are_no_rules() {
        assertThat(folder.loaded(ConfigFolder.MINIMAL).routing().rules()).isEmpty();
        assertThat(folder.loaded(ConfigFolder.MINIMAL + "routing = []\n").routing().rules()).isEmpty();
    }

    @Test
    void names_are_folded_as_the_server_folds_them() {
        var rules = folder.loaded(ConfigFolder.MINIMAL + """
                routing = [ { name = all, when { table = [Zählung, "\\"Zählung\\"", ÄPFEL] }, to = replica } ]
                """).routing().rules();
        assertThat(rules.getFirst().when().tables()).containsExactly("zählung", "Zählung", "Äpfel");
    }

    @Test
    void every_key_of_a_rule_is_read() {
        var rules = folder.loaded(ConfigFolder.MINIMAL + """
                routing = [
                  { name = all, when { user = [a, b], database = d, application-name = app, client-address = ["10.0.0.0/8", "::1"], statement = [read, session],
                      table = [Invoices, "public.\\"Items\\""], function = f, hint = "route=replica", time = ["22:00-06:00"] }, to = any, role = synchronous,
                      tags { zone = west, rack = 7 }, max-lag = 5s, max-lag-bytes = 16MiB, consistency = bounded }
                  { name = rest, to = replica, or-else = wait }
                ]
                """).routing().rules();

        assertThat(rules).hasSize(2);
        RouteRule all = rules.getFirst();
        assertThat(all.when().users()).containsExactly("a", "b");
        assertThat(all.when().databases()).containsExactly("d");
        assertThat(all.when().applications()).containsExactly("app");
        assertThat(all.when().addresses()).containsExactly("10.0.0.0/8", "::1/128");
        assertThat(all.when().statements()).isEqualTo(Set.of(Statement.READ, Statement.SESSION));
        assertThat(all.when().tables()).containsExactly("invoices", "public.Items");
        assertThat(all.when().functions()).containsExactly("f");
        assertThat(all.when().hints()).containsExactly("route=replica");
        assertThat(all.when().times()).containsExactly(new DayTime(22 * 60, 6 * 60));
        assertThat(all.to()).isEqualTo(To.ANY);
        assertThat(all.role()).isEqualTo(Role.SYNCHRONOUS);
        assertThat(all.tags()).isEqualTo(Map.of("zone", "west", "rack", "7"));
        assertThat(all.maxLag()).contains(Duration.ofSeconds(5));
        assertThat(all.maxLagBytes()).hasValue(16 * 1024 * 1024);
        assertThat(all.consistency()).isEqualTo(Consistency.BOUNDED);
        assertThat(all.origin()).endsWith("proxy.conf:5");
        RouteRule rest = rules.getLast();
        assertThat(rest.role()).isEqualTo(Role.REPLICA);
        assertThat(rest.consistency()).isEqualTo(Consistency.SESSION);
        assertThat(rest.orElse()).isEqualTo(OrElse.WAIT);
        assertThat(rest.maxLag()).isEmpty();
    }

    @Test
    void every_mistake_is_reported_by_key_with_its_line() {
        assertThat(folder.problems(ConfigFolder.MINIMAL + """
                routing = [
                  { when { user = z }, to = replica }
                  { name = a, when { user = a } }
                  { name = b, when { statement = reed }, to = replica }
                  { name = c, when { time = "22-06" }, to = replica }
                  { name = d, when { client-address = "10.0.0.0/40" }, to = replica }
                  { name = e, when { user = e }, to = primary, max-lag = 5s }
                  { name = f, when { user = f }, to = replica, consistency = bounded }
                  { name = f, when { user = g }, to = replica }
                  { name = h, when { user = g }, to = replica }
                  { name = i, when { table = "a\\"b" }, to = replica }
                  { name = j, when { users = j, hint = j }, to = replika }
                  { name = k, when { user = k }, to = any, or-else = wait }
                  { name = l, when { user = l }, to = replica, tags = west }
                ]
                """)).containsExactly(
                "proxy.conf:5: routing[0].name: missing: the console and the log call the rule by it",
                "proxy.conf:6: routing[1].to: missing, one of primary, replica, any",
                "proxy.conf:7: routing[2].when.statement: expected one of read, write, session, transaction, got 'reed'",
                "proxy.conf:8: routing[3].when.time: expected a part of the day as 22:00-06:00, got '22-06'",
                "proxy.conf:9: routing[4].when.client-address: expected a range as 10.0.0.0/8 or fd00::/8, one address, or all; got '10.0.0.0/40'",
                "proxy.conf:10: routing[5].max-lag: has no effect with to = primary",
                "proxy.conf:11: routing[6].max-lag: missing: consistency = bounded is bounded by it",
                "proxy.conf:12: routing[7].name: the rule at proxy.conf:11 has the name 'f' too",
                "proxy.conf:13: routing[8]: the rule at proxy.conf:12 has the same conditions and comes first: this one never counts",
                "proxy.conf:14: routing[9].when.table: expected a name as SQL writes it, got 'a\"b'",
                "proxy.conf:15: routing[10].to: expected one of primary, replica, any, got 'replika'",
                "proxy.conf:15: routing[10].when.users: unknown key, the nearest known key is 'routing[10].when.user'",
                "proxy.conf:16: routing[11].or-else: has no effect with to = any: the primary always qualifies",
                "proxy.conf:17: routing[12].tags: expected a section { ... }");
    }

    @Test
    void the_catalogue_has_bounds() {
        assertThat(folder.loaded(ConfigFolder.MINIMAL).catalogue()).isEqualTo(new CatalogueConfig(Duration.ofMinutes(5), 8 * 1024 * 1024));
        assertThat(folder.problems(ConfigFolder.MINIMAL + "catalogue { refresh = 10ms, class-cache-bytes = 1 }\n"))
                .hasSize(2).allMatch(problem -> problem.startsWith("proxy.conf:4: catalogue."));
    }

    @Test
    void a_part_of_the_day_may_go_over_midnight() {
        var night = new DayTime(22 * 60, 6 * 60);
        assertThat(List.of(night.contains(22 * 60), night.contains(0), night.contains(359), night.contains(360), night.contains(720))).containsExactly(true, true, true, false, false);
        var day = new DayTime(60, 120);
        assertThat(List.of(day.contains(59), day.contains(60), day.contains(119), day.contains(120))).containsExactly(false, true, true, false);
    }
}
