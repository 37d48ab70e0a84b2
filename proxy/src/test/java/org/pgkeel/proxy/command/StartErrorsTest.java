package org.pgkeel.proxy.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A start that cannot succeed ends with a code for scripts and the key to change.
final class StartErrorsTest {
    @TempDir
    private Path folder;

    private CommandRun run(int port, int adminPort) throws IOException {
        Path file = Files.writeString(folder.resolve("proxy.conf"), """
                listen { address = "127.0.0.1", port = %d }
                admin { address = "127.0.0.1", port = %d }
                clusters { main { nodes = ["127.0.0.1:1"] } }
                databases { "*" { cluster = main } }
                auth { method = trust }
                """.formatted(port, adminPort));
        return CommandRun.of("run", "--config", file.toString());
    }

    @Test
    void an_address_that_is_none_is_named_with_its_key() throws IOException {
        assertThat(run("*", "127.0.0.1")).satisfies(StartErrorsTest::isUnavailable).extracting(CommandRun::err).asString().contains("listen.address").doesNotContain("null");
        assertThat(run("127.0.0.1", "*")).satisfies(StartErrorsTest::isUnavailable).extracting(CommandRun::err).asString().contains("admin.address").doesNotContain("null");
    }

    private static void isUnavailable(CommandRun run) {
        assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    }

    private CommandRun run(String address, String adminAddress) throws IOException {
        Path file = Files.writeString(folder.resolve("proxy.conf"), """
                listen { address = "%s", port = 0 }
                admin { address = "%s", port = 0 }
                clusters { main { nodes = ["127.0.0.1:1"] } }
                databases { "*" { cluster = main } }
                auth { method = trust }
                """.formatted(address, adminAddress));
        return CommandRun.of("run", "--config", file.toString());
    }

    @Test
    void a_port_that_is_none_is_a_wrong_command_line() {
        assertThat(CommandRun.of("demo", "--port", "70000")).satisfies(run -> {
            assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
            assertThat(run.err()).contains("--port").contains("70000");
        });
    }

    @Test
    void a_listen_port_in_use_is_named_with_its_key() throws IOException {
        try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            CommandRun run = run(taken.getLocalPort(), 0);

            assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
            assertThat(run.err()).contains("listen.port", String.valueOf(taken.getLocalPort()));
        }
    }

    @Test
    void an_admin_port_in_use_is_named_with_its_key() throws IOException {
        try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            CommandRun run = run(0, taken.getLocalPort());

            assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
            assertThat(run.err()).contains("admin.port", String.valueOf(taken.getLocalPort()));
        }
    }
}
