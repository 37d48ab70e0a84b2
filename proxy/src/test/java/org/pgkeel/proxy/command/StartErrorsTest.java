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
