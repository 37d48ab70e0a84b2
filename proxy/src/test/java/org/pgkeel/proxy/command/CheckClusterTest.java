package org.pgkeel.proxy.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PatroniStub;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// `pgkeel check` of clusters that are watched: a primary and a standby, with and without Patroni.
class CheckClusterTest {
    private static PostgresFixture primary;
    private static NodeAddress first;
    private static NodeAddress second;

    @TempDir
    Path temporary = Path.of("");

    @BeforeAll
    static void start() {
        primary = PostgresFixture.start(FixtureOptions.DEFAULT);
        first = node(primary);
        PostgresFixture standby = primary.standby();
        second = node(standby);
        primary.execute("create user plain_monitor password 'plain_secret'");
        await().atMost(Duration.ofSeconds(60)).until(() -> standby.query("select count(*) from pg_roles where rolname = 'plain_monitor'").equals("1"));
    }

    @AfterAll
    static void stop() {
        primary.close();
    }

    private static NodeAddress node(PostgresFixture server) {
        return new NodeAddress(server.host(), server.port());
    }

    private static Map<String, NodeAddress> members() {
        var members = new LinkedHashMap<String, NodeAddress>();
        members.put("n1", first);
        members.put("n2", second);
        return members;
    }

    private CommandRun check(String cluster) throws IOException {
        return check(cluster, PostgresFixture.SUPERUSER, PostgresFixture.SUPERUSER_PASSWORD);
    }

    private CommandRun check(String cluster, String user, String password) throws IOException {
        Path file = Files.writeString(temporary.resolve("proxy.conf"), """
                clusters.main { %s, monitor { user = %s, password = "%s" } }
                databases { "*" {} }
                auth.method = trust
                """.formatted(cluster, user, password));
        return CommandRun.of("check", "--config", file.toString());
    }

    @Test
    void every_member_and_every_node_that_patroni_names_is_asked_though_one_member_is_configured() throws IOException {
        try (var patroni = PatroniStub.start(members())) {
            CommandRun run = check("patroni { members = [\"" + patroni.url("n1") + "\"] }");

            assertThat(run.exitCode()).as(run.err()).isZero();
            assertThat(run.out()).containsPattern("cluster main, Patroni " + patroni.url("n1") + ": Patroni answers after \\d+ ms: n1 is primary, running, timeline 1")
                    .containsPattern("cluster main, Patroni " + patroni.url("n2") + ": Patroni answers after \\d+ ms: n2 is replica, running, timeline 1")
                    .contains("cluster main, node " + first + ": PostgreSQL answers at ")
                    .containsPattern("cluster main, node " + first + ": primary on timeline 1, at [0-9A-F]+/[0-9A-F]+")
                    .containsPattern("cluster main, node " + second + ": replica on timeline 1, \\d+ bytes behind");
        }
    }

    @Test
    void a_dead_member_a_missing_leader_and_a_wrong_password_are_each_an_error_of_their_own() throws IOException {
        try (var patroni = PatroniStub.start(members())) {
            String urls = "patroni { members = " + patroni.urls() + " }";
            patroni.stop("n2");
            CommandRun dead = check(urls);
            assertThat(dead.exitCode()).isEqualTo(69);
            assertThat(dead.err().lines().filter(line -> line.startsWith("error: "))).singleElement().asString().contains("error: cluster main, Patroni " + patroni.url("n2") + ": unreachable: ");
            assertThat(dead.out()).contains("node " + second + ": replica on timeline 1");

            patroni.leader(Optional.empty());
            assertThat(check(urls).err()).contains("error: cluster main: no member holds the leader key");

            CommandRun denied = check(urls, PostgresFixture.SUPERUSER, "wrong");
            assertThat(denied.exitCode()).isEqualTo(69);
            assertThat(denied.err()).contains("error: cluster main, node " + first + ": clusters.main.monitor.user = postgres: ")
                    .contains("error: cluster main, node " + second + ": clusters.main.monitor.user = postgres: ").contains("no node takes writes");
        }
    }

    @Test
    void problems_with_tls_and_the_login_to_patroni_name_their_keys() throws IOException {
        var certificates = primary.certificates();
        try (var patroni = PatroniStub.startTls(members(), certificates.serverContext(), "keel:hush")) {
            String members = "members = " + patroni.urls();
            String ca = "tls { ca = \"" + certificates.caCert() + "\" }";

            CommandRun good = check("patroni { " + members + ", user = keel, password = hush, " + ca + " }");
            assertThat(good.exitCode()).as(good.err()).isZero();
            assertThat(good.out()).contains("Patroni https://127.0.0.1:").contains("n2 is replica");

            CommandRun denied = check("patroni { " + members + ", user = keel, password = \"not this\", " + ca + " }");
            assertThat(denied.exitCode()).isEqualTo(69);
            assertThat(denied.err()).contains("denied: HTTP 401: the login is not accepted; see clusters.main.patroni.user and password").doesNotContain("not this");

            CommandRun untrusted = check("patroni { " + members + ", user = keel, password = hush }");
            assertThat(untrusted.exitCode()).isEqualTo(69);
            assertThat(untrusted.err()).containsPattern("Patroni https://127.0.0.1:\\d+: tls: .*; see clusters.main.patroni.tls");

            Path nonsense = Files.writeString(temporary.resolve("nonsense.pem"), "hush");
            CommandRun broken = check("patroni { " + members + ", tls { ca = \"" + nonsense + "\" } }");
            assertThat(broken.exitCode()).isEqualTo(78);
            assertThat(broken.err()).contains("nonsense.pem");
        }
    }

    @Test
    void the_monitor_of_a_cluster_without_patroni_logs_in_everywhere_and_its_missing_role_is_said() throws IOException {
        CommandRun run = check("nodes = [\"" + second + "\", \"" + first + "\"]", "plain_monitor", "plain_secret");

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).contains("node " + first + ": primary on timeline 1").contains("node " + second + ": replica on timeline ");
        assertThat(run.err()).contains("warning: cluster main, node " + first + ": clusters.main.monitor.user = plain_monitor is no member of pg_monitor");

        CommandRun alone = check("nodes = [\"" + second + "\"]");
        assertThat(alone.exitCode()).isEqualTo(69);
        assertThat(alone.err()).contains("error: cluster main: no node takes writes");
    }
}
