package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.config.DatabaseConfig;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.config.Secret;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;
import org.pgkeel.proxy.session.DatabasePool;

/// A reload is applied whole, or not at all.
final class ReloadTest {
    /// The files are looked at once a second, and twice alike before they are read.
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final PostgresFixture postgres = SharedPostgres.get();
    private RunningProxy proxy = RunningProxy.start(postgres, 2);

    @AfterEach
    void stop() {
        proxy.close();
    }

    private String sizeOfApp(Connection console) throws SQLException {
        return RunningProxy.show(console, "DATABASES").getFirst().get("pool_size");
    }

    @Test
    void a_pool_in_use_gets_its_new_size() throws SQLException {
        Connection console = proxy.console();
        var clients = List.of(proxy.connect(), proxy.connect(), proxy.connect());
        proxy.writeConfig(RunningProxy.config(postgres, 3, ""));

        RunningProxy.run(console, "RELOAD");

        assertThat(sizeOfApp(console)).isEqualTo("3");
        for (Connection client : clients) {
            client.setAutoCommit(false);
            RunningProxy.value(client, "select 1");
        }
        assertThat(RunningProxy.show(console, "SERVERS")).hasSize(3);
        assertThat(RunningProxy.show(console, "CONFIG")).anySatisfy(row -> assertThat(row).containsEntry("key", "databases.app.pool.max").containsEntry("value", "3"));
        for (Connection client : clients) client.rollback();
    }

    @Test
    void a_smaller_pool_closes_what_is_too_much_as_it_comes_back() throws SQLException {
        Connection console = proxy.console();
        Connection one = proxy.connect(), two = proxy.connect();
        one.setAutoCommit(false);
        two.setAutoCommit(false);
        RunningProxy.value(one, "select 1");
        RunningProxy.value(two, "select 1");
        proxy.writeConfig(RunningProxy.config(postgres, 1, ""));

        RunningProxy.run(console, "RELOAD");
        one.commit();
        await().untilAsserted(() -> assertThat(RunningProxy.show(console, "SERVERS")).hasSize(1));
        two.commit();

        assertThat(RunningProxy.value(one, "select 1")).isEqualTo("1");
        assertThat(RunningProxy.show(console, "SERVERS")).hasSize(1);
        one.rollback();
    }

    @Test
    void another_mode_holds_for_who_comes_in_from_then_on() throws SQLException {
        Connection before = proxy.connect();
        RunningProxy.value(before, "select 1");
        proxy.writeConfig(RunningProxy.config(postgres, 2, "databases.app.pool.mode = session"));
        assertThat(proxy.server().reload()).isEmpty();

        Connection after = proxy.connect();
        assertThat(RunningProxy.value(after, "select 1")).isEqualTo("1");
        assertThat(RunningProxy.value(before, "select 1")).isEqualTo("1");
        assertThat(modes()).containsExactlyInAnyOrder(PoolMode.TRANSACTION, PoolMode.SESSION);

        before.close();
        await().untilAsserted(() -> assertThat(modes()).containsExactly(PoolMode.SESSION));
        await().untilAsserted(() -> assertThat(proxy.server().pools().shared()).hasSize(1));
        assertThat(RunningProxy.value(after, "select 1")).isEqualTo("1");
    }

    private List<PoolMode> modes() {
        return proxy.server().pools().all().stream().map(DatabasePool::mode).toList();
    }

    /// Who comes in goes by a configuration that not everything has heard of yet.
    @Test
    void a_client_that_comes_in_the_middle_of_a_reload_is_told_and_counted_out() {
        ProxyServer server = proxy.server();
        ProxyConfig now = server.config();
        server.pools().reload(new ProxyConfig(now.listen(), now.admin(), now.clusters(), List.of(), now.users(), now.auth(), now.limits(), now.timeouts(), now.prepared(), now.pinning(),
                now.runtime(), now.shutdown(), now.reload(), now.routing(), now.catalogue(), now.coalesce()), server.clusters().all());

        assertThatThrownBy(proxy::connect).hasFieldOrPropertyWithValue("SQLState", "3D000");
        assertThat(server.admission().clients()).isZero();
    }

    @Test
    void clients_of_a_database_that_is_not_configured_any_more_are_paused_with_the_others() throws SQLException {
        Connection console = proxy.console();
        Connection client = proxy.connect();
        assertThat(RunningProxy.value(client, "select 1")).isEqualTo("1");
        proxy.writeConfig(RunningProxy.config(postgres, 2, "").replace("app {", "other {").replace("\"*\" {", "another {"));
        RunningProxy.run(console, "RELOAD");

        RunningProxy.run(console, "PAUSE");
        RunningProxy.run(console, "RESUME");

        assertThat(RunningProxy.value(client, "select 1")).isEqualTo("1");
    }

    private String withSecondCluster(String name) {
        return RunningProxy.config(postgres, 2, "clusters { %1$s { nodes = [\"%2$s:%3$d\"] } }\ndatabases { second { cluster = %1$s, name = app, pool { max = 1, max-wait = 20s } } }\n"
                .formatted(name, postgres.host(), postgres.port()));
    }

    private Connection clientOfSecondCluster(Connection console) throws SQLException {
        proxy.writeConfig(withSecondCluster("one"));
        RunningProxy.run(console, "RELOAD");
        Connection client = proxy.connect("second", PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD);
        assertThat(RunningProxy.value(client, "select 1")).isEqualTo("1");
        return client;
    }

    @Test
    void a_client_whose_cluster_is_gone_hears_so_when_it_needs_another_backend() throws SQLException {
        Connection console = proxy.console();
        Connection client = clientOfSecondCluster(console);
        proxy.writeConfig(RunningProxy.config(postgres, 2, "").replace("\"*\" {", "another {"));
        RunningProxy.run(console, "RELOAD");
        proxy.server().pools().pools(Optional.of("second")).forEach(pool -> pool.shared().recycle());

        assertThatThrownBy(() -> RunningProxy.value(client, "select 1")).hasFieldOrPropertyWithValue("SQLState", "3D000").hasMessageContaining("second");
    }

    @Test
    void a_cluster_may_get_another_name_while_clients_are_in() throws SQLException {
        Connection console = proxy.console();
        Connection client = clientOfSecondCluster(console);
        proxy.writeConfig(withSecondCluster("two"));
        RunningProxy.run(console, "RELOAD");
        RunningProxy.run(console, "RECONNECT second");

        assertThat(RunningProxy.value(client, "select 1")).isEqualTo("1");
    }

    /// With cache, a text that comes again is kept prepared under a name.
    @Test
    void what_becomes_of_unnamed_statements_is_changed_for_clients_who_are_in() throws SQLException {
        Connection client = proxy.connect();
        assertThat(countOfKept(client, "before")).isEqualTo("1");
        proxy.writeConfig(RunningProxy.config(postgres, 2, "prepared.unnamed = forward"));
        RunningProxy.run(proxy.console(), "RELOAD");

        assertThat(countOfKept(client, "behind")).isEqualTo("0");
    }

    private static String countOfKept(Connection client, String mark) throws SQLException {
        String last = "";
        for (int i = 0; i < 3; i++) last = RunningProxy.value(client, "select count(*) from pg_prepared_statements where statement like '%kept " + mark + "%'");
        return last;
    }

    /// The connection that was under way goes where nobody wants to go any more.
    @Test
    void a_database_that_moves_while_a_backend_is_being_connected_to_is_served_where_it_is_now() throws Exception {
        try (var plain = new ReplicatedPostgres(0); SteppingLink link = new SteppingLink("127.0.0.1", plain.primary().settings().port()); TestProxy moving = TestProxy.startAt(link.address(), TestProxy.PLAIN_USERS, "")) {
            link.stopAt("user\0app\0", SteppingLink.Held.REQUESTS);
            var asked = Meanwhile.asks(() -> {
                try (Connection client = moving.connect()) {
                    return TestProxy.value(client, "select current_database()");
                }
            });
            link.awaitStopped();
            assertThat(moving.reload("databases.\"*\".name = postgres")).isEmpty();
            link.goOn();
            assertThat(asked.get(60, TimeUnit.SECONDS)).isEqualTo("postgres");
        }
    }

    @Test
    void what_needs_a_restart_is_shown_as_it_is_in_force() throws SQLException {
        Connection console = proxy.console();
        proxy.writeConfig(RunningProxy.config(postgres, 3, "listen.backlog = 17"));

        RunningProxy.run(console, "RELOAD");

        assertThat(RunningProxy.show(console, "CONFIG")).anySatisfy(row -> assertThat(row).containsEntry("key", "listen.backlog").containsEntry("value", "4096"))
                .anySatisfy(row -> assertThat(row).containsEntry("key", "databases.app.pool.max").containsEntry("value", "3"));
    }

    @Test
    void a_broken_file_changes_nothing_and_every_problem_is_told() throws SQLException {
        Connection console = proxy.console();
        proxy.writeConfig(RunningProxy.config(postgres, 3, "limits { clients = 0, mesage-bytes = 1 }"));

        assertThatThrownBy(() -> RunningProxy.run(console, "RELOAD")).isInstanceOf(SQLException.class)
                .hasMessageContaining("limits.clients").hasMessageContaining("mesage-bytes");
        assertThat(sizeOfApp(console)).isEqualTo("2");
        assertThat(RunningProxy.value(proxy.connect(), "select 1")).isEqualTo("1");
    }

    @Test
    void a_broken_users_file_keeps_the_old_users_and_the_old_sizes() throws SQLException {
        Connection console = proxy.console();
        proxy.writeConfig(RunningProxy.config(postgres, 3, ""));
        proxy.writeUsers(Map.of("broken", "two\nmany"));

        assertThatThrownBy(() -> RunningProxy.run(console, "RELOAD")).isInstanceOf(SQLException.class)
                .hasMessageContaining("auth.users-file").hasMessageNotContaining("many");
        assertThat(sizeOfApp(console)).isEqualTo("2");
    }

    @Test
    void a_new_user_and_a_changed_password_count_after_a_reload() throws SQLException {
        postgres.execute("drop role if exists reload_new", "create user reload_new password 'first'");
        proxy.writeUsers(Map.of("reload_new", "first"));
        assertThatThrownBy(() -> proxy.connect("app", "reload_new", "first")).isInstanceOf(SQLException.class);

        assertThat(proxy.server().reload()).isEmpty();
        assertThat(RunningProxy.value(proxy.connect("app", "reload_new", "first"), "select current_user")).isEqualTo("reload_new");

        postgres.execute("alter user reload_new password 'second'");
        proxy.writeUsers(Map.of("reload_new", "second"));
        assertThat(proxy.server().reload()).isEmpty();
        RunningProxy.run(proxy.console(), "RECONNECT");
        assertThatThrownBy(() -> proxy.connect("app", "reload_new", "first")).isInstanceOf(SQLException.class);
        assertThat(RunningProxy.value(proxy.connect("app", "reload_new", "second"), "select current_user")).isEqualTo("reload_new");
    }

    @Test
    void a_watched_file_is_loaded_when_it_changes_a_broken_one_is_not() throws SQLException {
        proxy.close();
        proxy = RunningProxy.start(postgres, RunningProxy.config(postgres, 2, "reload.watch = true"));
        Connection console = proxy.console();
        RunningProxy.value(proxy.connect(), "select 1");

        proxy.writeConfig("listen {");
        proxy.writeConfig(RunningProxy.config(postgres, 4, "reload.watch = true"));

        await().atMost(PATIENCE).until(() -> sizeOfApp(console).equals("4"));
        proxy.writeUsers(Map.of("watched", "secret"));
        await().atMost(PATIENCE).until(() -> proxy.server().secrets().fromFile("watched").isPresent());
    }

    @Test
    void what_a_watched_file_includes_or_takes_a_secret_from_is_watched_too(@TempDir Path folder) throws IOException {
        Path included = Files.writeString(folder.resolve("pool.conf"), "databases.app.pool.max = 3");
        Path secret = Files.writeString(folder.resolve("app.secret"), "first");
        proxy.close();
        proxy = RunningProxy.start(postgres, RunningProxy.config(postgres, 2, """
                reload.watch = true
                databases.app { user = app, password-file = "%s" }
                include "%s"
                """.formatted(secret, included)));

        Files.writeString(included, "databases.app.pool.max = 14");
        await().atMost(PATIENCE).until(() -> app().pool().max() == 14);
        Files.writeString(secret, "the second");
        await().atMost(PATIENCE).until(() -> app().backendPassword().equals(Optional.of(new Secret("the second"))));
    }

    @Test
    void a_reload_behind_the_end_changes_nothing() {
        ProxyServer server = proxy.server();
        ProxyConfig before = server.config();
        server.stop(Duration.ZERO);
        proxy.writeConfig(RunningProxy.config(postgres, 3, ""));

        assertThat(server.reload()).containsExactly("the proxy has stopped");
        assertThat(server.config()).isSameAs(before);
    }

    @Test
    void the_end_waits_for_a_reload_that_has_begun_to_change_things(@TempDir Path folder) throws Exception {
        ProxyServer server = proxy.server();
        Path users = folder.resolve("users");
        assertThat(new ProcessBuilder("mkfifo", users.toString()).start().waitFor()).isZero();
        proxy.writeConfig(RunningProxy.config(postgres, 3, "auth.users-file = \"" + users + "\""));

        var reloaded = Meanwhile.asks(server::reload);
        Thread end;
        try (OutputStream _ = Meanwhile.asks(() -> Files.newOutputStream(users)).get(60, TimeUnit.SECONDS)) {   // it is being read
            end = Thread.ofPlatform().start(() -> server.stop(Duration.ZERO));
            await().until(() -> end.getState() == Thread.State.BLOCKED);
        }

        assertThat(reloaded.get(60, TimeUnit.SECONDS)).isEmpty();
        assertThat(end.join(Duration.ofSeconds(60))).isTrue();
    }

    private DatabaseConfig app() {
        return proxy.server().config().databases().stream().filter(database -> database.name().equals("app")).findFirst().orElseThrow();
    }
}
