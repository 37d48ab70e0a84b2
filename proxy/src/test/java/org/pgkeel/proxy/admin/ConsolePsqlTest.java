package org.pgkeel.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The console as an operator uses it: with psql, which must be installed (Debian: `postgresql-client`).
class ConsolePsqlTest {
    private static final long PSQL_SECONDS_MAX = 120;

    private final FakeOperations operations = new FakeOperations();
    private final ConsoleServer server = new ConsoleServer(operations);

    @AfterEach void stop() {
        server.close();
    }

    private record Said(int exitCode, String out, String errors) {}

    @Test void psql_shows_pools_as_it_does_with_pgbouncer() throws Exception {
        var said = psql("ops", "-At", "-c", "SHOW POOLS");
        assertThat(said).isEqualTo(new Said(0, "app|alice|11|12|13|14|21|22|23|24|25|26|27|3|4|transaction||primary\n", ""));
    }

    @Test void psql_takes_several_statements_and_its_own_commands() throws Exception {
        var said = psql("ops", "-At", "-c", "show state; reload", "-c", "\\conninfo", "-c", "\\encoding");
        assertThat(said.exitCode).as(said.errors).isZero();
        assertThat(said.out).contains("active|yes").contains("RELOAD").contains("connected to database \"pgbouncer\"").contains("UTF8");
        assertThat(operations.done).containsExactly("reload");
    }

    @Test void psql_reads_a_script_line_by_line() throws Exception {
        Path script = Files.createTempFile("console", ".sql");
        try {
            Files.writeString(script, "PAUSE app;\n-- maintenance\nRESUME app;\nSHOW HELP;\n");
            var said = psql("ops", "-f", script.toString());
            assertThat(said.exitCode).as(said.errors).isZero();
            assertThat(said.out).contains("PAUSE").contains("RESUME");
            assertThat(said.errors).contains("Console usage").contains("KILL_CLIENT <client_id>");
        } finally {
            Files.delete(script);
        }
        assertThat(operations.done).containsExactly("pause app", "resume app");
    }

    @Test void psql_prints_the_hint_of_an_error() throws Exception {
        var said = psql("monitor", "-c", "SHUTDOWN");
        assertThat(said.exitCode).isEqualTo(1);
        assertThat(said.errors).contains("permission denied").contains("HINT:  admin.users");
        assertThat(psql("ops", "-c", "\\d").errors).contains("invalid command").contains("HINT:  SHOW HELP");
    }

    @Test void psql_gets_ten_thousand_rows() throws Exception {
        operations.clients = 10_000;
        var said = psql("ops", "-At", "-c", "SHOW CLIENTS");
        assertThat(said.out.lines()).hasSize(10_000);
    }

    private Said psql(String user, String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(program(), "-X", "-w", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1",
                "-p", Integer.toString(server.port()), "-U", user, "-d", "pgbouncer"));
        command.addAll(Arrays.asList(arguments));
        var out = Files.createTempFile("psql", ".out");
        var errors = Files.createTempFile("psql", ".err");
        try {
            var builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(errors.toFile());
            builder.environment().putAll(Map.of("PGSSLMODE", "prefer", "PGCONNECT_TIMEOUT", "10", "LC_ALL", "C.UTF-8", "PAGER", ""));
            var psql = builder.start();
            if (!psql.waitFor(PSQL_SECONDS_MAX, TimeUnit.SECONDS)) {
                psql.destroyForcibly();
                throw new AssertionError("psql did not end within " + PSQL_SECONDS_MAX + " s");
            }
            return new Said(psql.exitValue(), Files.readString(out, StandardCharsets.UTF_8), Files.readString(errors, StandardCharsets.UTF_8));
        } finally {
            Files.delete(out);
            Files.delete(errors);
        }
    }

    private static String program() {
        return Stream.of(System.getenv("PATH").split(":"))
                .map(folder -> Path.of(folder, "psql"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new AssertionError("psql is not installed (Debian: apt-get install postgresql-client)"))
                .toString();
    }
}
