package org.pgkeel.proxy.embedded;

import static org.pgkeel.proxy.embedded.EmbeddedPostgresException.Reason.ALREADY_RUNNING;
import static org.pgkeel.proxy.embedded.EmbeddedPostgresException.Reason.SERVER_FAILED;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// A primary and its streaming replica in one folder, `node1` and `node2`. A folder that is filled already is used as it is: the
/// node that was promoted last is the primary, and a replica that cannot follow it is copied anew.
/// Whoever starts it closes it, at the end of the process as well (on Linux the kernel stops the servers of a killed process).
/// Threading: confined to the thread that starts it, except [#close], which any thread may call.
public final class EmbeddedPostgres implements AutoCloseable {
    private static final List<String> NODES = List.of("node1", "node2");
    private static final long FOLDER_BYTES = 300L << 20;
    private static final Duration STREAMING_MAX = Duration.ofSeconds(15);

    private final PostgresServer primary;
    private final PostgresServer replica;
    private final FileLock lock;

    private EmbeddedPostgres(PostgresServer primary, PostgresServer replica, FileLock lock) {
        this.primary = primary;
        this.replica = replica;
        this.lock = lock;
    }

    /// Starts both, and returns when the replica streams.
    ///
    /// @param settings    of both; its port is the primary's
    /// @param replicaPort the replica's port
    /// @param progress    told what is being done, in a few words
    public static EmbeddedPostgres start(PostgresTree tree, ServerAccount account, Path folder, ServerSettings settings, int replicaPort,
                                         Consumer<String> progress) {
        DataFolder.prepare(folder, account);
        FileLock lock = lock(folder);
        try {
            var node1 = new PostgresServer(tree, account, folder.resolve(NODES.getFirst()), settings);
            var node2 = new PostgresServer(tree, account, folder.resolve(NODES.getLast()), settings);
            Stream.of(node1, node2).forEach(node -> ServerProcess.stopLeftover(node.data()));
            PostgresServer primary = wasPromotedLater(node2, node1) ? node2 : node1;
            if (!primary.isInitialised()) {
                DataFolder.requireSpace(folder, FOLDER_BYTES);
                progress.accept("creating a PostgreSQL cluster in " + folder);
                DataFolder.delete(primary.folder());
                primary.initialise();
            }
            progress.accept("starting the primary on port " + settings.port());
            primary.start();
            progress.accept("starting a streaming replica on port " + replicaPort);
            PostgresServer replica = startReplica(new PostgresServer(tree, account, (primary == node1 ? node2 : node1).folder(), settings.withPort(replicaPort)), primary);
            return new EmbeddedPostgres(primary, replica, lock);
        } catch (RuntimeException e) {
            release(lock);
            throw e;
        }
    }

    public PostgresServer primary() {
        return primary;
    }

    public PostgresServer replica() {
        return replica;
    }

    @Override
    public void close() {
        replica.stop();
        primary.stop();
        release(lock);
    }

    /// Removes the servers in a folder, and nothing else that lies there.
    public static void reset(ServerAccount account, Path folder) {
        DataFolder.prepare(folder, account);
        FileLock lock = lock(folder);
        try {
            for (String node : NODES) {
                ServerProcess.stopLeftover(folder.resolve(node).resolve("data"));
                DataFolder.delete(folder.resolve(node));
            }
        } finally {
            release(lock);
        }
    }

    private static PostgresServer startReplica(PostgresServer replica, PostgresServer primary) {
        try {
            if (isStandby(replica)) {
                replica.follow(primary);
                replica.start();
                if (streams(replica, primary, STREAMING_MAX)) {
                    return replica;
                }
                replica.kill();
            }
            PostgresServer copy = primary.replicate(replica.folder(), replica.settings().port()).start();
            if (streams(copy, primary, STREAMING_MAX)) {
                return copy;
            }
            copy.kill();
            throw new EmbeddedPostgresException(SERVER_FAILED, "The replica does not stream from the primary; its log: " + copy.log());
        } catch (RuntimeException e) {
            primary.stop();
            throw e;
        }
    }

    /// Asks the primary, which waits a little between two answers.
    private static boolean streams(PostgresServer replica, PostgresServer primary, Duration max) {
        long deadline = System.nanoTime() + max.toNanos();
        String sql = "select count(*) from pg_stat_replication, pg_sleep(0.02) where application_name = ? and state = 'streaming'";
        try (Connection connection = primary.connect("postgres"); PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, replica.slotName());
            while (System.nanoTime() < deadline) {
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    if (rows.getInt(1) > 0) {
                        return true;
                    }
                }
            }
            return false;
        } catch (SQLException e) {
            throw new EmbeddedPostgresException(SERVER_FAILED, "The primary on port " + primary.settings().port() + " answered: " + e.getMessage(), e);
        }
    }

    private static boolean isStandby(PostgresServer server) {
        return server.isInitialised() && Files.exists(server.data().resolve("standby.signal"));
    }

    private static boolean wasPromotedLater(PostgresServer one, PostgresServer other) {
        return one.isInitialised() && !isStandby(one) && (!other.isInitialised() || isStandby(other) || timeline(one) > timeline(other));
    }

    /// The newest timeline that left a history file; a cluster that was never promoted has none, and is on timeline 1.
    private static int timeline(PostgresServer server) {
        try (Stream<Path> files = Files.list(server.data().resolve("pg_wal"))) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".history"))
                    .mapToInt(name -> Integer.parseInt(name.substring(0, name.indexOf('.')), 16)).max().orElse(1);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + server.data(), e);
        }
    }

    private static FileLock lock(Path folder) {
        FileChannel channel;
        try {
            channel = FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw DataFolder.broken(folder, e);
        }
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return lock;
            }
            channel.close();
        } catch (OverlappingFileLockException e) {
            throw alreadyRunning(folder);
        } catch (IOException e) {
            throw DataFolder.broken(folder, e);
        }
        throw alreadyRunning(folder);
    }

    private static EmbeddedPostgresException alreadyRunning(Path folder) {
        return new EmbeddedPostgresException(ALREADY_RUNNING, "Another PgKeel already runs PostgreSQL in " + folder + ". Stop it, or name another folder.");
    }

    private static void release(FileLock lock) {
        try {
            lock.acquiredBy().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
