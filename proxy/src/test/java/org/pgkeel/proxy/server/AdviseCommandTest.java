package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.command.PgKeelCommand;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import picocli.CommandLine;

/// `pgkeel advise`, of a proxy that runs and of one that does not.
class AdviseCommandTest {
    private static PostgresFixture postgres;

    @TempDir
    Path folder = Path.of("");

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table advised (a int)", "grant all on advised to app");
    }

    @AfterAll
    static void stop() {
        postgres.close();
    }

    private record Run(int exitCode, String out, String err) {}

    private static Run run(Path file, String... more) {
        var arguments = new ArrayList<>(List.of("advise", "--config", file.toString()));
        arguments.addAll(List.of(more));
        var out = new StringWriter();
        var err = new StringWriter();
        CommandLine commandLine = PgKeelCommand.commandLine();
        commandLine.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return new Run(commandLine.execute(arguments.toArray(String[]::new)), out.toString(), err.toString());
    }

    private Path config(int port, String node, String monitor) throws IOException {
        Files.writeString(folder.resolve("users.txt"), TestProxy.PLAIN_USERS);
        return Files.writeString(folder.resolve("proxy.conf"), """
                listen { address = "127.0.0.1", port = %d }
                admin { port = -1, users = [postgres] }
                clusters.main { nodes = ["%s"], tls.mode = disable%s }
                databases { "*" {} }
                auth { users-file = "users.txt" }
                """.formatted(port, node, monitor));
    }

    private static String monitor() {
        return ", monitor { user = " + PostgresFixture.SUPERUSER + ", password = " + PostgresFixture.SUPERUSER_PASSWORD + ", database = postgres }";
    }

    private static String node() {
        return postgres.host() + ":" + postgres.port();
    }

    @Test
    void a_running_proxy_says_which_tables_it_saw_and_the_server_says_what_they_are() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, ""); Connection client = proxy.connect()) {
            for (int i = 0; i < 50; i++) TestProxy.execute(client, "insert into advised (a) values (" + i + ")");
            Path file = config(proxy.port(), node(), monitor());

            Run text = run(file);
            assertThat(text.exitCode()).as(text.err()).isZero();
            assertThat(text.err()).doesNotContain("error:", "the servers alone");
            assertThat(text.out()).contains("cluster main:", "cluster main, database app:", "[keep] public.advised: ", "rows/s of user app could share commits (plain ", "[change] wal_compression: off");

            Run json = run(file, "--json", "--database", "app");
            assertThat(json.exitCode()).as(json.err()).isZero();
            Config parsed = ConfigFactory.parseString(json.out());
            assertThat(parsed.getBoolean("proxy_answered")).isTrue();
            assertThat(parsed.getConfigList("findings")).anySatisfy(one -> {
                assertThat(one.getString("subject")).isEqualTo("public.advised");
                assertThat(one.getString("where")).isEqualTo("cluster main, database app");
            });
        }
    }

    /// Whoever owns a database may set its `search_path`, and the advice may be asked for as a superuser.
    @Test
    void nothing_of_the_database_that_is_looked_into_is_called() throws Exception {
        postgres.execute("create role mallory", "create database mallorys owner mallory");
        try (Connection owner = postgres.connectAsSuperuser("mallorys"); Statement statement = owner.createStatement()) {
            for (String sql : List.of("set role mallory", "create schema trap", "create table trap.rows (a int)", "grant usage on schema trap to public", "create function trap.same(name, text) returns bool language plpgsql as $$begin raise exception 'caught in the trap'; end$$",
                    "create operator trap.= (leftarg = name, rightarg = text, function = trap.same)",
                    "create operator trap.<> (leftarg = name, rightarg = text, function = trap.same)",
                    "create function trap.more(bigint, bigint) returns bool language plpgsql as $$begin raise exception 'caught in the trap'; end$$",
                    "create operator trap.>= (leftarg = bigint, rightarg = bigint, function = trap.more)",
                    "alter database mallorys set search_path = trap, pg_catalog")) statement.execute(sql);
        }

        Run run = run(config(1, node(), monitor()), "--database", "mallorys");

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.err() + run.out()).doesNotContain("caught in the trap");
    }

    @Test
    void without_the_proxy_the_advice_is_on_the_server_alone() throws Exception {
        Path file = config(1, node(), monitor());

        Run run = run(file);

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.err()).contains("warning: the proxy's console at 127.0.0.1:1 does not say what passes through");
        assertThat(run.out()).contains("cluster main:", "wal_compression", "cluster main, database app:").doesNotContain("could share commits");
        assertThat(ConfigFactory.parseString(run(file, "--json").out()).getBoolean("proxy_answered")).isFalse();
    }

    @Test
    void a_server_that_does_not_answer_is_an_error() throws Exception {
        Run run = run(config(1, "127.0.0.1:1", monitor()));

        assertThat(run.exitCode()).isEqualTo(69);
        assertThat(run.err()).contains("error: cluster main, database postgres: ");
    }

    @Test
    void somebody_has_to_be_named_as_whom_the_server_is_asked() throws Exception {
        Run run = run(config(1, node(), ""));

        assertThat(run.exitCode()).isEqualTo(64);
        assertThat(run.err()).contains("error: clusters.main.monitor: not configured, so that --user must say as whom");
    }

    @Test
    void a_broken_configuration_is_told_as_check_tells_it() throws Exception {
        Run run = run(Files.writeString(folder.resolve("proxy.conf"), "listn.port = 1"));

        assertThat(run.exitCode()).isEqualTo(78);
        assertThat(run.err()).contains("listn");

        Path file = config(1, node(), monitor());
        Files.writeString(folder.resolve("users.txt"), "nonsense hush\n");
        Run users = run(file);
        assertThat(users.exitCode()).isEqualTo(78);
        assertThat(users.err()).contains("error: auth.users-file: ", "line 1").doesNotContain("hush", "\tat ");
    }
}
