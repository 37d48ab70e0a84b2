package org.pgkeel.proxy.route;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.pgkeel.proxy.config.RouteRule;

/// Rules in words, as the configuration writes them: for the console and `pgkeel explain`.
public final class RouteWords {
    private RouteWords() {}

    /// `read-only` for `READ_ONLY`.
    public static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// What a rule asks of a statement and its connection; `always` if nothing.
    public static String conditions(RouteRule.When when) {
        List<String> parts = new ArrayList<>();
        add(parts, "user", when.users());
        add(parts, "database", when.databases());
        add(parts, "application-name", when.applications());
        add(parts, "client-address", when.addresses());
        add(parts, "statement", when.statements().stream().map(RouteWords::word).toList());
        add(parts, "table", when.tables());
        add(parts, "function", when.functions());
        add(parts, "hint", when.hints());
        add(parts, "time", when.times().stream().map(time -> "%02d:%02d-%02d:%02d".formatted(time.fromMinute() / 60, time.fromMinute() % 60, time.toMinute() / 60, time.toMinute() % 60)).toList());
        return parts.isEmpty() ? "always" : String.join(", ", parts);
    }

    /// Where a rule sends what fits it.
    public static String destination(RouteRule rule) {
        if (rule.to() == RouteRule.To.PRIMARY) return "primary";
        StringBuilder text = new StringBuilder(word(rule.to())).append(", role ").append(word(rule.role()));
        if (!rule.tags().isEmpty()) text.append(", tags ").append(rule.tags().entrySet().stream().map(tag -> tag.getKey() + " = " + tag.getValue()).sorted().collect(Collectors.joining(" and ")));
        rule.maxLag().ifPresent(lag -> text.append(", at most ").append(lag.toMillis()).append(" ms old"));
        rule.maxLagBytes().ifPresent(bytes -> text.append(", at most ").append(bytes).append(" bytes behind"));
        text.append(", consistency ").append(word(rule.consistency()));
        if (rule.to() == RouteRule.To.REPLICA) text.append("; or else ").append(word(rule.orElse()));
        return text.toString();
    }

    private static void add(List<String> parts, String key, Iterable<String> values) {
        String joined = String.join(" or ", values);
        if (!joined.isEmpty()) parts.add(key + " = " + joined);
    }
}
