package org.pgkeel.proxy.config;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigValue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// What one reading of a file gathers: problems, warnings, the effective entries and the keys that were asked for.
/// Threading: confined to the thread that loads.
final class Reading {
    /// Stands for a `${NAME}` that nothing sets; already reported, so whoever reads it stays silent.
    static final String UNRESOLVED = "unresolved substitution";

    private final Path file;
    private final Path folder;
    private final List<ConfigProblem> problems = new ArrayList<>();
    private final List<ConfigProblem> warnings = new ArrayList<>();
    private final List<Section> sections = new ArrayList<>();
    private final Set<Path> files = new LinkedHashSet<>();
    private final Set<String> unsoundKeys = new HashSet<>();
    private final Set<String> kinds = new TreeSet<>();
    private final Map<String, EffectiveConfig.Entry> entries = new LinkedHashMap<>();

    Reading(Path file) {
        this.file = file;
        Path parent = file.toAbsolutePath().normalize().getParent();
        this.folder = parent == null ? file.toAbsolutePath() : parent;
    }

    /// A path of the file, relative to the file's folder.
    Path resolve(String path) {
        return folder.resolve(path).normalize();
    }

    /// What is in the file belongs to the configuration.
    void reads(Path its) {
        files.add(its);
    }

    Set<Path> files() {
        return Collections.unmodifiableSet(new LinkedHashSet<>(files));
    }

    void problem(String key, String origin, String message) {
        unsoundKeys.add(key);
        problems.add(new ConfigProblem(key, origin, message));
    }

    /// A mistake that is reported already: cross-checks leave the key alone.
    void unsound(String key) {
        unsoundKeys.add(key);
    }

    void warning(String key, String origin, String message) {
        warnings.add(new ConfigProblem(key, origin, message));
    }

    boolean isSound(String key) {
        return !unsoundKeys.contains(key);
    }

    void known(String kind) {
        kinds.add(kind);
    }

    void entry(EffectiveConfig.Entry entry) {
        entries.put(entry.key(), entry);
    }

    /// Where a key's value came from, for cross-checks; the file itself if it has no entry.
    String originOf(String key) {
        EffectiveConfig.Entry entry = entries.get(key);
        return entry == null || entry.origin().equals(EffectiveConfig.DEFAULT_ORIGIN) ? file.toString() : entry.origin();
    }

    void opened(Section section) {
        sections.add(section);
    }

    String origin(ConfigValue value) {
        return origin(value.origin());
    }

    String origin(ConfigOrigin origin) {
        if (origin.filename() == null) return origin.description();
        return origin.lineNumber() > 0 ? origin.filename() + ":" + origin.lineNumber() : origin.filename();
    }

    /// Done last, when every known key has been asked for.
    void reportUnknownKeys() {
        sections.forEach(Section::reportUnknownKeys);
    }

    /// @param siblings the keys its section has
    void unknownKey(Section section, String name, ConfigValue value, Set<String> siblings) {
        boolean dottedName = value instanceof ConfigObject && section.kind().endsWith(".NAME");
        String nearest = "the nearest known key is " + NearestKey.of(section.key(), name, siblings, kinds)
                + (dottedName ? "; a name with a dot in it needs quotes" : "");
        problem(section.key(name), origin(value), "unknown key, " + nearest);
    }

    /// In the order of the file; what has no line comes last.
    List<ConfigProblem> problems() {
        return sorted(problems);
    }

    List<ConfigProblem> warnings() {
        return sorted(warnings);
    }

    EffectiveConfig effective() {
        return new EffectiveConfig(List.copyOf(entries.values()));
    }

    private static List<ConfigProblem> sorted(List<ConfigProblem> found) {
        return found.stream().sorted(Comparator.comparingInt(problem -> lineOf(problem.origin()))).toList();
    }

    private static int lineOf(String origin) {
        String line = origin.substring(origin.lastIndexOf(':') + 1);
        return !line.isEmpty() && line.length() < 9 && line.chars().allMatch(c -> c >= '0' && c <= '9') ? Integer.parseInt(line) : Integer.MAX_VALUE;
    }
}
