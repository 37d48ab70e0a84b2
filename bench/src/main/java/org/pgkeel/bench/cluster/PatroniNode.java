package org.pgkeel.bench.cluster;

import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.Set;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.link.FaultProxy;
import org.pgkeel.bench.link.Introduction;
import org.pgkeel.bench.link.ListeningSockets;

/// One member of a [PatroniCluster]: a Patroni process and the PostgreSQL that it runs.
///
/// PostgreSQL and Patroni listen where only the bench looks ([#directSql], [#directRest]). The addresses that Patroni tells its
/// peers and PgKeel ([#sql], [#rest]) are fault proxies in front of them, and the DCS is reached through a third.
///
/// Threading: shared, guarded by itself.
public final class PatroniNode implements AutoCloseable {
    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);

    private final PatroniConfiguration configuration;
    private final PatroniProgram program;
    private final Unprivileged unprivileged;
    private final FaultProxy sqlLink;
    private final FaultProxy restLink;
    private final FaultProxy dcsLink;
    private Optional<Process> patroni = Optional.empty();
    private boolean closed;

    /// Writes the node's files and opens its fault proxies; starts no process.
    PatroniNode(PatroniConfiguration configuration, PatroniProgram program, Unprivileged unprivileged, InetSocketAddress dcs, EventLoopGroup loop) throws IOException {
        this.configuration = configuration;
        this.program = program;
        this.unprivileged = unprivileged;
        Path folder = configuration.folder();
        Files.writeString(folder.resolve("patroni.yml"), configuration.yaml());
        Path script = folder.resolve("post_bootstrap");
        Files.writeString(script, configuration.postBootstrap());
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        unprivileged.own(folder);
        NodePorts ports = configuration.ports();
        Set<String> members = Set.of(PatroniCluster.SUPERUSER.user(), PatroniCluster.REPLICATION.user(), PatroniCluster.REWIND.user());
        sqlLink = new FaultProxy(loop, configuration.at(ports.sqlLink()), configuration.at(ports.sql()), Introduction.postgres(members));
        restLink = new FaultProxy(loop, configuration.at(ports.restLink()), configuration.at(ports.rest()), Introduction.PATRONI_REST);
        dcsLink = new FaultProxy(loop, configuration.at(ports.dcsLink()), dcs, Introduction.MEMBERS_ONLY);
    }

    /// `n1`, `n2`, ...: Patroni's member name.
    public String name() {
        return configuration.node();
    }

    /// An address of 127.0.1.0/24 that nobody else has.
    public String host() {
        return configuration.host();
    }

    /// PostgreSQL as the cluster's `/cluster` names it: through the fault proxy.
    public InetSocketAddress sql() {
        return configuration.at(configuration.ports().sqlLink());
    }

    /// Patroni's REST as its members know it: through the fault proxy.
    public URI rest() {
        return URI.create("http://" + host() + ":" + configuration.ports().restLink());
    }

    /// PostgreSQL itself.
    public InetSocketAddress directSql() {
        return configuration.at(configuration.ports().sql());
    }

    /// Patroni itself.
    public URI directRest() {
        return URI.create("http://" + host() + ":" + configuration.ports().rest());
    }

    /// In front of PostgreSQL: clients and the standbys that stream from here.
    public FaultProxy sqlLink() {
        return sqlLink;
    }

    /// In front of Patroni's REST: clients and other Patronis.
    public FaultProxy restLink() {
        return restLink;
    }

    /// From this node's Patroni to the DCS.
    public FaultProxy dcsLink() {
        return dcsLink;
    }

    /// The node's own folder, a small tmpfs of its own where the run has a mount namespace.
    public Path folder() {
        return configuration.folder();
    }

    public Path dataFolder() {
        return configuration.folder().resolve("data");
    }

    /// Patroni's and PostgreSQL's lines in the order of their writing.
    public Path log() {
        return configuration.folder().resolve("log");
    }

    /// Empty if it does not run.
    public synchronized OptionalLong patroniPid() {
        return patroni.filter(Process::isAlive).map(process -> OptionalLong.of(process.pid())).orElseGet(OptionalLong::empty);
    }

    /// As `postmaster.pid` says, if that process runs.
    public OptionalLong postmasterPid() {
        try {
            List<String> lines = Files.readAllLines(dataFolder().resolve("postmaster.pid"));
            long pid = lines.isEmpty() ? 0 : Long.parseLong(lines.getFirst().trim());
            return pid > 0 && ProcessTable.isRunning(pid) ? OptionalLong.of(pid) : OptionalLong.empty();
        } catch (IOException | NumberFormatException none) {
            return OptionalLong.empty();
        }
    }

    /// Every process of PostgreSQL: the postmaster, its children, and what it left behind.
    public List<Long> postgresPids() {
        return ProcessTable.workingIn(dataFolder());
    }

    /// Patroni with what it runs beside PostgreSQL (`pg_basebackup`, `pg_rewind`).
    public List<Long> patroniPids() {
        var pids = new LinkedHashSet<Long>();
        patroniPid().ifPresent(pid -> pids.addAll(ProcessTable.tree(pid)));
        pids.removeAll(postgresPids());
        return List.copyOf(pids);
    }

    /// PostgreSQL's children whose title contains this, such as `startup` or `app app`.
    public List<Long> backends(String titlePart) {
        return postgresPids().stream().filter(pid -> ProcessTable.title(pid).contains(titlePart)).toList();
    }

    /// Starts Patroni, which starts PostgreSQL or takes over the one that runs. Nothing happens if it runs.
    ///
    /// @return at once
    public synchronized void start() throws IOException {
        if (closed) throw new IllegalStateException(name() + " is closed");
        if (patroni.filter(Process::isAlive).isPresent()) return;
        var command = new ArrayList<>(List.of("/usr/bin/env", "-i", "HOME=" + folder(), "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"));
        command.addAll(program.command());
        command.add(folder().resolve("patroni.yml").toString());
        patroni = Optional.of(Processes.start(log(), Map.of(), unprivileged.command(command)));
    }

    /// Lets the links refuse connections where PostgreSQL, Patroni or the DCS would.
    void follow(ListeningSockets now) {
        sqlLink.serverListens(now.has(sqlLink.target()));
        restLink.serverListens(now.has(restLink.target()));
        dcsLink.serverListens(now.has(dcsLink.target()));
    }

    /// kill -9 of Patroni; PostgreSQL goes on. Returns when it is gone.
    public void killPatroni() throws IOException {
        ProcessTable.kill(patroniPids(), KILL_LIMIT);
    }

    /// kill -9 of Patroni and of all of PostgreSQL, stopped processes too. Returns when they are gone.
    public void kill() throws IOException {
        killPatroni();
        ProcessTable.kill(postgresPids(), KILL_LIMIT);
    }

    /// A new connection to PostgreSQL itself, past the fault proxy, with short limits: 1 s to connect, 3 s for an answer.
    public Connection connectDirectly(Login login) throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", login.user());
        properties.setProperty("password", login.password());
        properties.setProperty("connectTimeout", "1");
        properties.setProperty("socketTimeout", "3");
        properties.setProperty("sslmode", "disable");
        properties.setProperty("gssEncMode", "disable");
        properties.setProperty("ApplicationName", "bench");
        return DriverManager.getConnection("jdbc:postgresql://" + host() + ":" + configuration.ports().sql() + "/" + login.database(), properties);
    }

    @Override
    public String toString() {
        return name() + " (" + host() + ")";
    }

    @Override
    public synchronized void close() {
        closed = true;
        try {
            kill();
            removeSharedMemory();
        } catch (IOException e) {
            System.err.println("while stopping " + name() + ": " + e.getMessage());
        }
        sqlLink.close();
        restLink.close();
        dcsLink.close();
    }

    /// The small System V segment by which a postmaster sees that another one's children live outlasts a kill -9; its number is the last word
    /// of the seventh line of `postmaster.pid`.
    private void removeSharedMemory() throws IOException {
        Path file = dataFolder().resolve("postmaster.pid");
        List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
        if (lines.size() < 7) return;
        String[] keyAndNumber = lines.get(6).strip().split("\\s+");
        if (keyAndNumber.length == 2) Processes.run(KILL_LIMIT, Map.of(), List.of("ipcrm", "--shmem-id", keyAndNumber[1]));
    }
}
