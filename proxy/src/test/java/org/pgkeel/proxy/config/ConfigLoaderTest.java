package org.pgkeel.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.failover.topology.NodeAddress;

class ConfigLoaderTest {
    @TempDir
    Path temporary = Path.of("");
    private ConfigFolder folder = new ConfigFolder(temporary);

    @BeforeEach
    void use_the_folder() {
        folder = new ConfigFolder(temporary);
    }

    @Test
    void what_the_file_does_not_say_has_its_default() {
        ProxyConfig config = folder.loaded(ConfigFolder.MINIMAL);

        assertThat(config.listen()).isEqualTo(new ListenConfig("0.0.0.0", 6432, Optional.empty(), 4096,
                new ServerTlsConfig(TlsMode.DISABLE, Optional.empty(), Optional.empty(), Optional.empty())));
        assertThat(config.admin()).isEqualTo(new AdminConfig("127.0.0.1", 9632, Set.of(), Set.of()));
        assertThat(config.databases()).containsExactly(new DatabaseConfig("*", "main", Optional.empty(), Optional.empty(), Optional.empty(),
                new PoolConfig(PoolMode.TRANSACTION, 20, 0, 0, Duration.ofSeconds(5), Duration.ofSeconds(30)), OptionalInt.empty(), OptionalInt.empty()));
        assertThat(config.limits()).isEqualTo(new LimitsConfig(10_000, 10_000, 65_536, 1 << 20, 256 << 10, 256 << 10, 0x3fffffff, 1 << 20));
        assertThat(config.timeouts()).isEqualTo(new TimeoutsConfig(Duration.ofSeconds(15), Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO,
                Duration.ofSeconds(5), Duration.ofSeconds(1), Duration.ofHours(1), Duration.ofMinutes(10), Duration.ofSeconds(30)));
        assertThat(config.prepared()).isEqualTo(new PreparedConfig(PreparedConfig.Unnamed.CACHE, 500, 10_000, 65_536, 64L << 20));
        assertThat(config.pinning().policy()).isEqualTo(PinningConfig.Policy.ALLOW);
        assertThat(config.runtime()).isEqualTo(new RuntimeConfig(RuntimeConfig.Transport.AUTO, 0));
        assertThat(config.shutdown().maxWait()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.reload().watch()).isFalse();
    }

    @Test
    void ten_mistakes_are_ten_problems_with_file_and_line() {
        List<String> problems = folder.problems("""
                listen { port = 70000, adress = "::" }
                limits { clients = many }
                clusters { main {
                  nodes = ["db1", "db2:5432"]
                  tls { mode = verify-ca } } }
                databases {
                  app { cluster = mian }
                  "*" { cluster = main, pool { min = 30
                    mode = tranaction } } }
                auth { method = trust, users-file = users.txt }
                timeouts { query = 30 }
                """);

        assertThat(problems).containsExactlyInAnyOrder(
                "proxy.conf:1: listen.port: expected a whole number from 0 to 65535, got 70000",
                "proxy.conf:1: listen.adress: unknown key, the nearest known key is 'listen.address'",
                "proxy.conf:2: limits.clients: expected a whole number from 1 to 1000000, got 'many'",
                "proxy.conf:4: clusters.main.nodes: expected \"host:port\", \"[IPv6]:port\" or \"/folder:port\", got 'db1'",
                "proxy.conf:5: clusters.main.tls.ca: missing, mode verify-ca needs it",
                "proxy.conf:7: databases.app.cluster: there is no cluster 'mian', known are main",
                "proxy.conf:8: databases.\"*\".pool.min: is 30, more than max (20)",
                "proxy.conf:9: databases.\"*\".pool.mode: expected one of session, transaction, statement, got 'tranaction'",
                "proxy.conf:10: auth.users-file: no such file: users.txt",
                "proxy.conf:11: timeouts.query: expected a time from 0 to 365d, as 30s or 800ms, got 30 without a unit");
    }

    @Test
    void an_unknown_key_names_the_same_word_of_another_section_when_none_is_near() {
        assertThat(folder.problems(ConfigFolder.MINIMAL + "pool_mode = session\nmax_clients = 5\n")).containsExactly(
                "proxy.conf:4: pool_mode: unknown key, the nearest known key is 'databases.NAME.pool.mode'",
                "proxy.conf:5: max_clients: unknown key, the nearest known key is 'databases.NAME.max-clients'");
    }

    @Test
    void a_name_with_a_dot_that_lost_its_quotes_is_recognised() {
        assertThat(folder.problems(ConfigFolder.MINIMAL + "databases { my.db {} }\n")).singleElement().asString().endsWith("a name with a dot in it needs quotes");
    }

    @Test
    void a_missing_file_is_one_problem() {
        assertThat(new ConfigLoader(Map.of()).load(temporary.resolve("none.conf"))).isInstanceOfSatisfying(ConfigResult.Rejected.class,
                rejected -> assertThat(rejected.problems()).extracting(folder::shortened).containsExactly("none.conf: no such file"));
    }

    @Test
    void a_file_that_is_nested_without_end_is_one_problem() {
        assertThat(folder.problems("a { ".repeat(200_000))).singleElement().asString().startsWith("proxy.conf");
    }

    @Test
    void physical_replication_can_have_a_rule_of_its_own() {
        assertThat(folder.loaded(ConfigFolder.MINIMAL + "auth.rules = [ { database = replication, method = reject } ]\n").auth().rules().getFirst().databases()).containsExactly("replication");
    }

    @Test
    void a_syntax_error_is_one_problem_with_its_line() {
        assertThat(folder.problems("listen {\n  port = 1\n")).singleElement().asString().startsWith("proxy.conf:3: ").doesNotContain("proxy.conf: 3");
    }

    @Test
    void every_missing_variable_is_reported_once() {
        assertThat(folder.problems(ConfigFolder.MINIMAL + "listen.port = ${PORT_A}\nadmin.port = ${PORT_B}\nlimits.clients = ${PORT_A}\n")).containsExactly(
                "proxy.conf:4: ${PORT_A}: neither a key of the file nor an environment variable has this name",
                "proxy.conf:5: ${PORT_B}: neither a key of the file nor an environment variable has this name");
    }

    @Test
    void substitutions_take_keys_of_the_file_and_environment_variables() {
        String text = ConfigFolder.MINIMAL + "limits.clients = 7\n"
                + "prepared.per-client = ${limits.clients}\nlisten.port = 1\nlisten.port = ${?PORT}\nadmin.port = ${?NOT_THERE}\n";

        ProxyConfig config = ConfigFolder.fine(folder.load(text, Map.of("PORT", "7432"))).config();

        assertThat(config.prepared().perClient()).isEqualTo(7);
        assertThat(config.listen().port()).isEqualTo(7432);
        assertThat(config.admin().port()).isEqualTo(9632);
    }

    @Test
    void an_included_file_counts_and_a_missing_one_is_a_problem() {
        folder.with("pools.conf", "limits.clients = 12\nlimits.clientz = 1\n");

        assertThat(folder.problems(ConfigFolder.MINIMAL + "include \"pools.conf\"\n"))
                .containsExactly("pools.conf:2: limits.clientz: unknown key, the nearest known key is 'limits.clients'");
        for (String include : List.of("\"none.conf\"", "file(\"none.conf\")", "required(\"none.conf\")", "\"../none.conf\"")) {
            assertThat(folder.problems(ConfigFolder.MINIMAL + "include " + include)).singleElement().asString().contains("none.conf").contains("no such file");
        }
        for (String include : List.of("url(\"http://127.0.0.1:1/x.conf\")", "classpath(\"x.conf\")")) {
            assertThat(folder.problems(ConfigFolder.MINIMAL + "include " + include)).singleElement().asString().contains("only files can be included");
        }
    }

    @Test
    void what_goes_in_a_circle_is_one_problem() {
        assertThat(folder.problems(ConfigFolder.MINIMAL + "include \"proxy.conf\"")).singleElement().asString().contains("cycle").doesNotContain("Trace");
        assertThat(folder.problems(ConfigFolder.MINIMAL + "limits.clients = ${prepared.per-client}, prepared.per-client = ${limits.clients}")).singleElement().asString().contains("cycle");
    }

    @Test
    void null_is_the_same_as_not_set() {
        ProxyConfig config = folder.loaded(ConfigFolder.MINIMAL + "databases.app {}\ndatabases.app = null\nlimits.clients = null\n");

        assertThat(config.databases()).hasSize(1);
        assertThat(config.limits().clients()).isEqualTo(10_000);
    }

    @Test
    void nodes_may_be_names_addresses_and_socket_folders() {
        ProxyConfig config = folder.loaded(ConfigFolder.MINIMAL
                + "clusters.main.nodes = [\"db1:5432\", \"[::1]:5433\", \"10.0.0.1:5434\", \"/var/run/postgresql:5432\"]");

        assertThat(config.clusters().get("main").nodes()).containsExactly(new NodeAddress("db1", 5432), new NodeAddress("::1", 5433),
                new NodeAddress("10.0.0.1", 5434), new NodeAddress("/var/run/postgresql", 5432));
    }

    @Test
    void a_node_that_is_no_address_is_refused() {
        for (String node : List.of("::1:5432", "db1", "db1:0", "db1:70000", ":5432", "[db1]:5432", "a b:5432", "[::1]")) {
            assertThat(folder.problems(ConfigFolder.MINIMAL + "clusters.main.nodes = [\"" + node + "\"]")).as(node).singleElement().asString().contains("expected \"host:port\"");
        }
        assertThat(folder.problems(ConfigFolder.MINIMAL + "clusters.main.nodes = [\"a:1\", \"a:1\"]")).singleElement().asString().contains("is there twice");
    }

    @Test
    void databases_keep_the_order_of_the_file_and_the_wildcard_is_last() {
        ProxyConfig config = folder.loaded("""
                clusters { b { nodes = ["h:1"] }
                  a { nodes = ["h:2"] } }
                databases { "*" { cluster = a }
                  zoo { cluster = a }
                  "a.b" { cluster = b, name = app } }
                auth.method = trust
                """);

        assertThat(config.clusters().keySet()).containsExactly("b", "a");
        assertThat(config.databases()).extracting(DatabaseConfig::name).containsExactly("zoo", "a.b", "*");
    }

    @Test
    void with_several_clusters_a_database_has_to_say_which() {
        assertThat(folder.problems("clusters { a { nodes = [\"h:1\"] }, b { nodes = [\"h:2\"] } }\ndatabases { app {} }\nauth.method = trust\n"))
                .containsExactly("proxy.conf:2: databases.app.cluster: missing, one of a, b");
    }

    @Test
    void an_empty_file_says_all_that_is_missing() {
        assertThat(folder.problems("")).containsExactlyInAnyOrder(
                "proxy.conf: clusters: missing, expected 1 or more clusters",
                "proxy.conf: databases: missing, expected 1 or more databases, \"*\" for any name",
                "proxy.conf: auth.users-file: missing: the methods in use ask for a password, so users-file or auth-query has to know the users");
    }

    @Test
    void rules_are_read_as_in_pg_hba() {
        ProxyConfig config = folder.loaded(ConfigFolder.MINIMAL + """
                auth.rules = [
                  { type = local, database = [app, ops], method = trust }
                  { user = ops, address = ["10.0.0.0/8", "::1", "192.168.1.7"], method = trust }
                  { method = reject }
                ]
                """);

        assertThat(config.auth().rules()).containsExactly(
                new AuthRule(AuthRule.Connection.LOCAL, Set.of("app", "ops"), Set.of(), List.of(), AuthMethod.TRUST),
                new AuthRule(AuthRule.Connection.HOST, Set.of(), Set.of("ops"), List.of("10.0.0.0/8", "::1/128", "192.168.1.7/32"), AuthMethod.TRUST),
                new AuthRule(AuthRule.Connection.HOST, Set.of(), Set.of(), List.of(), AuthMethod.REJECT));
    }

    @Test
    void a_rule_that_can_never_count_or_never_fit_is_refused() {
        assertThat(folder.problems(ConfigFolder.MINIMAL + """
                auth.rules = [
                  { user = ops, method = reject }
                  { user = [ops], database = all, method = trust }
                  { type = local, address = "10.0.0.0/8", method = trust }
                  { address = "10.0.0.0/40", method = trust }
                  { address = "db1.example", method = trust }
                  { user = "+staff", method = trust }
                  { database = sameuser }
                ]
                """)).satisfiesExactly(
                problem -> assertThat(problem).startsWith("proxy.conf:6: auth.rules[1]: the rule at ").endsWith("has the same conditions and comes first: this one never counts"),
                problem -> assertThat(problem).isEqualTo("proxy.conf:7: auth.rules[2].address: a local rule has no address"),
                problem -> assertThat(problem).startsWith("proxy.conf:8: auth.rules[3].address: expected a range"),
                problem -> assertThat(problem).startsWith("proxy.conf:9: auth.rules[4].address: expected a range"),
                problem -> assertThat(problem).startsWith("proxy.conf:10: auth.rules[5].user: '+staff' has a meaning"),
                problem -> assertThat(problem).startsWith("proxy.conf:11: auth.rules[6].database: 'sameuser' has a meaning"),
                problem -> assertThat(problem).isEqualTo("proxy.conf:11: auth.rules[6].method: missing"));
    }

    @Test
    void the_user_of_the_auth_query_needs_a_secret() {
        folder.with("users.txt", "\"other\" \"x\"\n\"keel\" \"x\"\n");
        String with = "auth { method = scram-sha-256, users-file = users.txt, auth-query { user = %s } }\n";

        assertThat(folder.problems(ConfigFolder.MINIMAL + with.formatted("keel"))).isEmpty();
        assertThat(folder.problems(ConfigFolder.MINIMAL + with.formatted("kee"))).containsExactly("proxy.conf:4: auth.auth-query.user: 'kee' has no secret in users.txt");
        assertThat(folder.problems(ConfigFolder.MINIMAL + "auth { method = md5, auth-query { user = keel } }\n")).singleElement().asString().contains("there is none");
    }

    @Test
    void tls_needs_its_files() {
        folder.with("c.pem", "c").with("k.pem", "k");

        assertThat(folder.problems(ConfigFolder.MINIMAL + "listen.tls { mode = verify-full }\n")).containsExactlyInAnyOrder(
                "proxy.conf:4: listen.tls.cert: missing, mode verify-full needs it",
                "proxy.conf:4: listen.tls.key: missing, mode verify-full needs it",
                "proxy.conf:4: listen.tls.ca: missing, mode verify-full needs it");
        assertThat(folder.problems(ConfigFolder.MINIMAL + "clusters.main.tls { cert = c.pem }\n")).singleElement().asString().contains("clusters.main.tls.key: missing");
        assertThat(folder.loaded(ConfigFolder.MINIMAL + "listen.tls { cert = c.pem, key = k.pem }\n").listen().tls())
                .isEqualTo(new ServerTlsConfig(TlsMode.PREFER, Optional.of(temporary.resolve("c.pem")), Optional.of(temporary.resolve("k.pem")), Optional.empty()));
    }

    @Test
    void sizes_and_times_are_read_with_their_units() {
        ProxyConfig config = folder.loaded(ConfigFolder.MINIMAL + "limits.client-buffer-bytes = 128KiB\nprepared.cache-bytes = 33554432\ntimeouts { query = 800ms, client-idle = 0, server-lifetime = 2h }\n");

        assertThat(config.limits().clientBufferBytes()).isEqualTo(131_072);
        assertThat(config.prepared().cacheBytes()).isEqualTo(33_554_432);
        assertThat(config.timeouts().query()).isEqualTo(Duration.ofMillis(800));
        assertThat(config.timeouts().serverLifetime()).isEqualTo(Duration.ofHours(2));
    }

    @Test
    void a_time_without_a_unit_is_refused_however_it_is_written() {
        for (String number : new String[] {"30", "1e3", "1.5E3", ".5", "-1"}) {
            assertThat(folder.problems(ConfigFolder.MINIMAL + "timeouts.query = " + number + "\n")).as(number).singleElement().asString().contains("without a unit");
        }
    }

    @Test
    void wrong_types_are_named_and_never_converted() {
        assertThat(folder.problems(ConfigFolder.MINIMAL + "listen = 5\nadmin.users = { a = b }\nlimits.clients = []\nreload.watch = maybe\npinning.policy = 3\nauth.rules = yes\n")).containsExactly(
                "proxy.conf:4: listen: expected a section { ... }",
                "proxy.conf:5: admin.users: expected a text, got a section",
                "proxy.conf:6: limits.clients: expected a whole number from 1 to 1000000, got a list",
                "proxy.conf:7: reload.watch: expected true or false, got 'maybe'",
                "proxy.conf:8: pinning.policy: expected one of allow, refuse, got 3",
                "proxy.conf:9: auth.rules: expected a list [ { ... }, ... ]");
    }

    @Test
    void two_doors_need_two_ports() {
        assertThat(folder.problems(ConfigFolder.MINIMAL + "listen.port = 9632\n")).singleElement().asString().contains("two doors need two ports");
    }

    @Test
    void suspicious_settings_are_warnings() {
        assertThat(folder.warnings(ConfigFolder.MINIMAL + "limits.clients = 10\ndatabases.\"*\" { max-clients = 20, max-backends = 5 }\n")).containsExactlyInAnyOrder(
                "proxy.conf:5: databases.\"*\".max-backends: less than pool.max (20): no pool of this database can fill",
                "proxy.conf:5: databases.\"*\".max-clients: more than limits.clients (10), which is reached first");
    }
}
