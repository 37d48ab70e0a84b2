package org.pgkeel.proxy.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.embedded.EmbeddedPostgresException.Reason;

class EmbeddedPostgresTest {
    private final ServerAccount account = ServerAccount.pick();
    private final PostgresTree tree = PostgresTree.fromClassPath(DataFolder.prepare(DataFolder.home(account).resolve("cache"), account));
    private Path folder = Path.of("/");

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createTempDirectory("pgkeel-embedded-");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @AfterEach
    void deleteFolder() {
        DataFolder.delete(folder);
    }

    @Test
    void rows_reach_the_replica_and_are_there_after_a_second_start() throws SQLException {
        try (EmbeddedPostgres postgres = start()) {
            postgres.primary().execute("postgres", "create table t as select generate_series(1, 100) i");
            await().untilAsserted(() -> assertThat(count(postgres.replica())).isEqualTo(100));
        }
        try (EmbeddedPostgres postgres = start()) {
            assertThat(count(postgres.primary())).isEqualTo(100);
            postgres.primary().execute("postgres", "insert into t values (101)");
            await().untilAsserted(() -> assertThat(count(postgres.replica())).isEqualTo(101));
            assertThat(value(postgres.replica(), "select pg_is_in_recovery()")).isEqualTo("t");
        }
    }

    @Test
    void a_promoted_replica_is_the_primary_of_the_next_start() throws SQLException {
        try (EmbeddedPostgres postgres = start()) {
            postgres.primary().execute("postgres", "create table t as select generate_series(1, 100) i");
            postgres.primary().kill();
            postgres.replica().execute("postgres", "select pg_promote()", "insert into t values (101)");
        }
        try (EmbeddedPostgres postgres = start()) {
            assertThat(postgres.primary().folder()).isEqualTo(folder.resolve("node2"));
            assertThat(count(postgres.primary())).isEqualTo(101);
            await().untilAsserted(() -> assertThat(count(postgres.replica())).isEqualTo(101));
        }
    }

    @Test
    void what_a_killed_run_left_behind_is_stopped_first() throws SQLException {
        EmbeddedPostgres postgres = start();
        postgres.primary().execute("postgres", "create table t as select generate_series(1, 100) i");
        long leftover = postgres.primary().pid();
        var again = new PostgresServer(tree, account, postgres.primary().folder(), postgres.primary().settings());
        again.start();
        try (again; postgres) {
            assertThat(ProcessHandle.of(leftover).map(ProcessHandle::isAlive)).isNotEqualTo(java.util.Optional.of(true));
            assertThat(count(again)).isEqualTo(100);
        }
    }

    @Test
    void a_port_in_use_is_named_with_what_to_do() throws IOException {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatExceptionOfType(EmbeddedPostgresException.class)
                    .isThrownBy(() -> EmbeddedPostgres.start(tree, account, folder, settings(taken.getLocalPort()), ServerSettings.freePort(), _ -> {}).close())
                    .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.PORT_IN_USE))
                    .withMessageContaining("Port " + taken.getLocalPort() + " is in use").withMessageContaining("choose another port");
        }
    }

    @Test
    void a_folder_that_another_run_uses_is_refused() {
        try (EmbeddedPostgres postgres = start()) {
            assertThatExceptionOfType(EmbeddedPostgresException.class).isThrownBy(() -> start().close())
                    .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.ALREADY_RUNNING));
            assertThat(postgres.primary().isRunning()).isTrue();
        }
    }

    @Test
    void a_folder_that_cannot_be_is_refused_with_what_to_do() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        assertThatExceptionOfType(EmbeddedPostgresException.class).isThrownBy(() -> DataFolder.prepare(file.resolve("below"), account))
                .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.NOT_WRITABLE)).withMessageContaining("name another folder");
    }

    @Test
    void a_full_disk_is_told_from_other_troubles() {
        assertThatExceptionOfType(EmbeddedPostgresException.class).isThrownBy(() -> DataFolder.requireSpace(folder, Long.MAX_VALUE))
                .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.DISK_FULL)).withMessageContaining("Free some");
        assertThat(DataFolder.broken(folder, new IOException("No space left on device")).reason()).isEqualTo(Reason.DISK_FULL);
    }

    @Test
    void a_machine_without_programs_has_no_archive() {
        assertThat(BinaryArchive.resourceName("Linux", "amd64")).contains("postgres-linux-x86_64.txz");
        assertThat(BinaryArchive.resourceName("Mac OS X", "aarch64")).contains("postgres-darwin-arm_64.txz");
        assertThat(BinaryArchive.resourceName("Windows 11", "amd64")).isEmpty();
        assertThat(BinaryArchive.resourceName("Linux", "s390x")).isEmpty();
    }

    private EmbeddedPostgres start() {
        return EmbeddedPostgres.start(tree, account, folder, settings(ServerSettings.freePort()), ServerSettings.freePort(), _ -> {});
    }

    private static ServerSettings settings(int port) {
        return new ServerSettings("127.0.0.1", port, "postgres", "secret", Map.of("fsync", "off", "shared_buffers", "16MB"), ServerSettings.SCRAM_HBA);
    }

    private static int count(PostgresServer server) throws SQLException {
        return Integer.parseInt(value(server, "select count(*) from t"));
    }

    private static String value(PostgresServer server, String sql) throws SQLException {
        try (Connection connection = server.connect("postgres"); var rows = connection.createStatement().executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }
}
