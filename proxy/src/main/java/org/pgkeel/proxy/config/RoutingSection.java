package org.pgkeel.proxy.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.pgkeel.proxy.config.RouteRule.Consistency;
import org.pgkeel.proxy.config.RouteRule.DayTime;
import org.pgkeel.proxy.config.RouteRule.OrElse;
import org.pgkeel.proxy.config.RouteRule.Role;
import org.pgkeel.proxy.config.RouteRule.Statement;
import org.pgkeel.proxy.config.RouteRule.To;
import org.pgkeel.proxy.config.RouteRule.When;

/// Reads `routing` and `catalogue`: which statements go where.
final class RoutingSection {
    private static final String[] OF_REPLICAS = {"role", "tags", "max-lag", "max-lag-bytes", "consistency", "or-else"};
    private static final String[] CONDITIONS = {"user", "database", "application-name", "client-address", "statement", "table", "function", "hint", "time"};
    private static final Pattern DAY_TIME = Pattern.compile("([01]\\d|2[0-3]):([0-5]\\d)-([01]\\d|2[0-3]):([0-5]\\d)");

    private RoutingSection() {}

    static CatalogueConfig catalogue(Section section) {
        return new CatalogueConfig(section.duration("refresh", "5m", Duration.ofSeconds(1), Duration.ofDays(1)),
                section.size("class-cache-bytes", 8 * Bounds.MIB, 64 * Bounds.KIB, 64 * Bounds.KIB * Bounds.MIB));
    }

    static RoutingConfig routing(Section root) {
        List<RouteRule> rules = new ArrayList<>();
        Map<String, String> names = new HashMap<>();
        Map<When, String> conditions = new HashMap<>();
        for (Section section : root.sections("routing")) {
            if (!section.isPresent()) continue;
            Section when = section.section("when");
            RouteRule rule = rule(section, when(when));
            rules.add(rule);
            String sameName = names.putIfAbsent(rule.name(), section.origin());
            if (sameName != null && section.has("name")) section.problem("name", "the rule at " + sameName + " has the name '" + rule.name() + "' too");
            String sameCondition = conditions.putIfAbsent(rule.when(), section.origin());
            if (sameCondition != null && when.sound(CONDITIONS)) {
                section.reading().problem(section.key(), section.origin(), "the rule at " + sameCondition + " has the same conditions and comes first: this one never counts");
            }
        }
        return new RoutingConfig(rules);
    }

    private static RouteRule rule(Section section, When when) {
        String name = section.optionalText("name").orElse("");
        if (name.isEmpty() && !section.has("name")) section.problem("name", "missing: the console and the log call the rule by it");
        Optional<To> to = section.optionalWord("to", To.class);
        if (to.isEmpty() && !section.has("to")) section.problem("to", "missing, one of primary, replica, any");
        if (to.equals(Optional.of(To.PRIMARY))) {
            for (String key : OF_REPLICAS) {
                if (section.has(key)) section.problem(key, "has no effect with to = primary");
            }
        }
        RouteRule rule = new RouteRule(name, section.origin(), when, to.orElse(To.PRIMARY),
                section.word("role", Role.REPLICA), section.textMap("tags"),
                section.optionalDuration("max-lag", Bounds.MILLISECOND, Duration.ofDays(1)), section.optionalSize("max-lag-bytes", 0, Long.MAX_VALUE),
                section.word("consistency", Consistency.SESSION), section.word("or-else", OrElse.PRIMARY));
        if (rule.consistency() == Consistency.BOUNDED && !section.has("max-lag")) section.problem("max-lag", "missing: consistency = bounded is bounded by it");
        if (to.equals(Optional.of(To.ANY)) && section.has("or-else")) section.problem("or-else", "has no effect with to = any: the primary always qualifies");
        return rule;
    }

    private static When when(Section section) {
        List<String> tables = section.list("table", List.of(), RoutingSection::name);
        List<String> functions = section.list("function", List.of(), RoutingSection::name);
        return new When(
                set(section.texts("user", List.of())),
                set(section.texts("database", List.of())),
                set(section.texts("application-name", List.of())),
                section.list("client-address", List.of(), Cidr::parse),
                set(section.list("statement", List.of(), RoutingSection::statement)),
                set(tables), set(functions),
                set(section.texts("hint", List.of())),
                section.list("time", List.of(), RoutingSection::dayTime));
    }

    private static <T> Set<T> set(List<T> elements) {
        return new LinkedHashSet<>(elements);
    }

    private static Statement statement(String word) {
        for (Statement statement : Statement.values()) {
            if (Values.wordOf(statement).equals(word)) return statement;
        }
        throw new BadValue("expected one of read, write, session, transaction, got '" + word + "'");
    }

    /// As SQL writes it: folded to lower case unless quoted.
    private static String name(String written) {
        StringBuilder name = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < written.length(); i++) {
            char c = written.charAt(i);
            if (c == '"') {
                boolean doubled = quoted && i + 1 < written.length() && written.charAt(i + 1) == '"';
                if (doubled) {
                    name.append(c);
                    i++;
                } else {
                    quoted = !quoted;
                }
            } else {
                name.append(quoted ? c : TablePattern.folded(c));
            }
        }
        if (quoted || name.isEmpty()) throw new BadValue("expected a name as SQL writes it, got '" + written + "'");
        return name.toString();
    }

    private static DayTime dayTime(String text) {
        Matcher matcher = DAY_TIME.matcher(text);
        if (!matcher.matches()) throw new BadValue("expected a part of the day as 22:00-06:00, got '" + text + "'");
        DayTime time = new DayTime(minute(matcher.group(1), matcher.group(2)), minute(matcher.group(3), matcher.group(4)));
        if (time.fromMinute() == time.toMinute()) throw new BadValue("expected a part of the day as 22:00-06:00, '" + text + "' is empty");
        return time;
    }

    private static int minute(String hours, String minutes) {
        return Integer.parseInt(hours) * 60 + Integer.parseInt(minutes);
    }
}
