package org.pgkeel.proxy.config;

import java.util.List;
import java.util.Map;

/// The whole of `proxy.conf`, checked.
///
/// @param clusters  by name, in the order of the file
/// @param databases in the order of the file; the wildcard `"*"`, if there is one, last
/// @param users     settings per user, by user name; a user that is not named has none
public record ProxyConfig(
        ListenConfig listen,
        AdminConfig admin,
        Map<String, ClusterConfig> clusters,
        List<DatabaseConfig> databases,
        Map<String, UserConfig> users,
        AuthConfig auth,
        LimitsConfig limits,
        TimeoutsConfig timeouts,
        PreparedConfig prepared,
        PinningConfig pinning,
        RuntimeConfig runtime,
        ShutdownConfig shutdown,
        ReloadConfig reload,
        RoutingConfig routing,
        CatalogueConfig catalogue,
        CoalesceConfig coalesce) {}
