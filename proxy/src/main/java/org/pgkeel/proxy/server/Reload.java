package org.pgkeel.proxy.server;

import java.util.List;
import java.util.function.Supplier;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.session.SessionContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Puts a changed configuration in force while the proxy runs: whole, or not at all.
///
/// Threading: from any thread, one after the other.
final class Reload {
    private static final Logger log = LoggerFactory.getLogger(Reload.class);

    private final ProxyServer server;
    private final Supplier<ConfigResult> source;
    private final InForce inForce;
    private final ClusterProbe probe;
    /// Guards what is in force, and [#ended]. Whoever ends the proxy does not wait for the configuration to be read.
    private final Object change = new Object();
    private boolean ended;

    /// @param source reads the configuration
    Reload(ProxyServer server, Supplier<ConfigResult> source, InForce inForce, ClusterProbe probe) {
        this.server = server;
        this.source = source;
        this.inForce = inForce;
        this.probe = probe;
    }

    /// The log tells the outcome.
    /// @return what is wrong with it, empty if it is in force now
    synchronized List<String> run() {
        List<String> problems = switch (source.get()) {
            case ConfigResult.Rejected rejected -> rejected.problems().stream().map(Object::toString).toList();
            case ConfigResult.Loaded loaded -> apply(loaded);
        };
        if (problems.isEmpty()) log.info("configuration reloaded");
        for (String problem : problems) log.warn("configuration not reloaded, the old one stays in force: {}", problem);
        return problems;
    }

    /// Waits for a change that is under way. None comes behind this: what it begins to watch nobody would end.
    void end() {
        synchronized (change) {
            ended = true;
        }
    }

    private List<String> apply(ConfigResult.Loaded loaded) {
        synchronized (change) {
            return ended ? List.of("the proxy has stopped") : change(loaded);
        }
    }

    private List<String> change(ConfigResult.Loaded loaded) {
        Runnable closeOld;
        try {
            closeOld = inForce.replace(loaded);
        } catch (RuntimeException broken) {
            return List.of(String.valueOf(broken.getMessage()));
        }
        ProxyConfig changed = loaded.config();
        var clusters = server.clusters();
        var clustersBefore = clusters.all();
        clusters.reload(changed.clusters());
        server.pools().reload(changed, clustersBefore);
        server.outcomes().follow(clusters.all());
        probe.reload(clusters.all());
        for (SessionContext context : server.contexts()) context.config(changed);
        closeOld.run();
        FileLimit.check(changed.limits().clients());
        return List.of();
    }
}
