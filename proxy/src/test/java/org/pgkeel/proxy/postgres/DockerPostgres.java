package org.pgkeel.proxy.postgres;

import com.github.dockerjava.api.DockerClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.embedded.ServerSettings;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;

/// A PostgreSQL in a container (`-Dpgkeel.postgres.image`, default `postgres:18`). Its port on this machine is chosen beforehand,
/// so that it stays the same when the container is started again. Threading: any.
final class DockerPostgres implements PostgresFixture {
    private static final int INSIDE = 5432;
    private static final Duration START_MAX = Duration.ofSeconds(120);
    private static final String PRIMARY_ALIAS = "primary";

    /// Run by the image once, when the data folder is new; the server listens only to itself at that time.
    private static final String INIT_SCRIPT = """
            set -e
            cp /pgkeel/ca.crt /pgkeel/server.crt /pgkeel/server.key "$PGDATA"
            chmod 600 "$PGDATA/server.key"
            cp /pgkeel/pg_hba.conf "$PGDATA/pg_hba.conf"
            psql -v ON_ERROR_STOP=1 -U postgres -d postgres -c "alter system set ssl = on"
            """;

    private static final String STANDBY_SCRIPT = """
            set -e
            [ -s "$PGDATA/PG_VERSION" ] || pg_basebackup -d "host=%s user=%s password=%s" -D "$PGDATA" -R -X stream -c fast -C -S %s
            exec postgres "$@"
            """;

    private final GenericContainer<?> container;
    private final int port;
    private final FixtureOptions options;
    private final TestCertificates certificates;
    private final Network network;
    private final Runnable afterClose;
    private final List<PostgresFixture> standbys = new ArrayList<>();

    private DockerPostgres(GenericContainer<?> container, int port, FixtureOptions options, TestCertificates certificates, Network network, Runnable afterClose) {
        this.container = container;
        this.port = port;
        this.options = options;
        this.certificates = certificates;
        this.network = network;
        this.afterClose = afterClose;
    }

    static PostgresFixture start(FixtureOptions options) {
        requireEngine();
        try {
            Path folder = Files.createTempDirectory("pgkeel-docker-");
            TestCertificates certificates = TestCertificates.create(folder);
            int port = ServerSettings.freePort();
            Network network = Network.newNetwork();
            GenericContainer<?> container = container(port, network)
                    .withNetworkAliases(PRIMARY_ALIAS)
                    .withEnv("POSTGRES_USER", SUPERUSER).withEnv("POSTGRES_PASSWORD", SUPERUSER_PASSWORD).withEnv("POSTGRES_DB", "postgres")
                    .withCopyToContainer(Transferable.of(INIT_SCRIPT, 0755), "/docker-entrypoint-initdb.d/10-pgkeel.sh")
                    .withCopyToContainer(Transferable.of(String.join("\n", options.allHba()) + "\n", 0644), "/pgkeel/pg_hba.conf")
                    .withCommand(Stream.concat(Stream.of("postgres"), arguments(options)).toArray(String[]::new))
                    .waitingFor(Wait.forLogMessage(".*database system is ready to accept connections.*\\s", 2).withStartupTimeout(START_MAX));
            for (String file : List.of("ca.crt", "server.crt", "server.key")) {
                container.withCopyToContainer(Transferable.of(Files.readAllBytes(folder.resolve(file)), 0644), "/pgkeel/" + file);
            }
            container.start();
            return FixtureUsers.in(new DockerPostgres(container, port, options, certificates, network, () -> {
                network.close();
                DataFolder.delete(folder);
            }));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Asked first, because Testcontainers looks in many places before it gives up.
    private static void requireEngine() {
        boolean named = System.getenv("DOCKER_HOST") != null || Files.exists(Path.of(System.getProperty("user.home"), ".testcontainers.properties"));
        boolean socket = Stream.of(Path.of("/var/run/docker.sock"), Path.of(System.getProperty("user.home"), ".docker/run/docker.sock")).anyMatch(Files::exists);
        if (!named && !socket) {
            throw new IllegalStateException("no Docker engine: neither DOCKER_HOST nor /var/run/docker.sock");
        }
        if (!DockerClientFactory.instance().isDockerAvailable()) {
            throw new IllegalStateException("the Docker engine does not answer");
        }
    }

    private static GenericContainer<?> container(int port, Network network) {
        var container = new GenericContainer<>(DockerImageName.parse(System.getProperty("pgkeel.postgres.image", "postgres:18")));
        container.withNetwork(network).withExposedPorts(INSIDE).setPortBindings(List.of(port + ":" + INSIDE));
        return container;
    }

    /// All settings but TLS, which the init script turns on when the files are there.
    private static Stream<String> arguments(FixtureOptions options) {
        return options.allParameters().entrySet().stream().filter(entry -> !entry.getKey().equals("ssl"))
                .flatMap(entry -> Stream.of("-c", entry.getKey() + "=" + entry.getValue()));
    }

    @Override
    public Provider provider() {
        return Provider.DOCKER;
    }

    @Override
    public String host() {
        return container.getHost();
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public TestCertificates certificates() {
        return certificates;
    }

    @Override
    public void kill() {
        docker().killContainerCmd(container.getContainerId()).withSignal("KILL").exec();
        Awaitility.await().until(() -> !container.isRunning());
    }

    @Override
    public void stop() {
        docker().stopContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public void startAgain() {
        docker().startContainerCmd(container.getContainerId()).exec();
        Awaitility.await().atMost(START_MAX).ignoreExceptionsInstanceOf(SQLException.class).until(() -> {
            try (Connection connection = connectAsSuperuser("postgres")) {
                return connection.isValid(5);
            }
        });
    }

    @Override
    public void freeze() {
        docker().pauseContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public void thaw() {
        docker().unpauseContainerCmd(container.getContainerId()).exec();
    }

    @Override
    public synchronized PostgresFixture standby() {
        int standbyPort = ServerSettings.freePort();
        String script = STANDBY_SCRIPT.formatted(PRIMARY_ALIAS, SUPERUSER, SUPERUSER_PASSWORD, "standby" + (standbys.size() + 1));
        GenericContainer<?> standby = container(standbyPort, network)
                .withEnv("PGDATA", "/tmp/standby")
                .withCreateContainerCmdModifier(command -> command.withUser("postgres").withEntrypoint("bash", "-c", script, "standby"))
                .withCommand(arguments(options).toArray(String[]::new))
                .waitingFor(Wait.forLogMessage(".*ready to accept read-only connections.*\\s", 1).withStartupTimeout(START_MAX));
        standby.start();
        var fixture = new DockerPostgres(standby, standbyPort, options, certificates, network, () -> {});
        standbys.add(fixture);
        return fixture;
    }

    @Override
    public synchronized void close() {
        standbys.forEach(PostgresFixture::close);
        container.stop();
        afterClose.run();
    }

    private static DockerClient docker() {
        return DockerClientFactory.lazyClient();
    }
}
