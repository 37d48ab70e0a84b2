package org.pgkeel.proxy.route;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.RouteRule;
import org.pgkeel.proxy.config.RouteRule.Statement;
import org.pgkeel.proxy.config.RoutingConfig;
import org.pgkeel.proxy.observe.RouteSnapshot;
import org.pgkeel.proxy.statement.StatementClass;

/// The rules of `routing`, compiled. A reload makes another table; connections change over at their next statement.
///
/// Threading: immutable.
public final class RoutingTable {
    /// No rule fits: the primary.
    public static final int NO_RULE = -1;
    static final Route BY_DEFAULT = new Route.ToPrimary(NO_RULE, "");

    private final List<CompiledRule> rules;

    private RoutingTable(List<CompiledRule> rules) {
        this.rules = rules;
    }

    public static RoutingTable of(RoutingConfig config) {
        List<CompiledRule> rules = new ArrayList<>();
        for (RouteRule rule : config.rules()) rules.add(new CompiledRule(rule, rules.size()));
        return new RoutingTable(List.copyOf(rules));
    }

    /// Without rules nothing is split.
    public boolean isEmpty() {
        return rules.isEmpty();
    }

    /// In the order of the file.
    public List<RouteRule> rules() {
        return rules.stream().map(each -> each.rule).toList();
    }

    /// The rules with their hits, then what none of them decided; empty without rules.
    ///
    /// @param loops the counters of all event loops, made by this table
    public List<RouteSnapshot> snapshot(List<RouteHits> loops) {
        List<RouteSnapshot> snapshots = new ArrayList<>();
        for (CompiledRule each : rules) {
            int index = each.route.rule();
            snapshots.add(new RouteSnapshot(index + 1, each.rule.name(), RouteWords.conditions(each.rule.when()), RouteWords.destination(each.rule), sum(loops, index)));
        }
        if (!rules.isEmpty()) snapshots.add(new RouteSnapshot(0, "", "", "primary", sum(loops, NO_RULE)));
        return snapshots;
    }

    private static long sum(List<RouteHits> loops, int rule) {
        return loops.stream().mapToLong(hits -> hits.of(rule)).sum();
    }

    /// Counters for one event loop.
    public RouteHits newHits() {
        return new RouteHits(rules.size());
    }

    /// Counters that go on where those of another table stand: for rules of the same name, and for what no rule decides.
    public RouteHits newHits(RoutingTable before, RouteHits counted) {
        RouteHits hits = newHits();
        for (CompiledRule old : before.rules) {
            rules.stream().filter(each -> each.rule.name().equals(old.rule.name())).findFirst().ifPresent(same -> hits.add(same.route.rule(), counted.of(old.route.rule())));
        }
        hits.add(NO_RULE, counted.of(NO_RULE));
        return hits;
    }

    /// What is left of the rules for one connection.
    ///
    /// @param database as the client names it
    /// @param address  null for a Unix-domain socket
    public ConnectionRoutes forConnection(String user, String database, String application, @Nullable InetAddress address) {
        return new ConnectionRoutes(this, rules.stream().filter(rule -> rule.connection(user, database, application, address) == null).toList());
    }

    /// A rule and why it does not fit; the last of an explanation fits, unless none does.
    public record Trial(RouteRule rule, Optional<Mismatch> mismatch) {}

    /// Every rule up to the one that decides.
    public List<Trial> explain(String user, String database, String application, @Nullable InetAddress address, StatementClass text, Statement as, int minuteOfDay) {
        List<Trial> trials = new ArrayList<>();
        for (CompiledRule rule : rules) {
            Mismatch mismatch = rule.connection(user, database, application, address);
            if (mismatch == null) mismatch = rule.statement(text, as, minuteOfDay);
            trials.add(new Trial(rule.rule, Optional.ofNullable(mismatch)));
            if (mismatch == null) break;
        }
        return trials;
    }
}
