package org.pgkeel.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.catalogue.Catalogue;
import org.pgkeel.proxy.config.RouteRule;
import org.pgkeel.proxy.config.RouteRule.Consistency;
import org.pgkeel.proxy.config.RouteRule.DayTime;
import org.pgkeel.proxy.config.RouteRule.OrElse;
import org.pgkeel.proxy.config.RouteRule.Role;
import org.pgkeel.proxy.config.RouteRule.Statement;
import org.pgkeel.proxy.config.RouteRule.To;
import org.pgkeel.proxy.config.RouteRule.When;
import org.pgkeel.proxy.config.RoutingConfig;
import org.pgkeel.proxy.observe.RouteSnapshot;
import org.pgkeel.proxy.statement.Classifier;
import org.pgkeel.proxy.statement.Dialect;
import org.pgkeel.proxy.statement.StatementClass;

class RoutingTableTest {
    private static final When ALWAYS = new When(Set.of(), Set.of(), Set.of(), List.of(), Set.of(), Set.of(), Set.of(), Set.of(), List.of());
    private static final InetAddress LOCAL = InetAddress.ofLiteral("127.0.0.1");

    private static RouteRule rule(String name, When when, To to) {
        return new RouteRule(name, "proxy.conf:1", when, to, Role.REPLICA, Map.of(), Optional.empty(), OptionalLong.empty(), Consistency.SESSION, OrElse.PRIMARY);
    }

    private static When statement(Statement... statements) {
        return new When(Set.of(), Set.of(), Set.of(), List.of(), Set.of(statements), Set.of(), Set.of(), Set.of(), List.of());
    }

    private static When user(String user) {
        return new When(Set.of(user), Set.of(), Set.of(), List.of(), Set.of(), Set.of(), Set.of(), Set.of(), List.of());
    }

    private static When tables(String... tables) {
        return new When(Set.of(), Set.of(), Set.of(), List.of(), Set.of(), Set.of(tables), Set.of(), Set.of(), List.of());
    }

    private static RoutingTable table(RouteRule... rules) {
        return RoutingTable.of(new RoutingConfig(List.of(rules)));
    }

    private static StatementClass classOf(String sql) {
        return Classifier.classify(sql, Dialect.USUAL, Catalogue.builtin());
    }

    private static String decided(RoutingTable table, String user, String sql) {
        StatementClass text = classOf(sql);
        return switch (table.forConnection(user, "d", "app", LOCAL).decide(text, Traits.USUAL.of(text), 0, table.newHits())) {
            case Route.ToPrimary(_, String name) -> "primary by " + name;
            case Route.ToReplica(_, RouteRule by, _) -> "replica by " + by.name();
        };
    }

    @Test
    void the_first_rule_that_fits_decides() {
        var table = table(rule("reports", user("report_ro"), To.REPLICA), rule("billing", tables("invoices", "payments"), To.PRIMARY), rule("reads", statement(Statement.READ), To.REPLICA));

        assertThat(decided(table, "app", "select 1")).isEqualTo("replica by reads");
        assertThat(decided(table, "app", "select * from invoices")).isEqualTo("primary by billing");
        assertThat(decided(table, "report_ro", "select * from invoices")).isEqualTo("replica by reports");
        assertThat(decided(table, "app", "insert into t values (1)")).isEqualTo("primary by ");
        assertThat(decided(table, "app", "select nextval('s')")).isEqualTo("primary by ");
    }

    @Test
    void a_name_without_a_schema_is_meant_in_any() {
        assertThat(decided(table(rule("r", tables("invoices"), To.REPLICA)), "u", "select * from app.invoices")).isEqualTo("replica by r");
        assertThat(decided(table(rule("r", tables("app.invoices"), To.REPLICA)), "u", "select * from invoices")).isEqualTo("replica by r");
        assertThat(decided(table(rule("r", tables("app.invoices"), To.REPLICA)), "u", "select * from app.invoices")).isEqualTo("replica by r");
        assertThat(decided(table(rule("r", tables("app.invoices"), To.REPLICA)), "u", "select * from other.invoices")).isEqualTo("primary by ");
        assertThat(decided(table(rule("r", tables("app.invoices"), To.REPLICA)), "u", "select * from shop.app.invoices")).isEqualTo("replica by r");
        assertThat(decided(table(rule("r", tables("shop.app.invoices"), To.REPLICA)), "u", "select * from app.invoices")).isEqualTo("replica by r");
        assertThat(decided(table(rule("r", tables("app.invoices"), To.REPLICA)), "u", "select * from app.other.invoices")).isEqualTo("primary by ");
    }

    @Test
    void a_transaction_goes_by_its_modes() {
        var table = table(rule("reads", statement(Statement.READ), To.REPLICA));

        assertThat(decided(table, "u", "begin read only")).isEqualTo("replica by reads");
        assertThat(decided(table, "u", "begin; set transaction read only")).isEqualTo("replica by reads");
        assertThat(decided(table, "u", "begin isolation level serializable read only")).isEqualTo("primary by ");
        assertThat(decided(table, "u", "begin")).isEqualTo("primary by ");
        assertThat(decided(table, "u", "begin read only; select nextval('s')")).isEqualTo("primary by ");
        assertThat(decided(table, "u", "commit")).isEqualTo("primary by ");
    }

    @Test
    void defaults_of_the_session_count_where_nothing_is_said() {
        var readOnly = new Traits(true, false);
        var serializable = new Traits(true, true);
        assertThat(readOnly.of(classOf("begin"))).isEqualTo(Statement.READ);
        assertThat(readOnly.of(classOf("begin read write"))).isEqualTo(Statement.WRITE);
        assertThat(serializable.of(classOf("begin"))).isEqualTo(Statement.WRITE);
        assertThat(serializable.of(classOf("begin isolation level repeatable read"))).isEqualTo(Statement.READ);
        assertThat(serializable.of(classOf("select 1"))).isEqualTo(Statement.WRITE);
        assertThat(readOnly.of(classOf("set a = 1"))).isEqualTo(Statement.SESSION);
        assertThat(readOnly.of(classOf("commit"))).isEqualTo(Statement.TRANSACTION);
    }

    @Test
    void connections_that_no_rule_sends_to_a_replica_are_not_split() {
        var table = table(rule("reports", user("report_ro"), To.REPLICA), rule("rest", ALWAYS, To.PRIMARY));
        assertThat(table.forConnection("app", "d", "", LOCAL).splits()).isFalse();
        assertThat(table.forConnection("report_ro", "d", "", LOCAL).splits()).isTrue();
        assertThat(table().isEmpty()).isTrue();
        assertThat(table().forConnection("app", "d", "", LOCAL).splits()).isFalse();
    }

    @Test
    void every_condition_has_to_hold() {
        var all = new When(Set.of("u"), Set.of("d"), Set.of("app"), List.of("127.0.0.0/8"), Set.of(Statement.READ), Set.of("t"), Set.of("lower"), Set.of("x"), List.of(new DayTime(60, 120)));
        var table = table(rule("r", all, To.ANY));
        StatementClass text = classOf("/* pgkeel: x */ select lower(a) from t");
        assertThat(table.explain("u", "d", "app", LOCAL, text, Statement.READ, 90).getFirst().mismatch()).isEmpty();
        assertThat(table.forConnection("u", "d", "app", LOCAL).asksTime()).isTrue();
        assertThat(mismatch(table, "v", "d", "app", LOCAL, text, Statement.READ, 90)).isEqualTo("user is v, wanted u");
        assertThat(mismatch(table, "u", "e", "app", LOCAL, text, Statement.READ, 90)).isEqualTo("database is e, wanted d");
        assertThat(mismatch(table, "u", "d", "psql", LOCAL, text, Statement.READ, 90)).isEqualTo("application-name is psql, wanted app");
        assertThat(mismatch(table, "u", "d", "app", InetAddress.ofLiteral("10.0.0.1"), text, Statement.READ, 90)).isEqualTo("client-address is 10.0.0.1, wanted 127.0.0.0/8");
        assertThat(mismatch(table, "u", "d", "app", LOCAL, text, Statement.WRITE, 90)).isEqualTo("statement is write, wanted read");
        assertThat(mismatch(table, "u", "d", "app", LOCAL, classOf("/* pgkeel: x */ select lower(a) from u"), Statement.READ, 90)).isEqualTo("table is u, wanted t");
        assertThat(mismatch(table, "u", "d", "app", LOCAL, classOf("/* pgkeel: x */ select a from t"), Statement.READ, 90)).isEqualTo("function is none, wanted lower");
        assertThat(mismatch(table, "u", "d", "app", LOCAL, classOf("select lower(a) from t"), Statement.READ, 90)).isEqualTo("hint is none, wanted x");
        assertThat(mismatch(table, "u", "d", "app", LOCAL, text, Statement.READ, 120)).isEqualTo("time is 02:00, wanted 01:00-02:00");
    }

    private static String mismatch(RoutingTable table, String user, String database, String application, InetAddress address, StatementClass text, Statement as, int minute) {
        return table.explain(user, database, application, address, text, as, minute).getFirst().mismatch().map(Mismatch::toString).orElse("");
    }

    @Test
    void hits_add_up_to_the_decisions_and_explanations_agree_with_them() {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        var random = new Random(seed);
        List<RouteRule> rules = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            When when = switch (random.nextInt(4)) {
                case 0 -> user("u" + random.nextInt(3));
                case 1 -> tables("t" + random.nextInt(3));
                case 2 -> statement(Statement.values()[random.nextInt(4)]);
                default -> statement(Statement.READ, Statement.WRITE);
            };
            rules.add(rule("r" + i, when, To.values()[random.nextInt(3)]));
        }
        var table = RoutingTable.of(new RoutingConfig(rules));
        RouteHits hits = table.newHits();
        long[] expected = new long[rules.size() + 1];
        for (int i = 0; i < 1_000; i++) {
            String name = "u" + random.nextInt(3);
            StatementClass text = classOf(List.of("select * from t%d", "delete from t%d", "set x = %d", "savepoint s%d").get(random.nextInt(4)).formatted(random.nextInt(3)));
            Statement as = Traits.USUAL.of(text);
            Route route = table.forConnection(name, "d", "", LOCAL).decide(text, as, 0, hits);
            var trials = table.explain(name, "d", "", LOCAL, text, as, 0);
            boolean decided = !trials.isEmpty() && trials.getLast().mismatch().isEmpty();
            assertThat(route.rule()).as("seed " + seed).isEqualTo(decided ? trials.size() - 1 : RoutingTable.NO_RULE);
            expected[decided ? trials.size() - 1 : rules.size()]++;
        }
        for (int i = 0; i < rules.size(); i++) assertThat(hits.of(i)).as("seed " + seed).isEqualTo(expected[i]);
        assertThat(hits.of(RoutingTable.NO_RULE)).isEqualTo(expected[rules.size()]);
        assertThat(table.snapshot(List.of(hits, table.newHits()))).hasSize(7).satisfies(all -> assertThat(all.stream().mapToLong(RouteSnapshot::hits).sum()).isEqualTo(1_000));
    }

    @Test
    void rules_that_keep_their_name_go_on_counting_in_another_table() {
        var before = table(rule("reports", user("report_ro"), To.REPLICA), rule("gone", user("gone"), To.REPLICA), rule("reads", statement(Statement.READ), To.REPLICA));
        RouteHits counted = before.newHits();
        for (int i = 0; i < 3; i++) decide(before, counted, "report_ro", "select 1");
        decide(before, counted, "gone", "select 1");
        for (int i = 0; i < 5; i++) decide(before, counted, "app", "select 1");
        for (int i = 0; i < 7; i++) decide(before, counted, "app", "delete from t");

        var after = table(rule("reads", statement(Statement.READ), To.ANY), rule("new", user("new"), To.REPLICA), rule("reports", user("report_ro"), To.PRIMARY));
        RouteHits goOn = after.newHits(before, counted);
        decide(after, goOn, "app", "select 1");

        assertThat(after.snapshot(List.of(goOn))).extracting(each -> each.name() + " " + each.hits()).containsExactly("reads 6", "new 0", "reports 3", " 7");
    }

    private static void decide(RoutingTable table, RouteHits hits, String user, String sql) {
        StatementClass text = classOf(sql);
        table.forConnection(user, "d", "", LOCAL).decide(text, Traits.USUAL.of(text), 0, hits);
    }
}
