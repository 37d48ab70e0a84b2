package org.pgkeel.proxy.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.embedded.PostgresServer;
import org.pgkeel.proxy.embedded.PostgresTree;
import org.pgkeel.proxy.embedded.ServerAccount;
import org.pgkeel.proxy.embedded.ServerSettings;

/// A primary and a streaming replica, and all that may happen to them. Threading: confined to one thread.
final class TrialCluster implements AutoCloseable {
    private final Path folder;
    private final PostgresTree tree;
    private final ServerAccount account;
    private PostgresServer primary;
    private PostgresServer standby;

    /// @param home a tree of PostgreSQL's programs; empty for that on the class path
    TrialCluster(String home, Map<String, String> parameters) {
        account = ServerAccount.pick();
        try {
            folder = Files.createTempDirectory("pgkeel-trial-");
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        tree = home.isEmpty() ? PostgresTree.fromClassPath(DataFolder.prepare(DataFolder.home(account).resolve("cache"), account)) : new PostgresTree(Path.of(home));
        var settings = new ServerSettings("127.0.0.1", ServerSettings.freePort(), "postgres", "postgres", parameters, List.of("local all all trust", "host all all all trust", "host replication all all trust"));
        primary = new PostgresServer(tree, account, folder.resolve("node1"), settings).initialise().start();
        primary.execute("postgres", "set synchronous_commit = local; create table t (id bigint primary key, xid xid8 default pg_current_xact_id())", "set synchronous_commit = local; create table burnt (n int)");
        standby = primary.replicate(folder.resolve("node2"), ServerSettings.freePort()).start();
        awaitStreaming();
    }

    NodeAddress primary() {
        return address(primary);
    }

    List<NodeAddress> nodes() {
        return List.of(address(primary), address(standby));
    }

    PostgresServer primaryServer() {
        return primary;
    }

    private static NodeAddress address(PostgresServer server) {
        return new NodeAddress(server.settings().address(), server.settings().port());
    }

    /// Nothing is sent to the replica any more.
    void stopReplication() {
        signal("STOP", Long.parseLong(primary.query("postgres", "select pid from pg_stat_replication")));
    }

    /// The machine stops at once: nobody of the server gets to do anything more.
    void killAll() {
        signalAll("KILL");
        awaitDead();
    }

    /// Connections stay, and nobody answers until [#thaw].
    void freeze() {
        signalAll("STOP");
    }

    void thaw() {
        signalAll("CONT");
    }

    private void signalAll(String name) {
        var all = new ArrayList<Long>(List.of(primary.pid()));
        ProcessHandle.of(primary.pid()).ifPresent(handle -> handle.descendants().forEach(child -> all.add(child.pid())));
        signal(name, all.toArray(Long[]::new));
    }

    void stopImmediately() {
        signal("QUIT", primary.pid());
        awaitDead();
    }

    void stopFast() {
        primary.stop();
    }

    /// `kill -9` of one backend: the server recovers by itself.
    void crashBackend(long pid) {
        signal("KILL", pid);
    }

    private void awaitDead() {
        Awaitility.await().pollInterval(Duration.ofMillis(5)).until(() -> !primary.isRunning());
        primary.kill();
    }

    void startAgain() {
        primary.start();
    }

    /// As Patroni does with a primary that has crashed: nobody can connect meanwhile.
    void recoverInSingleUserMode() {
        try {
            Process recovery = singleUser();
            recovery.getOutputStream().close();
            if (recovery.waitFor() != 0) throw new IllegalStateException(Files.readString(singleUserLog()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /// The server has recovered, and crashes again before anybody could connect.
    void interruptRecovery() {
        try {
            Process recovery = singleUser();
            Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(5)).until(() -> Files.readString(singleUserLog()).contains("backend>"));
            recovery.destroyForcibly().onExit().join();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// With archiving on it begins a new file of WAL before its last checkpoint.
    private Process singleUser() throws IOException {
        var command = account.command(List.of(tree.home().resolve("bin/postgres").toString(), "--single", "-D", primary.data().toString(), "-c", "archive_mode=on", "-c", "archive_command=false", "template1"));
        return new ProcessBuilder(command).directory(primary.data().toFile()).redirectErrorStream(true).redirectOutput(singleUserLog().toFile()).start();
    }

    private Path singleUserLog() {
        return folder.resolve("single-user.log");
    }

    void startAsStandby() {
        try {
            Files.createFile(primary.data().resolve("standby.signal"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        primary.start();
    }

    void promote() {
        standby.execute("postgres", "select pg_promote()");
        PostgresServer old = primary;
        primary = standby;
        standby = old;
    }

    /// The old primary becomes a copy of the new one.
    void replicate() {
        standby.kill();
        int port = standby.settings().port();
        standby = primary.replicate(standby.folder(), port).start();
    }

    void awaitStreaming() {
        Awaitility.await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(20)).ignoreExceptions()
                .until(() -> primary.query("postgres", "select count(*) from pg_stat_replication where state = 'streaming' and replay_lsn >= pg_current_wal_flush_lsn() - 100000").equals("1"));
    }

    static void signal(String name, Long... pids) {
        var command = new ArrayList<>(List.of("kill", "-" + name));
        for (long pid : pids) command.add(Long.toString(pid));
        try {
            new ProcessBuilder("sh", "-c", String.join(" ", command)).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        standby.kill();
        primary.kill();
        DataFolder.delete(folder);
    }
}
