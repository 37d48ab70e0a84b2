package org.pgkeel.proxy.config;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One `{ ... }` of the file, read key by key. A bad value becomes a problem and the default stands in for it, so that the reading
/// goes on and finds the next mistake; a reading with problems never becomes a configuration.
final class Section {
    private final Reading reading;
    private final String key;
    private final String kind;
    private final @Nullable ConfigObject object;
    private final String origin;
    private final Set<String> known = new TreeSet<>();

    /// @param key    in full; empty for the top level
    /// @param kind   the same with `NAME` for what the operator named
    /// @param object null if the file does not have it: everything is default
    /// @param origin where it stands, or where it is missing
    Section(Reading reading, String key, String kind, @Nullable ConfigObject object, String origin) {
        this.reading = reading;
        this.key = key;
        this.kind = kind;
        this.object = object;
        this.origin = origin;
        reading.opened(this);
    }

    String key() {
        return key;
    }

    String key(String name) {
        return join(key, quoted(name));
    }

    String kind() {
        return kind;
    }

    /// A name as HOCON writes it in a path: `"*"` and `"a.b"` need quotes.
    static String quoted(String name) {
        return name.chars().allMatch(c -> c == '-' || c == '_' || Character.isLetterOrDigit(c)) && !name.isEmpty() ? name : ConfigUtil.quoteString(name);
    }

    String origin() {
        return origin;
    }

    boolean isPresent() {
        return object != null;
    }

    Reading reading() {
        return reading;
    }

    Section section(String name) {
        ConfigValue value = value(name);
        if (value instanceof ConfigObject child) return new Section(reading, key(name), join(kind, name), child, reading.origin(child));
        if (value != null) problem(name, value, "expected a section { ... }");
        return new Section(reading, key(name), join(kind, name), null, value == null ? origin : reading.origin(value));
    }

    /// The sections that the operator named, in the order of the file.
    List<Named> named() {
        if (object == null) return List.of();
        known.addAll(object.keySet());
        List<Named> sections = new ArrayList<>();
        object.entrySet().stream().filter(entry -> entry.getValue().valueType() != ConfigValueType.NULL)
                .sorted(Comparator.comparing((Map.Entry<String, ConfigValue> entry) -> String.valueOf(entry.getValue().origin().filename()))
                        .thenComparing(entry -> entry.getValue().origin().lineNumber()).thenComparing(Map.Entry::getKey))
                .forEach(entry -> {
                    if (entry.getValue() instanceof ConfigObject child) {
                        sections.add(new Named(entry.getKey(), new Section(reading, key(entry.getKey()), join(kind, "NAME"), child, reading.origin(child))));
                    } else {
                        problem(entry.getKey(), entry.getValue(), "expected a section { ... }");
                    }
                });
        return sections;
    }

    record Named(String name, Section section) {}

    /// The sections of a list, `auth.rules[0]`.
    List<Section> sections(String name) {
        ConfigValue value = value(name);
        if (value == null) return List.of();
        if (!(value instanceof ConfigList list)) {
            problem(name, value, "expected a list [ { ... }, ... ]");
            return List.of();
        }
        List<Section> sections = new ArrayList<>();
        for (ConfigValue element : list) {
            String path = key(name) + "[" + sections.size() + "]";
            if (!(element instanceof ConfigObject)) reading.problem(path, reading.origin(element), "expected a section { ... }");
            sections.add(new Section(reading, path, join(kind, name), element instanceof ConfigObject child ? child : null, reading.origin(element)));
        }
        return sections;
    }

    int integer(String name, int fallback, int min, int max) {
        return (int) number(name, fallback, min, max);
    }

    OptionalInt optionalInteger(String name, int min, int max) {
        return read(name, "", value -> (int) Values.wholeNumber(value, min, max)).map(OptionalInt::of).orElseGet(OptionalInt::empty);
    }

    private long number(String name, long fallback, long min, long max) {
        return read(name, Long.toString(fallback), value -> Values.wholeNumber(value, min, max)).orElse(fallback);
    }

    long size(String name, long fallback, long min, long max) {
        return read(name, Sizes.render(fallback), value -> Values.size(value, min, max)).orElse(fallback);
    }

    Duration duration(String name, String fallback, Duration min, Duration max) {
        return read(name, fallback, value -> Values.duration(value, min, max)).orElseGet(() -> Durations.parse(fallback));
    }

    Optional<Duration> optionalDuration(String name, Duration min, Duration max) {
        return read(name, "", value -> Values.duration(value, min, max));
    }

    OptionalLong optionalSize(String name, long min, long max) {
        return read(name, "", value -> Values.size(value, min, max)).map(OptionalLong::of).orElseGet(OptionalLong::empty);
    }

    /// A section of texts under names that the operator chose.
    Map<String, String> textMap(String name) {
        Map<String, String> texts = new LinkedHashMap<>();
        ConfigValue value = value(name);
        if (value == null) {
            entry(name, "", "", EffectiveConfig.DEFAULT_ORIGIN);
        } else if (value instanceof ConfigObject map) {
            entry(name, Values.text(value), "", reading.origin(value));
            map.forEach((key, text) -> {
                try {
                    texts.put(key, Values.nonEmpty(text));
                } catch (BadValue e) {
                    reading.problem(join(key(name), quoted(key)), reading.origin(text), e.getMessage());
                }
            });
        } else {
            problem(name, value, "expected a section { ... }");
        }
        return texts;
    }

    boolean flag(String name, boolean fallback) {
        return read(name, Boolean.toString(fallback), Values::flag).orElse(fallback);
    }

    String text(String name, String fallback) {
        return read(name, fallback, Values::nonEmpty).orElse(fallback);
    }

    Optional<String> optionalText(String name) {
        return read(name, "", Values::nonEmpty);
    }

    /// An enum constant by its word in the file: `scram-sha-256`, `verify-full`; `io_uring` is written as the kernel does.
    <E extends Enum<E>> E word(String name, E fallback) {
        return optionalWord(name, fallback.getDeclaringClass(), Values.wordOf(fallback)).orElse(fallback);
    }

    <E extends Enum<E>> Optional<E> optionalWord(String name, Class<E> type) {
        return optionalWord(name, type, "");
    }

    private <E extends Enum<E>> Optional<E> optionalWord(String name, Class<E> type, String fallback) {
        return read(name, fallback, value -> Values.word(value, type));
    }

    /// A list of texts, or one text alone.
    List<String> texts(String name, List<String> fallback) {
        return list(name, fallback, text -> text);
    }

    /// @param parse throws [BadValue]; every bad element is reported
    <T> List<T> list(String name, List<T> fallback, Function<String, T> parse) {
        String rendered = fallback.isEmpty() ? "[]" : fallback.toString();
        ConfigValue value = value(name);
        if (!(value instanceof ConfigList list)) return read(name, rendered, alone -> List.of(parse.apply(Values.nonEmpty(alone)))).orElse(fallback);
        Set<T> elements = new LinkedHashSet<>();
        for (ConfigValue element : list) {
            if (element.origin().description().equals(Reading.UNRESOLVED)) {
                reading.unsound(key(name));
                continue;
            }
            try {
                T parsed = parse.apply(Values.nonEmpty(element));
                if (!elements.add(parsed)) reading.problem(key(name), reading.origin(element), Values.shown(element) + " is there twice");
            } catch (BadValue e) {
                reading.problem(key(name), reading.origin(element), e.getMessage());
            }
        }
        entry(name, Values.text(value), rendered, reading.origin(value));
        return List.copyOf(elements);
    }

    /// The raw value for a reader of its own, already in the effective configuration as `***`.
    Optional<Secret> secret(String name) {
        ConfigValue value = value(name);
        if (value == null || unresolved(name, value)) return Optional.empty();
        entry(name, "***", "", reading.origin(value));
        boolean text = value.valueType() != ConfigValueType.OBJECT && value.valueType() != ConfigValueType.LIST;
        String secret = text ? value.atKey("v").getString("v") : "";   // a number as it is written: 0042 is another password than 42
        if (secret.isEmpty()) {
            problem(name, value, "expected a text that is not empty");
            return Optional.empty();
        }
        if (value.origin().filename() != null) {
            reading.warning(key(name), reading.origin(value), "the secret stands in the file; " + name + "-file or an environment variable keeps it out");
        }
        return Optional.of(new Secret(secret));
    }

    /// @param parse throws [BadValue]
    <T> Optional<T> read(String name, String fallback, Function<ConfigValue, T> parse) {
        ConfigValue value = value(name);
        if (value == null) {
            entry(name, fallback, fallback, EffectiveConfig.DEFAULT_ORIGIN);
            return Optional.empty();
        }
        if (unresolved(name, value)) return Optional.empty();
        entry(name, Values.text(value), fallback, reading.origin(value));
        try {
            return Optional.of(parse.apply(value));
        } catch (BadValue e) {
            problem(name, value, e.getMessage());
            return Optional.empty();
        }
    }

    /// Replaces what the effective configuration shows for a default that another key decided.
    void showDefault(String name, String value) {
        entry(name, value, value, EffectiveConfig.DEFAULT_ORIGIN);
    }

    boolean has(String name) {
        return value(name) != null;
    }

    void problem(String name, String message) {
        ConfigValue value = value(name);
        reading.problem(key(name), value == null ? origin : reading.origin(value), message);
    }

    void warning(String name, String message) {
        ConfigValue value = value(name);
        reading.warning(key(name), value == null ? origin : reading.origin(value), message);
    }

    /// Whether none of these keys has a problem yet, so that a cross-check of them makes sense.
    boolean sound(String... names) {
        for (String name : names) {
            if (!reading.isSound(key(name))) return false;
        }
        return true;
    }

    /// When everything has been read, what nobody asked for is unknown.
    void reportUnknownKeys() {
        if (object == null) return;
        object.forEach((name, value) -> {
            if (!known.contains(name)) reading.unknownKey(this, name, value, known);
        });
    }

    private @Nullable ConfigValue value(String name) {
        known.add(name);
        reading.known(join(kind, name));
        ConfigValue value = object == null ? null : object.get(name);
        return value == null || value.valueType() == ConfigValueType.NULL ? null : value;
    }

    private boolean unresolved(String name, ConfigValue value) {
        boolean unresolved = value.origin().description().contains(Reading.UNRESOLVED);
        if (unresolved) reading.unsound(key(name));
        return unresolved;
    }

    private void entry(String name, String value, String fallback, String from) {
        reading.entry(new EffectiveConfig.Entry(key(name), join(kind, name), value, fallback, from));
    }

    private void problem(String name, ConfigValue value, String message) {
        reading.problem(key(name), reading.origin(value), message);
    }

    private static String join(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }
}
