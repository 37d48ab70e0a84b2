package org.pgkeel.proxy.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.embedded.PostgresTree;
import org.pgkeel.proxy.embedded.ServerAccount;
import org.pgkeel.proxy.embedded.ServerSettings;

/// A primary and streaming replicas, with the fixture's user and database `app`. Threading: confined to one thread.
public final class ReplicatedPostgres implements AutoCloseable {
    private static final String DATABASE = "app";
    private static final Map<String, String> PARAMETERS = Map.of("fsync", "off", "max_connections", "60", "max_standby_streaming_delay", "0",
            "hot_standby_feedback", "off", "wal_receiver_status_interval", "1s", "deadlock_timeout", "50ms", "synchronous_commit", "local", "max_prepared_transactions", "10");

    private final Path folder;
    private final PostgresServer primary;
    private final List<PostgresServer> replicas = new ArrayList<>();

    public ReplicatedPostgres(int replicaCount) {
        ServerAccount account = ServerAccount.pick();
        try {
            folder = Files.createTempDirectory("pgkeel-replicated-");
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        PostgresTree tree = PostgresTree.fromClassPath(DataFolder.prepare(DataFolder.home(account).resolve("cache"), account));
        var settings = new ServerSettings("127.0.0.1", ServerSettings.freePort(), "postgres", "postgres", PARAMETERS,
                List.of("local all all trust", "host all all all trust", "host replication all all trust"));
        primary = new PostgresServer(tree, account, folder.resolve("node1"), settings).initialise().start();
        primary.execute("postgres", "create role app superuser login", "create database app owner app");
        IntStream.rangeClosed(2, replicaCount + 1).forEach(n -> replicas.add(primary.replicate(folder.resolve("node" + n), ServerSettings.freePort()).start()));
        replicas.forEach(this::awaitReplayed);
    }

    public PostgresServer primary() {
        return primary;
    }

    public PostgresServer replica(int index) {
        return replicas.get(index);
    }

    /// Lines of `proxy.conf`: the cluster, watched.
    public String cluster() {
        String nodes = Stream.concat(Stream.of(primary), replicas.stream()).map(node -> "\"127.0.0.1:" + node.settings().port() + "\"").collect(Collectors.joining(", "));
        return """
                clusters.main.nodes = [%s]
                clusters.main.monitor { user = postgres }
                """.formatted(nodes);
    }

    public void execute(String... sql) {
        primary.execute(DATABASE, sql);
    }

    public String query(String sql) {
        return primary.query(DATABASE, sql);
    }

    /// All that was written until now is to be seen there.
    public void awaitReplayed(PostgresServer replica) {
        String position = primary.query("postgres", "select pg_current_wal_flush_lsn()");
        Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(20)).ignoreExceptions()
                .until(() -> replica.query("postgres", "select pg_last_wal_replay_lsn() >= '" + position + "'::pg_lsn").equals("t"));
    }

    @Override
    public void close() {
        replicas.forEach(PostgresServer::kill);
        primary.kill();
        DataFolder.delete(folder);
    }
}
