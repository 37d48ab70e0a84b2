package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.pgkeel.bench.client.Login;

/// What users put in front of Patroni without PgKeel: PgBouncer for pooling, connecting to HAProxy, which finds the primary by asking
/// every member's `/primary`. HAProxy's settings are those of Patroni's own documentation, PgBouncer's are its defaults but for the size of the pool.
/// The PgBouncer is the one that `bench/bin/get-pgbouncer` left, else the system's, whose prepared statements may not work in transaction mode.
/// <https://patroni.readthedocs.io/en/latest/rest_api.html>
public final class PgBouncerBehindHaProxy implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(60);

    /// HAProxy begins with every server up, and takes three checks to know better.
    private static final Duration CHECKED = Duration.ofSeconds(11);

    private final RunningProxy haProxy;
    private final RunningProxy pgBouncer;
    private final String version;

    private PgBouncerBehindHaProxy(RunningProxy haProxy, RunningProxy pgBouncer, String version) {
        this.haProxy = haProxy;
        this.pgBouncer = pgBouncer;
        this.version = version;
    }

    /// @param sql  PostgreSQL of each node
    /// @param rest Patroni of each node, in the same order
    public static PgBouncerBehindHaProxy start(WorkFolder work, List<InetSocketAddress> sql, List<URI> rest, Login login, int poolSize) throws IOException {
        Path haProxyProgram = program("haproxy");
        Path fetched = Caches.folder().resolve("pgbouncer");
        Path pgBouncerProgram = Files.isExecutable(fetched.resolve("pgbouncer")) ? Caches.copy(fetched, work.folder("pgbouncer-program")).resolve("pgbouncer") : program("pgbouncer");
        Path folder = work.folder("pgbouncer-haproxy");
        int haProxyPort = Processes.freePort();
        int port = Processes.freePort();
        String servers = IntStream.range(0, sql.size())
                .mapToObj(n -> "    server n%d %s:%d maxconn 100 check addr %s port %d".formatted(n + 1, sql.get(n).getAddress().getHostAddress(), sql.get(n).getPort(),
                        rest.get(n).getHost(), rest.get(n).getPort()))
                .collect(Collectors.joining("\n"));
        Files.writeString(folder.resolve("haproxy.cfg"), """
                global
                    maxconn 1000
                defaults
                    mode tcp
                    retries 2
                    timeout client 30m
                    timeout connect 4s
                    timeout server 30m
                    timeout check 5s
                listen primary
                    bind 127.0.0.1:%d
                    option httpchk OPTIONS /primary
                    http-check expect status 200
                    default-server inter 3s fall 3 rise 2 on-marked-down shutdown-sessions
                %s
                """.formatted(haProxyPort, servers));
        Files.writeString(folder.resolve("users.txt"), "\"%s\" \"%s\"\n".formatted(login.user(), login.password()));
        Files.writeString(folder.resolve("pgbouncer.ini"), """
                [databases]
                * = host=127.0.0.1 port=%d
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = %d
                unix_socket_dir =
                auth_type = scram-sha-256
                auth_file = %s/users.txt
                pool_mode = transaction
                default_pool_size = %d
                max_client_conn = 1000
                ignore_startup_parameters = extra_float_digits
                """.formatted(haProxyPort, port, folder, poolSize));
        var unprivileged = new Unprivileged();
        unprivileged.own(folder);
        Path haProxyLog = folder.resolve("haproxy.log");
        Process haProxyProcess = Processes.start(haProxyLog, Map.of(), List.of(haProxyProgram.toString(), "-db", "-f", folder.resolve("haproxy.cfg").toString()));
        var haProxy = new RunningProxy("haproxy", version(haProxyProgram, "-v"), haProxyPort, haProxyProcess, Target.Code.NATIVE, haProxyLog);
        try {
            // PgBouncer does not try again for 15 s after a server that it could not reach.
            haProxy.awaitFirstQuery(login, START_LIMIT);
            String version = version(pgBouncerProgram, "--version") + " behind " + haProxy.version();
            Path log = folder.resolve("pgbouncer.log");
            Process process = Processes.start(log, Map.of(), unprivileged.command(List.of(pgBouncerProgram.toString(), folder.resolve("pgbouncer.ini").toString())));
            var stack = new PgBouncerBehindHaProxy(haProxy, new RunningProxy("pgbouncer", version, port, process, Target.Code.NATIVE, log), version);
            return stack.awaitReady(login);
        } catch (IOException e) {
            haProxy.close();
            throw e;
        }
    }

    private PgBouncerBehindHaProxy awaitReady(Login login) throws IOException {
        try {
            pgBouncer.awaitFirstQuery(login, START_LIMIT);
            Processes.pause(CHECKED);
            return this;
        } catch (IOException e) {
            pgBouncer.close();
            throw e;
        }
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), pgBouncer.port());
    }

    public String version() {
        return version;
    }

    @Override
    public void close() {
        pgBouncer.close();
        haProxy.close();
    }

    private static Path program(String name) throws IOException {
        Path program = Path.of("/usr/sbin", name);
        if (!Files.isExecutable(program)) throw new IOException("no " + program + ": apt-get install " + name);
        return program;
    }

    private static String version(Path program, String option) throws IOException {
        return Processes.run(Duration.ofSeconds(10), Map.of(), List.of(program.toString(), option)).lines().findFirst().orElse(program.toString());
    }
}
