package org.pgkeel.proxy.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// Reads `proxy.conf` into a [ProxyConfig], or says everything that is wrong with it. Nothing is repaired in silence.
/// Threading: immutable; a load reads files and may block.
public final class ConfigLoader {
    private final Map<String, String> environment;

    /// @param environment what `${NAME}` may stand for; `System.getenv()` outside of tests
    public ConfigLoader(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    /// @param file a HOCON file; the paths in it are relative to its folder
    public ConfigResult load(Path file) {
        return new ConfigResult.Rejected(List.of(new ConfigProblem("", file.toString(), "not read yet, " + environment.size())), List.of());
    }
}
