package org.pgkeel.proxy.config;

import java.util.List;

/// What became of a configuration file: [Loaded] as a whole, or [Rejected] with everything that is wrong.
public sealed interface ConfigResult {
    /// Suspicious but usable settings, in the order of the file.
    List<ConfigProblem> warnings();

    /// @param effective every key with its value and origin
    record Loaded(ProxyConfig config, EffectiveConfig effective, List<ConfigProblem> warnings) implements ConfigResult {}

    /// @param problems every mistake at once, one or more
    record Rejected(List<ConfigProblem> problems, List<ConfigProblem> warnings) implements ConfigResult {}
}
