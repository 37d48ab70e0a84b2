package org.pgkeel.proxy.server;

import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.config.AuthConfig;
import org.pgkeel.proxy.config.BackendTlsConfig;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.config.EffectiveConfig;
import org.pgkeel.proxy.config.PatroniConfig;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.login.LoginPolicy;
import org.pgkeel.proxy.login.UserSecrets;
import org.pgkeel.proxy.tls.Expiry;
import org.pgkeel.proxy.tls.ReloadableTls;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the proxy goes by now: the configuration, and what was read from the files that it names.
///
/// Invariant: it is replaced whole or not at all.
///
/// Threading: read by any thread; one at a time replaces it.
final class InForce {
    private static final Logger log = LoggerFactory.getLogger(InForce.class);

    private final ReloadableTls tls;
    private final Function<String, Cluster> clusters;
    private volatile ProxyConfig config;
    private volatile EffectiveConfig effective;
    private volatile Set<Path> files;
    private volatile Users users;
    private volatile LoginPolicy loginPolicy;

    /// Who may log in, and the query that is asked for those whom the file does not know.
    private record Users(UserSecrets secrets, Optional<JdbcAuthQuery> query) {
        static Users of(ProxyConfig config, UserSecrets fromFile, Function<String, Cluster> clusters) {
            if (config.auth().query().isEmpty()) return new Users(fromFile, Optional.empty());
            AuthConfig.AuthQuery asked = config.auth().query().get();
            var query = new JdbcAuthQuery(config, asked, fromFile.passwordOf(asked), clusters);
            return new Users(fromFile.reloaded(config.auth(), Optional.of(query)), Optional.of(query));
        }

        void close() {
            query.ifPresent(JdbcAuthQuery::close);
        }
    }

    /// @param helper   stretches passwords
    /// @param clusters by name, once they are asked for
    /// @throws RuntimeException if a file that the configuration names cannot be used
    InForce(ConfigResult.Loaded loaded, ReloadableTls tls, Executor helper, Function<String, Cluster> clusters) {
        this.tls = tls;
        this.clusters = clusters;
        this.config = loaded.config();
        this.effective = loaded.effective();
        this.files = loaded.files();
        this.users = Users.of(config, UserSecrets.load(config.auth(), Optional.empty(), helper), clusters);
        this.loginPolicy = policy(config, users.secrets);
        warnOfExpiry();
    }

    ProxyConfig config() {
        return config;
    }

    EffectiveConfig effective() {
        return effective;
    }

    /// Those that belong to the configuration.
    Set<Path> files() {
        return files;
    }

    UserSecrets secrets() {
        return users.secrets;
    }

    LoginPolicy loginPolicy() {
        return loginPolicy;
    }

    /// The certificates that connections to each cluster go by.
    static Map<String, BackendTlsConfig> tlsOfClusters(ProxyConfig config) {
        var all = new LinkedHashMap<String, BackendTlsConfig>();
        config.clusters().forEach((name, cluster) -> all.put(name, cluster.tls()));
        return all;
    }

    /// The certificates that questions to Patroni go by, of the clusters that have one.
    static Map<String, PatroniConfig.Tls> tlsOfPatroni(ProxyConfig config) {
        var all = new LinkedHashMap<String, PatroniConfig.Tls>();
        config.clusters().forEach((name, cluster) -> cluster.patroni().ifPresent(patroni -> all.put(name, patroni.tls())));
        return all;
    }

    private LoginPolicy policy(ProxyConfig from, UserSecrets secrets) {
        return new LoginPolicy(from.auth(), from.limits(), from.timeouts().login(), tls.server(), secrets);
    }

    /// Puts another configuration in force. What needs a restart is told in the log.
    /// @return closes what was in force before; to be run when nobody goes by it any more
    /// @throws RuntimeException if a file that the configuration names cannot be used; nothing is replaced then
    Runnable replace(ConfigResult.Loaded loaded) {
        ProxyConfig changed = loaded.config();
        Users before = users;
        Users after = Users.of(changed, before.secrets.reloaded(changed.auth(), Optional.empty()), clusters);
        policy(changed, after.secrets);
        tls.reload(changed.listen().tls(), tlsOfClusters(changed), tlsOfPatroni(changed));   // the last that can fail, and it fails whole
        warnOfRestart(effective, loaded.effective());
        users = after;
        config = changed;
        effective = loaded.effective().after(effective);
        files = loaded.files();
        loginPolicy = policy(changed, after.secrets);
        warnOfExpiry();
        return before::close;
    }

    /// Tells the log of certificates that expire soon, or have; now and every day.
    void warnOfExpiry() {
        Instant now = Instant.now();
        for (Expiry expiry : tls.expiries()) expiry.warning(now).ifPresent(log::warn);
    }

    private static void warnOfRestart(EffectiveConfig before, EffectiveConfig after) {
        var old = new HashMap<String, String>();
        before.entries().forEach(entry -> old.put(entry.key(), entry.value()));
        for (var entry : after.entries()) {
            boolean changed = old.containsKey(entry.key()) && !entry.value().equals(old.get(entry.key()));
            if (changed && !entry.reloadable()) log.warn("{} = {} needs a restart, {} stays in force", entry.key(), entry.value(), old.get(entry.key()));
        }
    }

    void close() {
        users.close();
    }
}
