package org.pgkeel.proxy.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.embedded.ServerSettings;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// `pgkeel run` as service managers know it: signals, an exit code, logs on stderr.
class RunCommandTest {
    private static final String APP = "\"%s\" \"%s\"\n".formatted(PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD);
    private static final String SUPERUSER = "\"%s\" \"%s\"\n".formatted(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD);

    private final PostgresFixture postgres = SharedPostgres.get();
    private final int port = ServerSettings.freePort();

    @TempDir
    Path folder = Path.of("");

    private Process run() throws IOException {
        Path file = Files.writeString(folder.resolve("proxy.conf"), configuration());
        return run(file);
    }

    private String configuration() throws IOException {
        Files.writeString(folder.resolve("users.txt"), APP);
        return """
                listen { address = "127.0.0.1", port = %d }
                admin.port = -1
                clusters { main { nodes = ["%s:%d"] } }
                databases { "*" { cluster = main } }
                auth { users-file = "users.txt" }
                shutdown.max-wait = 10m
                """.formatted(port, postgres.host(), postgres.port());
    }

    private Process run(Path file) throws IOException {
        // As it is delivered: without what tests bring.
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator)).filter(entry -> !entry.endsWith("test-classes")).collect(Collectors.joining(File.pathSeparator));
        return new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx128m", "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow", "-cp", classPath, "org.pgkeel.proxy.Main", "run", "--config", file.toString())
                .redirectOutput(folder.resolve("out").toFile()).redirectError(folder.resolve("err").toFile()).start();
    }

    private Connection connect(String user, String password) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/" + PostgresFixture.DATABASE + "?sslmode=disable", user, password);
    }

    private static String one(Connection client) throws SQLException {
        try (var statement = client.createStatement(); var rows = statement.executeQuery("select 1")) {
            rows.next();
            return rows.getString(1);
        }
    }

    @Test
    void hangup_reloads_and_terminate_waits_for_transactions_and_ends_with_zero() throws Exception {
        Process proxy = run();
        try {
            await().ignoreExceptions().until(() -> {
                connect(PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD).close();
                return true;
            });
            assertThatThrownBy(() -> connect(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD))
                    .isInstanceOfSatisfying(SQLException.class, refused -> assertThat(refused.getSQLState()).isEqualTo("28P01"));
            Files.writeString(folder.resolve("users.txt"), APP + SUPERUSER);
            assertThat(new ProcessBuilder("kill", "-HUP", Long.toString(proxy.pid())).start().waitFor()).isZero();
            await().ignoreExceptions().until(() -> {
                connect(PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD).close();
                return true;
            });

            try (Connection client = connect(PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD)) {
                client.setAutoCommit(false);
                assertThat(one(client)).isEqualTo("1");
                proxy.destroy();   // SIGTERM
                await("nobody new is let in").until(() -> {
                    try (Connection late = connect(PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD)) {
                        return late.isClosed();
                    } catch (SQLException refused) {
                        return true;
                    }
                });
                assertThat(one(client)).isEqualTo("1");
                assertThat(proxy.isAlive()).isTrue();
                client.commit();
                assertThat(proxy.waitFor(120, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(proxy.exitValue()).isEqualTo(ExitCode.OK);
            assertThat(folder.resolve("out")).isEmptyFile();
            assertThat(Files.readString(folder.resolve("err"))).contains("INFO").doesNotContain(PostgresFixture.APP_PASSWORD, "ERROR");
        } finally {
            proxy.destroyForcibly().waitFor();
        }
    }

    /// A pipe shows when its other end is opened: the proxy reads it when it starts, and again for the reload that it was asked for meanwhile.
    @Test
    @Timeout(120)
    void a_hangup_that_comes_while_it_starts_is_a_reload() throws Exception {
        String configuration = configuration();
        Path pipe = folder.resolve("proxy.conf");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        Process proxy = run(pipe);
        try {
            try (var start = new FileOutputStream(pipe.toFile())) {
                assertThat(new ProcessBuilder("kill", "-HUP", Long.toString(proxy.pid())).start().waitFor()).isZero();
                start.write(configuration.getBytes(StandardCharsets.UTF_8));
            }
            await("the signal is handled, one way or the other").until(() -> !proxy.isAlive() || Files.readString(folder.resolve("err")).contains("listening on"));
            assertThat(proxy.isAlive()).as("alive behind a SIGHUP").isTrue();
            try (var reload = new FileOutputStream(pipe.toFile())) {
                reload.write(configuration.getBytes(StandardCharsets.UTF_8));
            }
            await().until(() -> Files.readString(folder.resolve("err")).contains("configuration reloaded"));
        } finally {
            proxy.destroyForcibly().waitFor();
        }
    }
}
