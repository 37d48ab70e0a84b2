package org.pgkeel.proxy.config;

import java.util.List;

/// The `coalesce` list. Without rules every INSERT passes as it is.
///
/// @param rules in the order of the file
public record CoalesceConfig(List<CoalesceRule> rules) {
    public CoalesceConfig {
        rules = List.copyOf(rules);
    }
}
