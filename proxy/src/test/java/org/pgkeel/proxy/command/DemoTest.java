package org.pgkeel.proxy.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.embedded.DataFolder;
import org.pgkeel.proxy.embedded.EmbeddedPostgresException;
import org.pgkeel.proxy.embedded.EmbeddedPostgresException.Reason;
import org.pgkeel.proxy.embedded.ServerAccount;
import org.pgkeel.proxy.embedded.ServerSettings;

class DemoTest {
    private final ServerAccount account = ServerAccount.pick();
    private final List<ProxyConfig> started = new ArrayList<>();
    private final List<ProxyConfig> stopped = new ArrayList<>();
    private final ProxyStart fakeProxy = config -> {
        started.add(config);
        return () -> stopped.add(config);
    };
    private Path folder = Path.of("/");

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createTempDirectory("pgkeel-demo-");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @AfterEach
    void deleteFolder() {
        DataFolder.delete(folder);
    }

    @Test
    void a_demo_has_a_user_and_a_proxy_that_knows_both_servers_and_stops_whole() throws SQLException {
        int port = ServerSettings.freePort();
        long primaryPid;
        try (Demo demo = start(port, false); Connection app = demo.postgres().primary().connect("app", "app", "app")) {
            assertThat(app.isValid(5)).isTrue();
            primaryPid = demo.postgres().primary().pid();
            assertThat(started).singleElement().satisfies(config -> {
                assertThat(config.listen().port()).isEqualTo(port);
                assertThat(config.clusters().get("demo").nodes()).containsExactly(
                        new NodeAddress("127.0.0.1", demo.postgres().primary().settings().port()),
                        new NodeAddress("127.0.0.1", demo.postgres().replica().settings().port()));
            });
            assertThat(demo.instructions(Duration.ofMillis(1234)))
                    .contains("psql \"postgresql://app:app@127.0.0.1:" + port + "/app\"")
                    .contains("jdbc:postgresql://127.0.0.1:" + port + "/app?user=app&password=app")
                    .contains("kill -9 " + primaryPid);
        }
        assertThat(stopped).isEqualTo(started);
        assertThat(ProcessHandle.of(primaryPid)).isEmpty();
    }

    @Test
    void data_is_kept_until_a_reset() {
        try (Demo demo = start(ServerSettings.freePort(), false)) {
            demo.postgres().primary().execute("app", "create table t (i int)");
        }
        try (Demo demo = start(ServerSettings.freePort(), false)) {
            assertThat(demo.postgres().primary().query("app", "select count(*) from t")).isEqualTo("0");
        }
        try (Demo demo = start(ServerSettings.freePort(), true)) {
            assertThat(demo.postgres().primary().query("app", "select count(*) from pg_class where relname = 't'")).isEqualTo("0");
        }
    }

    @Test
    void a_port_in_use_is_told_before_anything_is_started() throws IOException {
        try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThatExceptionOfType(EmbeddedPostgresException.class).isThrownBy(() -> start(taken.getLocalPort(), false).close())
                    .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.PORT_IN_USE))
                    .withMessageContaining("pgkeel demo --port");
            assertThat(folder).isEmptyDirectory();
        }
    }

    @Test
    void a_proxy_that_does_not_start_leaves_no_server_behind() {
        List<Long> servers = new ArrayList<>();
        ProxyStart broken = config -> {
            config.clusters().get("demo").nodes().forEach(node -> servers.add((long) node.port()));
            throw new IOException("cannot listen");
        };
        assertThatExceptionOfType(EmbeddedPostgresException.class)
                .isThrownBy(() -> Demo.start(options(ServerSettings.freePort(), false), account, broken, _ -> {}).close()).withMessageContaining("cannot listen");
        assertThat(servers).hasSize(2).allSatisfy(port -> new ServerSocket(Math.toIntExact(port), 1, InetAddress.getByName("127.0.0.1")).close());
    }

    private Demo start(int port, boolean reset) {
        return Demo.start(options(port, reset), account, fakeProxy, _ -> {});
    }

    private Demo.Options options(int port, boolean reset) {
        return new Demo.Options(port, folder, DataFolder.home(account).resolve("cache"), reset);
    }
}
