package org.pgkeel.proxy.config;

import java.util.Optional;
import java.util.Set;

/// Keys that the documentation plans and this version does not have: refused like any unknown key, but by name.
final class LaterKeys {
    private static final Set<String> OF_COALESCE = Set.of("dedup-by");

    private LaterKeys() {}

    static Optional<String> versionNote(String section, String name) {
        boolean later = section.startsWith("coalesce") && OF_COALESCE.contains(name);
        return later ? Optional.of("this version of PgKeel does not have '" + name + "' yet") : Optional.empty();
    }
}
