package org.pgkeel.proxy.command;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// One section of a `pgbouncer.ini` while it is converted: what was taken, and a warning for what does not fit.
/// Threading: confined to the thread that converts.
final class PgBouncerSettings {
    private final String where;
    private final Map<String, String> settings;
    private final List<String> warnings;
    private final Set<String> taken = new LinkedHashSet<>();

    /// @param where goes in front of a setting's name in warnings
    PgBouncerSettings(String where, Map<String, String> settings, List<String> warnings) {
        this.where = where;
        this.settings = settings;
        this.warnings = warnings;
    }

    /// The setting, if it is there and not empty.
    Optional<String> text(String name) {
        taken.add(name);
        return Optional.ofNullable(settings.get(name)).filter(value -> !value.isEmpty());
    }

    /// A whole number brought into our bounds, with a warning where that changes it.
    OptionalInt number(String name, int min, int max) {
        Optional<String> text = text(name);
        if (text.isEmpty()) return OptionalInt.empty();
        try {
            long number = Long.parseLong(text.get());
            long fitting = Math.clamp(number, min, max);
            if (fitting != number) warn(name, "is " + number + ", became " + fitting);
            return OptionalInt.of((int) fitting);
        } catch (NumberFormatException _) {
            warn(name, "is not a whole number, left out");
            return OptionalInt.empty();
        }
    }

    /// A limit where PgBouncer's 0 means none, and none is written as a missing key.
    OptionalInt limit(String name, int max) {
        return "0".equals(settings.get(name)) ? skip(name) : number(name, 1, max);
    }

    /// PgBouncer's seconds as our time, brought into our bounds.
    Optional<String> seconds(String name, Duration min, Duration max) {
        Optional<String> text = text(name);
        if (text.isEmpty()) return Optional.empty();
        try {
            Duration time = Duration.ofMillis(new BigDecimal(text.get()).movePointRight(3).longValue());
            Duration fitting = time.compareTo(min) < 0 ? min : time.compareTo(max) > 0 ? max : time;
            if (!fitting.equals(time)) warn(name, "is " + text.get() + " s, became " + written(fitting));
            return Optional.of(written(fitting));
        } catch (NumberFormatException _) {
            warn(name, "is not a number of seconds, left out");
            return Optional.empty();
        }
    }

    /// The same where PgBouncer's 0 is no limit, and every wait has one here: the longest.
    Optional<String> limitSeconds(String name, Duration min, Duration max) {
        return isZero(name) ? instead(name, max, "every wait has a limit, 0") : seconds(name, min, max);
    }

    /// The same where PgBouncer's 0 is the least that there is, and 0 is no limit here.
    Optional<String> ageSeconds(String name, Duration least, Duration max) {
        return isZero(name) ? instead(name, least, "0 would be no limit here, and") : seconds(name, Duration.ZERO, max);
    }

    private boolean isZero(String name) {
        return text(name).filter(text -> text.matches("0+(\\.0*)?")).isPresent();
    }

    private Optional<String> instead(String name, Duration time, String why) {
        warn(name, why + " became " + written(time));
        return Optional.of(written(time));
    }

    /// The setting, or what PgBouncer takes where it is missing; empty where it is set to nothing.
    Optional<String> textOr(String name, String fallback) {
        return settings.containsKey(name) ? text(name) : Optional.of(fallback);
    }

    List<String> names(String name) {
        return text(name).map(text -> List.of(text.split("\\s*,\\s*"))).orElse(List.of());
    }

    void warn(String name, String reason) {
        warnings.add(where + name + ": " + reason);
    }

    /// What nobody took has no counterpart.
    void warnOfTheRest(Map<String, String> reasons) {
        settings.keySet().stream().filter(name -> !taken.contains(name)).forEach(name -> warn(name, reasons.getOrDefault(name, "has no counterpart, left out")));
    }

    private OptionalInt skip(String name) {
        taken.add(name);
        return OptionalInt.empty();
    }

    private static String written(Duration time) {
        return time.toMillis() % 1000 == 0 ? (time.isZero() ? "0" : time.toSeconds() + "s") : time.toMillis() + "ms";
    }
}
