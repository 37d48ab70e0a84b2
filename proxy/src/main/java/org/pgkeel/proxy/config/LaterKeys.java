package org.pgkeel.proxy.config;

import java.util.Optional;
import java.util.Set;

/// Sections that the documentation plans and this version does not have: refused like any unknown key, but by name.
final class LaterKeys {
    private static final Set<String> TOP_LEVEL = Set.of("coalesce");

    private LaterKeys() {}

    static Optional<String> versionNote(String section, String name) {
        boolean later = section.isEmpty() && TOP_LEVEL.contains(name);
        return later ? Optional.of("this version of PgKeel does not have '" + name + "' yet") : Optional.empty();
    }
}
