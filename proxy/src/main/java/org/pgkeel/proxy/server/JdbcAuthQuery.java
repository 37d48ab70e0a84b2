package org.pgkeel.proxy.server;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.config.AuthConfig;
import org.pgkeel.proxy.config.ClusterConfig;
import org.pgkeel.proxy.config.DatabaseConfig;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.config.Secret;
import org.pgkeel.proxy.login.AuthQuery;
import org.pgkeel.proxy.login.StoredSecret;
import org.pgkeel.proxy.observe.Complaints;
import org.pgkeel.proxy.session.Pools;
import org.postgresql.Driver;
import org.postgresql.PGProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `auth.auth-query` by pgjdbc, on the primary of the database's cluster, over one kept connection per database; on a replica while there
/// is no primary, so that clients can log in during a hold. It does not run on the event loops nor on the helper threads: a PostgreSQL
/// that does not answer must not keep those from logging in whose secrets are in the users file.
///
/// Threading: shared; a lookup runs on a virtual thread, connections are guarded by a lock per database. How many lookups
/// there are at once is bounded by `auth.pending-max`, and connections that are being opened by [#CONNECTS_MAX]: who has proved nothing
/// may name any database, and is not to use up the server's connections with that.
final class JdbcAuthQuery implements AuthQuery, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(JdbcAuthQuery.class);
    /// Databases with a kept connection; the one used longest ago goes first.
    private static final int KEPT_MAX = 16;
    /// Connections to one cluster that are being opened at once.
    private static final int CONNECTS_MAX = 4;
    private static final Duration CHECK_AFTER = Duration.ofSeconds(30);
    private static final String NO_SUCH_DATABASE = "3D000";
    private static final int COMPLAINTS_PER_MINUTE_MAX = 20;

    private final ProxyConfig config;
    private final AuthConfig.AuthQuery query;
    private final Secret password;
    private final Placeholders placeholders;
    private final Function<String, Cluster> clusters;
    private final LinkedHashMap<String, Kept> kept = new LinkedHashMap<>(16, 0.75f, true);
    /// Of each cluster.
    private final Map<String, Semaphore> connecting = new ConcurrentHashMap<>();
    private final Complaints complaints = new Complaints(COMPLAINTS_PER_MINUTE_MAX);
    private boolean closed;

    /// A database's connection, while there is one. Guarded by its lock.
    private static final class Kept {
        private final ReentrantLock lock = new ReentrantLock(true);
        private @Nullable Connection connection;
        /// Who was primary when it was opened; null if nobody was known.
        private @Nullable NodeAddress primary;
        private long usedNanos;
        private Optional<SQLException> failure = Optional.empty();
        private long failedNanos;
        private boolean forgotten;

        /// Is not kept.
        static Kept once() {
            var once = new Kept();
            once.forgotten = true;
            return once;
        }
    }

    /// @param password of `auth.auth-query.user`
    /// @param clusters who has which nodes, by name; asked for every connection
    JdbcAuthQuery(ProxyConfig config, AuthConfig.AuthQuery query, Secret password, Function<String, Cluster> clusters) {
        this.clusters = clusters;
        this.config = config;
        this.query = query;
        this.password = password;
        this.placeholders = Placeholders.of(query.query());
    }

    @Override
    public CompletionStage<Optional<StoredSecret>> lookup(String user, String database) {
        String where = query.database().orElse(database);
        Optional<DatabaseConfig> known = Pools.database(config, where);
        if (known.isEmpty()) return CompletableFuture.completedStage(Optional.empty());
        var answer = new CompletableFuture<Optional<StoredSecret>>();
        Thread.ofVirtual().name("pgkeel-auth-query").start(() -> {
            try {
                answer.complete(ask(user, where, known.get()));
            } catch (SQLException | RuntimeException | Error unable) {   // whoever waits for the answer must get one
                long failed = complaints.of(1, System.nanoTime());
                if (failed > 0) log.warn("auth-query in database {}: {}{}", where, unable.getMessage(), Complaints.others(failed));
                answer.completeExceptionally(unable);
            }
        });
        return answer;
    }

    private Optional<StoredSecret> ask(String user, String name, DatabaseConfig database) throws SQLException {
        Kept mine = kept(name);
        mine.lock.lock();
        try {
            boolean wasOpen = mine.connection != null;
            try {
                return run(mine, connection(mine, name, database), user);
            } catch (SQLException broken) {
                close(mine);
                // Its server may have gone while nobody looked: another connection is worth one more try.
                if (!wasOpen || !isLoss(broken)) throw broken;
                return run(mine, connection(mine, name, database), user);
            }
        } catch (SQLException unable) {
            if (NO_SUCH_DATABASE.equals(unable.getSQLState())) return Optional.empty();
            throw unable;
        } finally {
            if (mine.forgotten) close(mine);
            mine.lock.unlock();
        }
    }

    private static boolean isLoss(SQLException broken) {
        String state = String.valueOf(broken.getSQLState());
        return state.startsWith("08") || state.startsWith("57P");
    }

    private Connection connection(Kept mine, String name, DatabaseConfig database) throws SQLException {
        long now = System.nanoTime();
        int patienceSeconds = seconds(config.timeouts().serverConnect());
        Cluster cluster = clusters.apply(database.cluster());
        NodeAddress primary = cluster.primary();
        Connection open = mine.connection;
        if (open != null) {
            boolean elsewhere = primary != null && !primary.equals(mine.primary);
            if (!elsewhere && now - mine.usedNanos < CHECK_AFTER.toNanos() || !elsewhere && open.isValid(Math.max(1, patienceSeconds))) return open;
            close(mine);
        }
        if (mine.failure.isPresent() && now - mine.failedNanos < config.timeouts().serverLoginRetry().toNanos()) throw mine.failure.get();
        Semaphore places = connecting.computeIfAbsent(cluster.name(), _ -> new Semaphore(CONNECTS_MAX, true));
        places.acquireUninterruptibly();
        try {
            Connection fresh = connect(database.backendName().orElse(name), cluster, patienceSeconds);
            mine.connection = fresh;
            mine.primary = primary;
            mine.failure = Optional.empty();
            return fresh;
        } catch (SQLException unable) {
            mine.failure = Optional.of(unable);
            mine.failedNanos = System.nanoTime();
            throw unable;
        } finally {
            places.release();
        }
    }

    private Optional<StoredSecret> run(Kept mine, Connection connection, String user) throws SQLException {
        Optional<StoredSecret> secret = run(connection, user);
        mine.usedNanos = System.nanoTime();
        return secret;
    }

    private Optional<StoredSecret> run(Connection connection, String user) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(placeholders.sql())) {
            for (int i = 1; i <= placeholders.count(); i++) statement.setString(i, user);
            try (ResultSet rows = statement.executeQuery()) {
                if (!rows.next()) return Optional.empty();
                String secret = rows.getString(2);
                return secret == null || secret.isEmpty() ? Optional.empty() : Optional.of(StoredSecret.of(secret));
            }
        }
    }

    /// Where it is asked, the first choice first.
    static List<NodeAddress> nodes(@Nullable NodeAddress primary, List<NodeAddress> all) {
        var nodes = new ArrayList<>(all);
        if (primary != null) {
            nodes.remove(primary);
            nodes.addFirst(primary);
        }
        nodes.removeIf(NodeAddress::isUnixSocket);
        return nodes;
    }

    private Connection connect(String database, Cluster known, int patienceSeconds) throws SQLException {
        ClusterConfig cluster = known.config();
        if (known.nodes().isEmpty()) throw new SQLException("no node of cluster \"" + cluster.name() + "\" is known yet", "08001");
        List<NodeAddress> nodes = nodes(known.primary(), known.nodes());
        if (nodes.isEmpty()) throw new SQLException("cluster \"" + cluster.name() + "\" has Unix-domain sockets only, which auth-query cannot use");
        String hosts = nodes.stream().map(NodeAddress::toString).collect(Collectors.joining(","));
        var properties = new Properties();
        PGProperty.USER.set(properties, query.user());
        PGProperty.PASSWORD.set(properties, password.reveal());
        PGProperty.TARGET_SERVER_TYPE.set(properties, nodes.size() > 1 ? "preferPrimary" : "any");
        PGProperty.HOST_RECHECK_SECONDS.set(properties, 0);
        PGProperty.CONNECT_TIMEOUT.set(properties, patienceSeconds);
        PGProperty.SOCKET_TIMEOUT.set(properties, patienceSeconds);
        PGProperty.LOGIN_TIMEOUT.set(properties, patienceSeconds * nodes.size());
        PGProperty.APPLICATION_NAME.set(properties, "pgkeel auth-query");
        PGProperty.GSS_ENC_MODE.set(properties, "disable");
        PGProperty.TCP_KEEP_ALIVE.set(properties, true);
        // The server need not remember a statement that is asked once per new user; a PgBouncer in between could not.
        PGProperty.PREPARE_THRESHOLD.set(properties, 0);
        PGProperty.SSL_MODE.set(properties, cluster.tls().jdbcMode());
        cluster.tls().ca().ifPresent(file -> PGProperty.SSL_ROOT_CERT.set(properties, file.toString()));
        cluster.tls().cert().ifPresent(file -> PGProperty.SSL_CERT.set(properties, file.toString()));
        cluster.tls().key().ifPresent(file -> PGProperty.SSL_KEY.set(properties, file.toString()));
        Connection connection = new Driver().connect("jdbc:postgresql://" + hosts + "/" + URLEncoder.encode(database, StandardCharsets.UTF_8), properties);
        if (connection == null) throw new SQLException("no connection to " + hosts);
        return connection;
    }

    /// Zero is no limit, here as in pgjdbc; less than a second is one.
    private static int seconds(Duration duration) {
        return duration.isZero() ? 0 : (int) Math.max(1, duration.toSeconds());
    }

    private Kept kept(String name) {
        synchronized (kept) {
            if (closed) return Kept.once();   // a login that began before the configuration was replaced
            Kept mine = kept.computeIfAbsent(name, _ -> new Kept());
            if (kept.size() > KEPT_MAX) closeLater(kept.pollFirstEntry().getValue());
            return mine;
        }
    }

    private static void closeLater(Kept old) {
        Thread.ofVirtual().name("pgkeel-auth-query").start(() -> {
            old.lock.lock();
            try {
                old.forgotten = true;
                close(old);
            } finally {
                old.lock.unlock();
            }
        });
    }

    private static void close(Kept old) {
        Connection connection = old.connection;
        old.connection = null;
        if (connection == null) return;
        try {
            connection.close();
        } catch (SQLException alreadyBroken) {
            log.debug("auth-query connection: {}", alreadyBroken.getMessage());
        }
    }

    @Override
    public void close() {
        synchronized (kept) {
            closed = true;
            kept.values().forEach(JdbcAuthQuery::closeLater);
            kept.clear();
        }
    }
}
