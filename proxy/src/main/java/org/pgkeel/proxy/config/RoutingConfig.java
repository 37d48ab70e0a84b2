package org.pgkeel.proxy.config;

import java.util.List;

/// The `routing` list. Without rules nothing is split, and no statement is classified for it.
///
/// @param rules in the order of the file
public record RoutingConfig(List<RouteRule> rules) {
    public RoutingConfig {
        rules = List.copyOf(rules);
    }
}
