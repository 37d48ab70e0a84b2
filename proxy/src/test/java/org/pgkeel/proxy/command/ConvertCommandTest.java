package org.pgkeel.proxy.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.config.AuthConfig;
import org.pgkeel.proxy.config.AuthMethod;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.config.DatabaseConfig;
import org.pgkeel.proxy.config.PoolConfig;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.config.Secret;
import org.pgkeel.proxy.config.TlsMode;
import org.pgkeel.proxy.config.UserConfig;

class ConvertCommandTest {
    private static final String FULL = """
            ;; comment
            [databases]
            app = host=db1,db2 port=5433 dbname=app_prod pool_size=40 pool_mode=transaction max_db_connections=50 connect_query='select 1'
            "odd name" = host=db1,db2 port=5433 user=svc password='it''s; secret' min_pool_size=99
            * = host=/var/run/postgresql

            [users]
            report = pool_mode=session max_user_connections=5

            [pgbouncer]
            listen_addr = *
            listen_port = 6543
            listen_backlog = 256
            auth_type = scram-sha-256
            auth_file = users.txt
            auth_user = keel
            auth_query = SELECT * FROM pgbouncer.user_lookup($1)
            auth_dbname = postgres
            auth_hba_file = pg_hba.conf
            pool_mode = session
            default_pool_size = 30
            min_pool_size = 2
            reserve_pool_size = 5
            reserve_pool_timeout = 3.5
            max_client_conn = 2000
            max_db_connections = 60
            max_user_connections = 0
            query_wait_timeout = 45
            server_lifetime = 1800
            server_idle_timeout = 300
            server_connect_timeout = 7
            server_login_retry = 2
            server_check_delay = 10
            client_login_timeout = 0
            client_idle_timeout = 3600
            idle_transaction_timeout = 60
            query_timeout = 120
            client_tls_sslmode = require
            client_tls_cert_file = server.crt
            client_tls_key_file = server.key
            client_tls_protocols = secure
            server_tls_sslmode = verify-full
            server_tls_ca_file = ca.crt
            admin_users = ops, root
            stats_users = monitor
            max_prepared_statements = 200
            ignore_startup_parameters = extra_float_digits
            pidfile = /run/pgbouncer.pid
            so_reuseport = 1
            """;

    @TempDir
    Path temporary = Path.of("");

    @Test
    void what_pgbouncer_was_told_is_what_the_proxy_does() throws IOException {
        CommandRun run = convert(FULL);
        ProxyConfig config = load();

        assertThat(run.exitCode()).isZero();
        assertThat(config.listen().address()).isEqualTo("0.0.0.0");
        assertThat(config.listen().port()).isEqualTo(6543);
        assertThat(config.listen().backlog()).isEqualTo(256);
        assertThat(config.listen().tls().mode()).isEqualTo(TlsMode.REQUIRE);
        assertThat(config.admin().users()).isEqualTo(Set.of("ops", "root"));
        assertThat(config.admin().statsUsers()).isEqualTo(Set.of("monitor"));
        assertThat(config.clusters().get("main").nodes()).containsExactly(new NodeAddress("db1", 5433), new NodeAddress("db2", 5433));
        assertThat(config.clusters().get("main").tls().mode()).isEqualTo(TlsMode.VERIFY_FULL);
        assertThat(config.clusters().get("cluster2").nodes()).containsExactly(new NodeAddress("/var/run/postgresql", 5432));
        assertThat(config.databases()).containsExactly(
                new DatabaseConfig("app", "main", Optional.of("app_prod"), Optional.empty(), Optional.empty(), pool(PoolMode.TRANSACTION, 40, 2), OptionalInt.empty(), OptionalInt.of(50)),
                new DatabaseConfig("odd name", "main", Optional.empty(), Optional.of("svc"), Optional.of(new Secret("it's; secret")), pool(PoolMode.SESSION, 30, 30), OptionalInt.empty(), OptionalInt.of(60)),
                new DatabaseConfig("*", "cluster2", Optional.empty(), Optional.empty(), Optional.empty(), pool(PoolMode.SESSION, 30, 2), OptionalInt.empty(), OptionalInt.of(60)));
        assertThat(config.users()).isEqualTo(Map.of("report", new UserConfig("report", Optional.of(PoolMode.SESSION), OptionalInt.empty(), OptionalInt.empty(), OptionalInt.of(5))));
        assertThat(config.auth().method()).isEqualTo(AuthMethod.SCRAM_SHA_256);
        assertThat(config.auth().query()).contains(new AuthConfig.AuthQuery("keel", Optional.of("postgres"), "SELECT * FROM pgbouncer.user_lookup($1)", Duration.ofSeconds(30)));
        assertThat(config.limits().clients()).isEqualTo(2000);
        assertThat(config.timeouts().serverLifetime()).isEqualTo(Duration.ofMinutes(30));
        assertThat(config.timeouts().idleInTransaction()).isEqualTo(Duration.ofMinutes(1));
        assertThat(config.timeouts().serverLoginRetry()).isEqualTo(Duration.ofSeconds(2));
        assertThat(config.prepared().perBackend()).isEqualTo(200);
    }

    @Test
    void what_has_no_counterpart_is_named() throws IOException {
        CommandRun run = convert(FULL);

        for (String setting : List.of("[databases] app: connect_query", "[databases] app: host", "[databases] odd name: min_pool_size", "auth_hba_file",
                "client_login_timeout", "client_tls_protocols", "ignore_startup_parameters", "pidfile", "so_reuseport")) {
            assertThat(run.err()).contains("warning: " + setting + ": ");
        }
        assertThat(run.err()).doesNotContain("to be mended").doesNotContain("secret");
        assertThat(Files.readString(temporary.resolve("proxy.conf"))).contains("# Not converted: auth_hba_file = pg_hba.conf");
    }

    @Test
    void the_defaults_of_pgbouncer_that_mean_something_else_here_are_written_out() throws IOException {
        Files.writeString(temporary.resolve("users.txt"), "");
        convert("[databases]\napp = host=db1\n[pgbouncer]\nauth_file = users.txt\n");
        ProxyConfig config = load();

        assertThat(config.databases().getFirst().pool().mode()).isEqualTo(PoolMode.SESSION);
        assertThat(config.databases().getFirst().pool().maxWait()).isEqualTo(Duration.ofMinutes(2));
        assertThat(config.limits().clients()).isEqualTo(100);
        assertThat(config.auth().method()).isEqualTo(AuthMethod.MD5);
        assertThat(config.listen().address()).isEqualTo("127.0.0.1");
        assertThat(config.listen().unixSocketDirectory()).contains(Path.of("/tmp"));
    }

    @Test
    void a_wait_without_a_limit_becomes_a_long_one() throws IOException {
        CommandRun run = convert("[databases]\napp = host=db1\n[pgbouncer]\nauth_type = trust\nlisten_addr = *\nunix_socket_dir =\nclient_login_timeout = 0\nserver_connect_timeout = 0.0\nquery_wait_timeout = 0\n");
        ProxyConfig config = load();

        assertThat(config.timeouts().login()).isEqualTo(Duration.ofMinutes(10));
        assertThat(config.timeouts().serverConnect()).isEqualTo(Duration.ofMinutes(10));
        assertThat(config.databases().getFirst().pool().maxWait()).isEqualTo(Duration.ofDays(1));
        assertThat(config.listen().unixSocketDirectory()).isEmpty();
        assertThat(run.err().lines().filter(line -> !line.contains(" auth_type: "))).containsExactlyInAnyOrder("warning: client_login_timeout: every wait has a limit, 0 became 600s",
                "warning: server_connect_timeout: every wait has a limit, 0 became 600s", "warning: query_wait_timeout: every wait has a limit, 0 became 86400s");
    }

    /// In PgBouncer the first is one use of each connection, the second a check before each use, the third no reserve; here they would be no limit, no check, and a reserve
    /// that opens at once.
    @Test
    void zeros_that_mean_the_opposite_are_not_passed_on() throws IOException {
        CommandRun run = convert("[databases]\napp = host=db1\n[pgbouncer]\nauth_type = trust\nlisten_addr = *\nserver_lifetime = 0\nserver_check_delay = 0\nreserve_pool_size = 5\nreserve_pool_timeout = 0\n");
        ProxyConfig config = load();

        assertThat(config.timeouts().serverLifetime()).isEqualTo(Duration.ofSeconds(1));
        assertThat(config.timeouts().serverCheckAfter()).isEqualTo(Duration.ofMillis(1));
        assertThat(config.databases().getFirst().pool().reserveWait()).isGreaterThan(config.databases().getFirst().pool().maxWait());
        assertThat(run.err()).contains("warning: server_lifetime: 0 would be no limit here, and became 1s").contains("warning: server_check_delay: 0 would be no limit here, and became 1ms").contains("warning: reserve_pool_timeout: every wait has a limit, 0 became ");
    }

    @Test
    void without_output_the_result_goes_to_stdout() throws IOException {
        Path ini = Files.writeString(temporary.resolve("pgbouncer.ini"), "[databases]\napp = host=db1\n[pgbouncer]\nlisten_addr = ::1\nauth_type = trust\n");

        CommandRun run = CommandRun.of("convert", ini.toString());

        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("address = \"::1\"").contains("nodes = [\"db1:5432\"]");
        assertThat(run.err().lines()).allMatch(line -> line.startsWith("warning: auth_type: "));
    }

    @Test
    void what_keeps_the_result_from_loading_is_said() throws IOException {
        assertThat(convert("[databases]\napp = host=db1\n[pgbouncer]\nauth_file = gone.txt\nlisten_addr = *\n").err())
                .isEqualTo("warning: to be mended in the result: auth.users-file: no such file: " + temporary.resolve("gone.txt") + System.lineSeparator());
    }

    @Test
    void files_that_are_not_there_and_files_that_are_in_the_way_are_refused() throws IOException {
        assertThat(CommandRun.of("convert", temporary.resolve("none.ini").toString())).satisfies(run -> {
            assertThat(run.exitCode()).isEqualTo(66);
            assertThat(run.err()).contains("none.ini: no such file");
        });
        Files.writeString(temporary.resolve("proxy.conf"), "mine");
        assertThat(convert("[databases]\n").exitCode()).isEqualTo(73);
        assertThat(Files.readString(temporary.resolve("proxy.conf"))).isEqualTo("mine");
    }

    @Test
    void included_files_and_lines_that_mean_nothing_are_handled() throws IOException {
        Files.writeString(temporary.resolve("more.ini"), "listen_addr = *\nauth_type = trust\n");

        CommandRun run = convert("[databases]\napp = host=db1\n[pgbouncer]\n%include more.ini\n%include gone.ini\nnonsense\n[peers]\n1 = host=x\n");

        assertThat(load().auth().method()).isEqualTo(AuthMethod.TRUST);
        assertThat(run.err()).contains("warning: pgbouncer.ini:5: %include ").contains("warning: pgbouncer.ini:6: not a setting").contains("warning: pgbouncer.ini:8: [peers] has no counterpart");
    }

    /// What it does is converted; that nobody overlooks it, in a file that is handed on, too.
    @Test
    void a_door_that_stands_open_is_named() throws IOException {
        for (String type : List.of("trust", "any")) {
            CommandRun run = convert("[databases]\napp = host=db1\n[pgbouncer]\nauth_type = " + type + "\nlisten_addr = *\n");

            assertThat(load().auth().method()).isEqualTo(AuthMethod.TRUST);
            assertThat(run.err()).contains("warning: auth_type: trust lets in whoever reaches the port, as any user and without a password");
            assertThat(Files.readString(temporary.resolve("proxy.conf")).lines().skip(1).findFirst()).hasValueSatisfying(line ->
                    assertThat(line).startsWith("# WARNING: auth.method = trust lets in whoever reaches the port"));
            Files.delete(temporary.resolve("proxy.conf"));
        }
        assertThat(convert("[databases]\napp = host=db1\n[pgbouncer]\nauth_type = scram-sha-256\nlisten_addr = *\n").err()).doesNotContain("auth_type");
        assertThat(Files.readString(temporary.resolve("proxy.conf"))).doesNotContain("WARNING");
    }

    private static PoolConfig pool(PoolMode mode, int max, int min) {
        return new PoolConfig(mode, max, min, 5, Duration.ofMillis(3_500), Duration.ofSeconds(45));
    }

    private CommandRun convert(String text) throws IOException {
        for (String name : List.of("server.crt", "server.key", "ca.crt")) {
            Files.writeString(temporary.resolve(name), "x");
        }
        if (text.contains("keel")) Files.writeString(temporary.resolve("users.txt"), "\"keel\" \"x\"\n");
        Path ini = Files.writeString(temporary.resolve("pgbouncer.ini"), text);
        return CommandRun.of("convert", ini.toString(), "--output", temporary.resolve("proxy.conf").toString());
    }

    private ProxyConfig load() {
        return switch (new ConfigLoader(Map.of()).load(temporary.resolve("proxy.conf"))) {
            case ConfigResult.Loaded loaded -> loaded.config();
            case ConfigResult.Rejected(var problems, _) -> throw new AssertionError("rejected: " + problems);
        };
    }
}
