package org.pgkeel.proxy.route;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.config.AddressRange;
import org.pgkeel.proxy.config.RouteRule;
import org.pgkeel.proxy.config.RouteRule.Statement;
import org.pgkeel.proxy.statement.StatementClass;

/// One rule, ready to be asked. What depends on the connection alone is asked apart from what depends on the statement.
///
/// Threading: immutable.
final class CompiledRule {
    final RouteRule rule;
    final Route route;
    private final List<AddressRange> ranges;
    /// A bit for each [Statement] that it fits.
    private final int statements;
    /// It looks at more of a statement than which one it is.
    private final boolean asksMore;
    private final Set<String> tables;
    private final Set<String> bareTables;
    private final Set<String> functions;
    private final Set<String> bareFunctions;

    CompiledRule(RouteRule rule, int index) {
        this.rule = rule;
        this.ranges = rule.when().addresses().stream().map(AddressRange::parse).toList();
        this.tables = withoutDatabase(rule.when().tables());
        this.bareTables = bare(tables);
        this.functions = withoutDatabase(rule.when().functions());
        this.bareFunctions = bare(functions);
        RouteRule.When when = rule.when();
        this.statements = when.statements().isEmpty() ? -1 : when.statements().stream().mapToInt(CompiledRule::bit).sum();
        this.asksMore = !when.tables().isEmpty() || !when.functions().isEmpty() || !when.hints().isEmpty() || !when.times().isEmpty();
        boolean readsOnly = when.statements().equals(Set.of(Statement.READ));
        this.route = switch (rule.to()) {
            case PRIMARY -> new Route.ToPrimary(index, rule.name());
            case REPLICA, ANY -> new Route.ToReplica(index, rule, readsOnly);
        };
    }

    /// @param address null for a Unix-domain socket, which no range has
    /// @return null if the rule fits this connection
    @Nullable Mismatch connection(String user, String database, String application, @Nullable InetAddress address) {
        RouteRule.When when = rule.when();
        if (isNot(when.users(), user)) return new Mismatch("user", user, when.users());
        if (isNot(when.databases(), database)) return new Mismatch("database", database, when.databases());
        if (isNot(when.applications(), application)) return new Mismatch("application-name", application, when.applications());
        boolean inside = ranges.isEmpty() || address != null && ranges.stream().anyMatch(range -> range.contains(address));
        return inside ? null : new Mismatch("client-address", address == null ? "a Unix-domain socket" : address.getHostAddress(), when.addresses());
    }

    boolean fits(StatementClass text, Statement as, int minuteOfDay) {
        return (statements & bit(as)) != 0 && (!asksMore || fitsMore(text, minuteOfDay));
    }

    private boolean fitsMore(StatementClass text, int minuteOfDay) {
        RouteRule.When when = rule.when();
        return (when.tables().isEmpty() || names(tables, bareTables, text.relations()))
                && (when.functions().isEmpty() || names(functions, bareFunctions, text.functions()))
                && (when.hints().isEmpty() || when.hints().contains(text.hint()))
                && (when.times().isEmpty() || isInside(minuteOfDay));
    }

    /// @return null if the rule fits the statement
    @Nullable Mismatch statement(StatementClass text, Statement as, int minuteOfDay) {
        RouteRule.When when = rule.when();
        if (!when.statements().isEmpty() && !when.statements().contains(as)) return new Mismatch("statement", word(as), when.statements().stream().map(CompiledRule::word).toList());
        if (!when.tables().isEmpty() && !names(tables, bareTables, text.relations())) return new Mismatch("table", String.join(", ", text.relations()), when.tables());
        if (!when.functions().isEmpty() && !names(functions, bareFunctions, text.functions())) return new Mismatch("function", String.join(", ", text.functions()), when.functions());
        if (!when.hints().isEmpty() && !when.hints().contains(text.hint())) return new Mismatch("hint", text.hint(), when.hints());
        if (!when.times().isEmpty() && !isInside(minuteOfDay)) return new Mismatch("time", clock(minuteOfDay), when.times().stream().map(time -> clock(time.fromMinute()) + "-" + clock(time.toMinute())).toList());
        return null;
    }

    private boolean isInside(int minuteOfDay) {
        for (RouteRule.DayTime time : rule.when().times()) {
            if (time.contains(minuteOfDay)) return true;
        }
        return false;
    }

    private static boolean isNot(Set<String> wanted, String is) {
        return !wanted.isEmpty() && !wanted.contains(is);
    }

    /// A name without a schema, in the rule or in the statement, is meant in any schema. In front of a schema the server takes the name of its
    /// database, and of no other.
    private static boolean names(Set<String> wanted, Set<String> wantedBare, List<String> named) {
        for (int i = 0; i < named.size(); i++) {
            String name = named.get(i);
            boolean qualified = name.indexOf('.') >= 0;
            if (qualified ? wanted.contains(withoutDatabase(name)) || wanted.contains(bare(name)) : wantedBare.contains(name)) return true;
        }
        return false;
    }

    private static Set<String> bare(Set<String> names) {
        return names.stream().map(CompiledRule::bare).collect(Collectors.toUnmodifiableSet());
    }

    private static Set<String> withoutDatabase(Set<String> names) {
        return names.stream().map(CompiledRule::withoutDatabase).collect(Collectors.toUnmodifiableSet());
    }

    private static String withoutDatabase(String name) {
        int schema = name.lastIndexOf('.', name.lastIndexOf('.') - 1);
        return schema < 0 ? name : name.substring(schema + 1);
    }

    private static String bare(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private static int bit(Statement statement) {
        return 1 << statement.ordinal();
    }

    private static String word(Statement statement) {
        return statement.name().toLowerCase(Locale.ROOT);
    }

    private static String clock(int minuteOfDay) {
        return "%02d:%02d".formatted(minuteOfDay / 60, minuteOfDay % 60);
    }
}
