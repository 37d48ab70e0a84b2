package org.pgkeel.proxy.embedded;

import static org.pgkeel.proxy.embedded.EmbeddedPostgresException.Reason.DISK_FULL;
import static org.pgkeel.proxy.embedded.EmbeddedPostgresException.Reason.PORT_IN_USE;
import static org.pgkeel.proxy.embedded.EmbeddedPostgresException.Reason.SERVER_FAILED;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.postgresql.Driver;

/// One PostgreSQL server on this machine: its folder (`data`, `server.log`, the Unix-domain socket) and its process.
/// Threading: shared, guarded by its own monitor; every method blocks.
///
/// | from    | event                  | to      |
/// |---------|------------------------|---------|
/// | Stopped | start                  | Running |
/// | Running | stop, kill             | Stopped |
/// | Running | the process ends       | Stopped |
public final class PostgresServer implements AutoCloseable {
    private static final Duration START_MAX = Duration.ofSeconds(60);
    /// A Unix-domain socket's path has 107 bytes at most.
    private static final int SOCKET_FOLDER_CHARS_MAX = 85;
    private static final String OWN_CONF = "pgkeel.conf";

    private sealed interface State {
        record Stopped() implements State {}

        record Running(ServerProcess process) implements State {}
    }

    private final PostgresTree tree;
    private final ServerAccount account;
    private final Path folder;
    private ServerSettings settings;
    private State state = new State.Stopped();

    /// A server that is not running; its folder need not be there yet.
    public PostgresServer(PostgresTree tree, ServerAccount account, Path folder, ServerSettings settings) {
        this.tree = tree;
        this.account = account;
        this.folder = folder.toAbsolutePath();
        this.settings = settings;
    }

    public Path folder() {
        return folder;
    }

    public Path data() {
        return folder.resolve("data");
    }

    Path log() {
        return folder.resolve("server.log");
    }

    public synchronized ServerSettings settings() {
        return settings;
    }

    /// Whether `initdb` or a base backup has filled the folder.
    public boolean isInitialised() {
        return Files.exists(data().resolve("PG_VERSION"));
    }

    /// Runs `initdb`, without waiting for the disk: what is kept here is not precious.
    public synchronized PostgresServer initialise() {
        DataFolder.prepare(folder, account);
        Path password = folder.resolve("initdb.password");
        try {
            account.own(folder);
            Files.writeString(password, settings.password() + "\n");
            Files.setPosixFilePermissions(password, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
            account.own(password);
            String locale = System.getProperty("os.name").startsWith("Linux") ? "C.UTF-8" : "C";
            ServerProcess initdb = ServerProcess.start(account, folder, log(), List.of(tree.program("initdb"), "-D", data().toString(), "-U", settings.superuser(),
                    "--pwfile=" + password, "--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=" + locale));
            if (initdb.waitFor(START_MAX) != 0) {
                throw failed("initdb");
            }
        } catch (IOException e) {
            throw DataFolder.broken(folder, e);
        } finally {
            deleteQuietly(password);
        }
        return this;
    }

    /// Starts the process, and returns when it accepts connections. What an earlier run left running here is stopped first.
    public synchronized PostgresServer start() {
        ServerProcess.stopLeftover(data());
        requireFreePort();
        try {
            writeConfiguration();
            Files.deleteIfExists(log());
        } catch (IOException e) {
            throw DataFolder.broken(folder, e);
        }
        ServerProcess process = ServerProcess.start(account, folder, log(), List.of(tree.program("postgres"), "-D", data().toString()));
        state = new State.Running(process);
        if (!process.waitUntilReady(data(), START_MAX)) {
            kill();
            throw failed("postgres");
        }
        return this;
    }

    public synchronized boolean isRunning() {
        return switch (state) {
            case State.Running(var process) -> process.isAlive();
            case State.Stopped() -> false;
        };
    }

    /// The postmaster's process id.
    /// @throws IllegalStateException if it is not running
    public synchronized long pid() {
        return running().pid();
    }

    /// A fast shutdown: sessions end with 57P01, what was committed is kept. Does nothing if the server is not running.
    public synchronized void stop() {
        if (state instanceof State.Running(var process)) {
            process.stop();
            state = new State.Stopped();
        }
    }

    /// `kill -9` of the postmaster; returns when its children are gone as well.
    public synchronized void kill() {
        if (state instanceof State.Running(var process)) {
            process.kill();
            state = new State.Stopped();
        }
    }

    /// `SIGSTOP` of the postmaster and all its children: the machine that hangs.
    public synchronized void freeze() {
        running().signalAll("STOP");
    }

    /// `SIGCONT` after [#freeze].
    public synchronized void thaw() {
        running().signalAll("CONT");
    }

    @Override
    public void close() {
        stop();
    }

    /// A connection as the superuser.
    public Connection connect(String database) throws SQLException {
        ServerSettings now = settings();
        return connect(database, now.superuser(), now.password());
    }

    public Connection connect(String database, String user, String password) throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        return new Driver().connect(jdbcUrl(database), properties);
    }

    public String jdbcUrl(String database) {
        ServerSettings now = settings();
        return "jdbc:postgresql://" + now.address() + ":" + now.port() + "/" + database;
    }

    /// Runs statements as the superuser, each in a transaction of its own.
    public void execute(String database, String... statements) {
        try (Connection connection = connect(database); var statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException e) {
            throw new EmbeddedPostgresException(SERVER_FAILED, "The PostgreSQL server on port " + settings.port() + " answered: " + e.getMessage(), e);
        }
    }

    /// The first value of the first row, as text, as the superuser.
    public String query(String database, String sql) {
        try (Connection connection = connect(database); var rows = connection.createStatement().executeQuery(sql)) {
            rows.next();
            return String.valueOf(rows.getString(1));
        } catch (SQLException e) {
            throw new EmbeddedPostgresException(SERVER_FAILED, "The PostgreSQL server on port " + settings.port() + " answered: " + e.getMessage(), e);
        }
    }

    /// Makes `into` a streaming replica of this running server; the replica is not started yet.
    public PostgresServer replicate(Path into, int port) {
        var replica = new PostgresServer(tree, account, into, settings().withPort(port));
        new BaseBackup(this, replica, account).take();
        replica.follow(this);
        return replica;
    }

    /// From its next start this server streams from `primary`, over its own replication slot.
    synchronized void follow(PostgresServer primary) {
        ServerSettings upstream = primary.settings();
        settings = settings.with(Map.of(
                "primary_conninfo", "host=" + upstream.address() + " port=" + upstream.port() + " user=" + upstream.superuser()
                        + " password=" + upstream.password() + " application_name=" + slotName(),
                "primary_slot_name", slotName()));
    }

    String slotName() {
        return folder.getFileName().toString().toLowerCase(java.util.Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
    }

    private void writeConfiguration() throws IOException {
        var parameters = new TreeMap<>(settings.parameters());
        parameters.put("listen_addresses", settings.address());
        parameters.put("port", Integer.toString(settings.port()));
        parameters.putIfAbsent("unix_socket_directories", folder.toString().length() <= SOCKET_FOLDER_CHARS_MAX ? folder.toString() : "");
        var text = new StringBuilder("# Written at every start. What ALTER SYSTEM sets goes before it.\n");
        parameters.forEach((name, value) -> text.append(name).append(" = '").append(value.replace("'", "''")).append("'\n"));
        writeOwned(data().resolve(OWN_CONF), text.toString());
        writeOwned(data().resolve("pg_hba.conf"), String.join("\n", settings.hba()) + "\n");
        Path main = data().resolve("postgresql.conf");
        String include = "include '" + OWN_CONF + "'";
        if (!Files.readString(main).contains(include)) {
            writeOwned(main, Files.readString(main) + include + "\n");
        }
    }

    private void writeOwned(Path file, String text) throws IOException {
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
        account.own(file);
    }

    /// Asked beforehand, because the server itself says it only in its log.
    private void requireFreePort() {
        try (var probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(settings.address(), settings.port()));
        } catch (IOException e) {
            throw portInUse(settings.port(), e);
        }
    }

    private static EmbeddedPostgresException portInUse(int port, IOException e) {
        return new EmbeddedPostgresException(PORT_IN_USE, "Port " + port + " is in use by another program (" + e.getMessage()
                + "). Stop that program, or choose another port.", e);
    }

    private EmbeddedPostgresException failed(String program) {
        String tail;
        try {
            List<String> lines = new String(Files.readAllBytes(log()), StandardCharsets.UTF_8).lines().toList();
            tail = String.join("\n", lines.subList(Math.max(0, lines.size() - 15), lines.size()));
        } catch (IOException e) {
            tail = "(no log: " + e.getMessage() + ")";
        }
        if (DataFolder.isDiskFull(tail)) {
            return new EmbeddedPostgresException(DISK_FULL, "The disk of " + folder + " is full. Free some space, or name a folder on another disk.\n" + tail);
        }
        return new EmbeddedPostgresException(SERVER_FAILED, program + " did not succeed in " + folder + ". If the folder is broken, start with a new one. Its log ends with:\n" + tail);
    }

    private ServerProcess running() {
        return switch (state) {
            case State.Running(var process) -> process;
            case State.Stopped() -> throw new IllegalStateException("the server in " + folder + " is not running");
        };
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            file.toFile().deleteOnExit();
        }
    }
}
