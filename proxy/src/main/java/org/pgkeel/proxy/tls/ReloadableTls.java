package org.pgkeel.proxy.tls;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.pgkeel.proxy.config.BackendTlsConfig;
import org.pgkeel.proxy.config.PatroniConfig;
import org.pgkeel.proxy.config.ServerTlsConfig;

/// The contexts in force: replaced all at once, or not at all. New connections use the new ones, open connections
/// keep what they have. Threading: shared, guarded by one volatile reference to an immutable snapshot.
public final class ReloadableTls {
    private record Snapshot(ServerTls server, Map<String, BackendTls> clusters, Map<String, PatroniTls> patroni, List<Expiry> expiries) {}

    private volatile Snapshot current;

    /// @param clusters towards PostgreSQL, by the cluster's name
    /// @param patroni  towards Patroni, of clusters that have it
    /// @throws BrokenTlsFile at the first file that is broken
    public ReloadableTls(ServerTlsConfig server, Map<String, BackendTlsConfig> clusters, Map<String, PatroniConfig.Tls> patroni) {
        current = load(server, clusters, patroni);
    }

    public ServerTls server() {
        return current.server();
    }

    /// @throws IllegalArgumentException if there never was such a cluster
    public BackendTls cluster(String name) {
        BackendTls tls = current.clusters().get(name);
        if (tls == null) throw new IllegalArgumentException("no TLS settings for cluster " + name);
        return tls;
    }

    /// @throws IllegalArgumentException if there is no such cluster, or no Patroni in it
    public PatroniTls patroni(String cluster) {
        PatroniTls tls = current.patroni().get(cluster);
        if (tls == null) throw new IllegalArgumentException("no TLS settings for the Patroni of cluster " + cluster);
        return tls;
    }

    /// Until when the certificates are good, those of all files.
    public List<Expiry> expiries() {
        return current.expiries();
    }

    /// Reads every file again. A cluster that is gone keeps what it had: what was begun with its servers is ended there.
    /// @throws BrokenTlsFile at the first file that is broken; the old contexts stay in force
    public void reload(ServerTlsConfig server, Map<String, BackendTlsConfig> clusters, Map<String, PatroniConfig.Tls> patroni) {
        Snapshot read = load(server, clusters, patroni);
        Map<String, BackendTls> all = new LinkedHashMap<>(current.clusters());
        all.putAll(read.clusters());
        current = new Snapshot(read.server(), Map.copyOf(all), read.patroni(), read.expiries());
    }

    private static Snapshot load(ServerTlsConfig server, Map<String, BackendTlsConfig> clusters, Map<String, PatroniConfig.Tls> patroni) {
        Map<String, BackendTls> contexts = new LinkedHashMap<>();
        clusters.forEach((name, config) -> contexts.put(name, TlsContexts.client(name, config)));
        Map<String, PatroniTls> towardsPatroni = new LinkedHashMap<>();
        patroni.forEach((name, config) -> towardsPatroni.put(name, new PatroniTls(name, config)));
        return new Snapshot(TlsContexts.server(server), Map.copyOf(contexts), Map.copyOf(towardsPatroni), Expiry.all(server, clusters, patroni));
    }
}
