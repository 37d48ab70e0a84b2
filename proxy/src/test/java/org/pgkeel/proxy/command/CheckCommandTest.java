package org.pgkeel.proxy.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.postgres.TestCertificates;

class CheckCommandTest {
    @TempDir
    Path temporary = Path.of("");

    @Test
    void a_cluster_that_answers_is_fine_and_the_effective_configuration_is_printed() throws IOException {
        try (AnsweringServer first = new AnsweringServer('S'); AnsweringServer second = new AnsweringServer('N')) {
            CommandRun run = check("clusters { main { nodes = [\"" + first.node() + "\", \"" + second.node() + "\"] } }", "prefer");

            assertThat(run.err()).isEmpty();
            assertThat(run.exitCode()).isZero();
            assertThat(run.out()).contains("cluster main, node " + first.node() + ": PostgreSQL answers at " + first.node() + " with TLS after ")
                    .contains("node " + second.node() + ": PostgreSQL answers at " + second.node() + " without TLS")
                    .containsPattern("limits.clients = 10000 +# default");
        }
    }

    @Test
    void a_node_that_does_not_answer_is_named_and_the_others_are_still_asked() throws IOException {
        try (AnsweringServer alive = new AnsweringServer('N'); AnsweringServer silent = new AnsweringServer((char) 0); AnsweringServer other = new AnsweringServer('H')) {
            String closed = closedPort();
            CommandRun run = check("clusters { main { nodes = [\"" + closed + "\", \"" + silent.node() + "\", \"" + other.node() + "\", \"" + alive.node() + "\", \"/nowhere:5432\"] } }", "prefer");

            assertThat(run.exitCode()).isEqualTo(69);
            assertThat(run.err().lines()).hasSize(4);
            assertThat(run.err()).contains("error: cluster main, node " + closed + ": ")
                    .contains("node " + silent.node() + ": " + silent.node() + ": no answer within 3000 ms")
                    .contains("node " + other.node() + ": " + other.node() + ": something else than PostgreSQL answers there")
                    .contains("node /nowhere:5432: /nowhere/.s.PGSQL.5432: ");
            assertThat(run.out()).contains("node " + alive.node() + ": PostgreSQL answers");
        }
    }

    @Test
    void a_server_without_tls_does_not_do_for_a_cluster_that_requires_it() throws IOException {
        try (AnsweringServer server = new AnsweringServer('N')) {
            CommandRun run = check("clusters { main { nodes = [\"" + server.node() + "\"] } }", "require");

            assertThat(run.exitCode()).isEqualTo(69);
            assertThat(run.err()).contains("has no TLS, and clusters.main.tls.mode needs it");
        }
    }

    @Test
    void a_wrong_configuration_is_answered_with_its_problems() throws IOException {
        CommandRun run = check("clusters { main { nods = [] } }", "prefer");

        assertThat(run.exitCode()).isEqualTo(78);
        assertThat(run.err()).contains("error: " + temporary.resolve("proxy.conf") + ":1: clusters.main.nods: unknown key").contains("2 problems in the configuration");
        assertThat(CommandRun.of("run", "--config", temporary.resolve("proxy.conf").toString()).exitCode()).isEqualTo(78);
        assertThat(CommandRun.of("check", "--config", temporary.resolve("none.conf").toString()).err()).contains("none.conf: no such file");
    }

    @Test
    void an_address_that_does_not_resolve_is_a_wrong_configuration() throws IOException {
        try (AnsweringServer server = new AnsweringServer('N')) {
            CommandRun run = check("listen.address = \"no-such-host.invalid\"\nclusters { main { nodes = [\"" + server.node() + "\"] } }", "prefer");

            assertThat(run.exitCode()).isEqualTo(78);
            assertThat(run.err()).contains("listen.address: the name 'no-such-host.invalid' cannot be resolved");
        }
    }

    @Test
    void files_that_do_not_hold_what_they_should_are_a_wrong_configuration() throws IOException {
        Files.writeString(temporary.resolve("users.txt"), "nonsense hush\n");
        Files.writeString(temporary.resolve("server.pem"), "hush");
        try (AnsweringServer server = new AnsweringServer('N')) {
            CommandRun run = check("clusters { main { nodes = [\"" + server.node() + "\"] } }\nauth.users-file = users.txt\nlisten.tls { cert = server.pem, key = server.pem }", "prefer");

            assertThat(run.exitCode()).isEqualTo(78);
            assertThat(run.err()).contains("users.txt line 1").contains("server.pem").doesNotContain("hush");
        }
    }

    @Test
    void a_certificate_that_expires_soon_is_a_warning() throws IOException {
        var pair = TestCertificates.create(temporary).issue("soon", "localhost", Duration.ofDays(3).plusHours(1));
        try (AnsweringServer server = new AnsweringServer('N')) {
            CommandRun run = check("clusters { main { nodes = [\"" + server.node() + "\"] } }\nlisten.tls { cert = \"" + pair.cert() + "\", key = \"" + pair.key() + "\" }", "prefer");

            assertThat(run.exitCode()).isZero();
            assertThat(run.err()).contains("warning: listen.tls.cert: the certificate in " + pair.cert() + " expires in 3 days, at ");
        }
    }

    /// `run` would refuse it.
    @Test
    void a_user_of_the_auth_query_whose_password_is_not_known_is_a_wrong_configuration() throws IOException {
        Files.writeString(temporary.resolve("users.txt"), "\"keel\" \"md5" + "0".repeat(32) + "\"\n");
        try (AnsweringServer server = new AnsweringServer('N')) {
            CommandRun run = check("clusters { main { nodes = [\"" + server.node() + "\"] } }\nauth { users-file = users.txt, auth-query { user = keel } }", "prefer");

            assertThat(run.exitCode()).isEqualTo(78);
            assertThat(run.err()).contains("auth.auth-query.user: the users file has an md5 hash for \"keel\"").doesNotContain("000");
        }
    }

    @Test
    void a_wrong_command_line_is_answered_with_the_usage() {
        assertThat(CommandRun.of("check").exitCode()).isEqualTo(64);
        assertThat(CommandRun.of("chek").exitCode()).isEqualTo(64);
        assertThat(CommandRun.of().err()).contains("check").contains("convert").contains("version");
        assertThat(CommandRun.of("--help").out()).isEqualTo(CommandRun.of().err());
    }

    @Test
    void the_version_names_all_that_a_bug_report_needs() {
        assertThat(CommandRun.of("version").out()).containsPattern("PgKeel \\d+\\.\\d+").contains("Java 25").containsPattern("Netty 4\\.2");
        assertThat(CommandRun.of("--version").out()).isEqualTo(CommandRun.of("version").out());
    }

    private CommandRun check(String text, String tlsMode) throws IOException {
        Path file = Files.writeString(temporary.resolve("proxy.conf"), text + "\nclusters.main.tls.mode = " + tlsMode
                + "\ndatabases { \"*\" {} }\nauth.method = trust\ntimeouts.server-connect = 3s\n");
        return CommandRun.of("check", "--config", file.toString());
    }

    private static String closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return "127.0.0.1:" + socket.getLocalPort();
        }
    }
}
