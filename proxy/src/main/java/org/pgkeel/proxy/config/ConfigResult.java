package org.pgkeel.proxy.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// What became of a configuration file: [Loaded] as a whole, or [Rejected] with everything that is wrong.
public sealed interface ConfigResult {
    /// Suspicious but usable settings, in the order of the file.
    List<ConfigProblem> warnings();

    /// @param effective every key with its value and origin
    /// @param files     that it includes or names: what is in them belongs to it
    record Loaded(ProxyConfig config, EffectiveConfig effective, Set<Path> files, List<ConfigProblem> warnings) implements ConfigResult {}

    /// @param problems every mistake at once, one or more
    record Rejected(List<ConfigProblem> problems, List<ConfigProblem> warnings) implements ConfigResult {}
}
