package org.pgkeel.proxy.command;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Optional;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.config.ClusterConfig;
import org.pgkeel.proxy.config.ListenConfig;
import org.pgkeel.proxy.config.Secret;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/// Connections of `pgkeel advise`: to the running proxy's console, and to the primary of a cluster. A password that the configuration does not have is
/// looked for where libpq looks: `PGPASSWORD`, then the password file.
final class AdviseConnections {
    private static final int PATIENCE_SECONDS = 10;
    /// It warns of the console's version, which is PgBouncer's. Held here, or its level would be forgotten.
    private static final Logger DRIVER = Logger.getLogger("org.postgresql.jdbc.PgConnection");

    private AdviseConnections() {}

    /// @param nodes of the cluster; one of them is the primary
    static Connection primary(ClusterConfig cluster, Collection<NodeAddress> nodes, String user, Optional<Secret> password, String database) throws SQLException {
        String hosts = nodes.stream().filter(node -> !node.isUnixSocket()).map(NodeAddress::toString).collect(Collectors.joining(","));
        if (hosts.isEmpty()) throw new SQLException("cluster " + cluster.name() + " has no node with a host and port");
        Properties properties = properties(user, password);
        PGProperty.TARGET_SERVER_TYPE.set(properties, "primary");
        PGProperty.READ_ONLY.set(properties, true);
        // Whoever owns a database may set its search_path: nobody's functions and operators are to stand in for the server's.
        PGProperty.OPTIONS.set(properties, "-c search_path=pg_catalog");
        PGProperty.SSL_MODE.set(properties, cluster.tls().jdbcMode());
        cluster.tls().ca().ifPresent(file -> PGProperty.SSL_ROOT_CERT.set(properties, file.toString()));
        cluster.tls().cert().ifPresent(file -> PGProperty.SSL_CERT.set(properties, file.toString()));
        cluster.tls().key().ifPresent(file -> PGProperty.SSL_KEY.set(properties, file.toString()));
        return open(hosts, database, properties);
    }

    static Connection console(ListenConfig listen, String user, Optional<Secret> password) throws SQLException {
        Properties properties = properties(user, password);
        DRIVER.setLevel(Level.SEVERE);
        // The console speaks the language of PgBouncer's.
        PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
        PGProperty.SSL_MODE.set(properties, "prefer");
        String host = switch (listen.address()) {
            case "0.0.0.0", "*", "" -> "127.0.0.1";
            case "::" -> "[::1]";
            case String address when address.contains(":") -> "[" + address + "]";
            case String address -> address;
        };
        return open(host + ":" + listen.port(), "pgkeel", properties);
    }

    private static Properties properties(String user, Optional<Secret> password) {
        var properties = new Properties();
        PGProperty.USER.set(properties, user);
        password.map(Secret::reveal).or(() -> Optional.ofNullable(System.getenv("PGPASSWORD"))).ifPresent(secret -> PGProperty.PASSWORD.set(properties, secret));
        PGProperty.CONNECT_TIMEOUT.set(properties, PATIENCE_SECONDS);
        PGProperty.SOCKET_TIMEOUT.set(properties, 3 * PATIENCE_SECONDS);
        PGProperty.LOGIN_TIMEOUT.set(properties, PATIENCE_SECONDS);
        PGProperty.APPLICATION_NAME.set(properties, "pgkeel advise");
        PGProperty.GSS_ENC_MODE.set(properties, "disable");
        PGProperty.PREPARE_THRESHOLD.set(properties, 0);
        return properties;
    }

    private static Connection open(String hosts, String database, Properties properties) throws SQLException {
        Connection connection = new Driver().connect("jdbc:postgresql://" + hosts + "/" + URLEncoder.encode(database, StandardCharsets.UTF_8), properties);
        if (connection == null) throw new SQLException("no connection to " + hosts);
        return connection;
    }
}
