package org.pgkeel.proxy.config;

import com.typesafe.config.ConfigObject;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
        Reading reading = new Reading(file);
        Optional<ConfigObject> root = HoconFile.read(file, environment, reading);
        if (root.isEmpty()) return new ConfigResult.Rejected(reading.problems(), List.of());
        ProxyConfig config = config(new Section(reading, "", "", root.get(), file.toString()));
        CrossChecks.run(config, reading);
        reading.reportUnknownKeys();
        return reading.problems().isEmpty()
                ? new ConfigResult.Loaded(config, reading.effective(), reading.files(), reading.warnings())
                : new ConfigResult.Rejected(reading.problems(), reading.warnings());
    }

    private static ProxyConfig config(Section root) {
        ListenConfig listen = ServingSections.listen(root.section("listen"));
        AdminConfig admin = ServingSections.admin(root.section("admin"));
        Map<String, ClusterConfig> clusters = ClusterSections.clusters(root.section("clusters"));
        return new ProxyConfig(
                listen,
                admin,
                Collections.unmodifiableMap(clusters),
                DatabaseSections.databases(root.section("databases"), clusters),
                Collections.unmodifiableMap(DatabaseSections.users(root.section("users"))),
                AuthSection.read(root.section("auth")),
                ServingSections.limits(root.section("limits")),
                ServingSections.timeouts(root.section("timeouts")),
                ServingSections.prepared(root.section("prepared")),
                ServingSections.pinning(root.section("pinning")),
                ServingSections.runtime(root.section("runtime")),
                ServingSections.shutdown(root.section("shutdown")),
                ServingSections.reload(root.section("reload")),
                RoutingSection.routing(root),
                RoutingSection.catalogue(root.section("catalogue")),
                CoalesceSection.read(root));
    }
}
