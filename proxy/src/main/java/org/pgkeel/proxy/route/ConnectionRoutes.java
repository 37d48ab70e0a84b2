package org.pgkeel.proxy.route;

import java.util.List;
import org.pgkeel.proxy.config.RouteRule.Statement;
import org.pgkeel.proxy.statement.StatementClass;

/// The rules that may fit one connection's statements: asked once per connection, and again when the table is another one
/// or the application's name has changed.
///
/// Threading: immutable, but for the hits it counts on the caller's event loop.
public final class ConnectionRoutes {
    private final RoutingTable table;
    private final List<CompiledRule> rules;
    private final boolean splits;
    private final boolean asksTime;

    ConnectionRoutes(RoutingTable table, List<CompiledRule> rules) {
        this.table = table;
        this.rules = rules;
        this.splits = rules.stream().anyMatch(rule -> rule.route instanceof Route.ToReplica);
        this.asksTime = rules.stream().anyMatch(rule -> !rule.rule.when().times().isEmpty());
    }

    /// The table it was made from.
    public RoutingTable table() {
        return table;
    }

    /// Whether anything can go elsewhere than to the primary. If not, no statement has to be classified.
    public boolean splits() {
        return splits;
    }

    /// Whether [#decide] looks at the time of the day.
    public boolean asksTime() {
        return asksTime;
    }

    /// The first rule that fits decides; the primary if none does. Allocates nothing.
    ///
    /// @param as          what the text counts as, see [Traits#of(StatementClass)]
    /// @param minuteOfDay in the proxy's time zone; anything if not [#asksTime]
    /// @param hits        of the event loop, made by [RoutingTable#newHits] of the same table
    public Route decide(StatementClass text, Statement as, int minuteOfDay, RouteHits hits) {
        for (int i = 0; i < rules.size(); i++) {
            CompiledRule rule = rules.get(i);
            if (rule.fits(text, as, minuteOfDay)) {
                hits.count(rule.route.rule());
                return rule.route;
            }
        }
        hits.count(RoutingTable.NO_RULE);
        return RoutingTable.BY_DEFAULT;
    }
}
