package org.pgkeel.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `clusters.NAME.*`: what watching a cluster needs, and what is refused, by key and line.
class ClusterSectionsTest {
    private static final String REST = "databases.\"*\" {}\nauth.method = trust\n";

    @TempDir
    Path temporary = Path.of("");
    private ConfigFolder folder = new ConfigFolder(Path.of(""));

    @BeforeEach
    void folder() {
        folder = new ConfigFolder(temporary);
    }

    private ClusterConfig cluster(String text) {
        return folder.loaded(REST + text).clusters().get("main");
    }

    private List<String> problems(String cluster) {
        return folder.problems(REST + "clusters.main {\n" + cluster + "\n}\n");
    }

    @Test
    void every_key_is_read() {
        folder.with("patroni.secret", "of patroni\n");
        ClusterConfig read = cluster("""
                clusters.main {
                  patroni { members = ["http://a", "https://b:8443/"], poll = 250ms, timeout = 300ms, user = rest, password-file = patroni.secret, tls.verify = ca }
                  monitor { user = watcher, password = w, database = app }
                  hold { max-wait = 2m, max-clients = 7, max-bytes = 128KiB, drain-concurrency = 3 }
                  outcome = strict
                  timeline-regression = follow
                }
                """);
        PatroniConfig patroni = read.patroni().orElseThrow();
        assertThat(patroni.members()).containsExactly(URI.create("http://a:8008"), URI.create("https://b:8443"));
        assertThat(patroni.poll()).isEqualTo(Duration.ofMillis(250));
        assertThat(patroni.timeout()).isEqualTo(Duration.ofMillis(300));
        assertThat(patroni.login().orElseThrow().user()).isEqualTo("rest");
        assertThat(patroni.login().orElseThrow().password().reveal()).isEqualTo("of patroni");
        assertThat(patroni.tls().verify()).isEqualTo(PatroniConfig.Verify.CA);
        assertThat(read.monitor().orElseThrow().database()).isEqualTo("app");
        assertThat(read.hold()).isEqualTo(new HoldConfig(Duration.ofMinutes(2), 7, 128 * 1024, 3));
        assertThat(read.outcome()).isEqualTo(OutcomeMode.STRICT);
        assertThat(read.timelineRegression()).isEqualTo(TimelineRegression.FOLLOW);
    }

    @Test
    void what_is_not_said_is_what_the_reference_says() {
        ClusterConfig watched = cluster("clusters.main { patroni.members = [\"http://a\"], monitor.user = w }\n");
        assertThat(watched.outcome()).isEqualTo(OutcomeMode.PIPELINED);
        assertThat(watched.timelineRegression()).isEqualTo(TimelineRegression.HOLD);
        assertThat(watched.hold()).isEqualTo(HoldConfig.DEFAULT);
        assertThat(watched.monitor().orElseThrow().database()).isEqualTo("postgres");
        assertThat(watched.patroni().orElseThrow().poll()).isEqualTo(Duration.ofSeconds(1));
        assertThat(watched.patroni().orElseThrow().timeout()).isEqualTo(Duration.ofMillis(800));
        assertThat(cluster("clusters.main.nodes = [\"a:1\"]\n").outcome()).isEqualTo(OutcomeMode.OFF);
    }

    @Test
    void what_does_not_fit_together_is_reported_by_key_with_its_line() {
        assertThat(problems("nodes = [\"a:1\"]\npatroni.members = [\"http://a\"]\nmonitor.user = w")).singleElement().asString()
                .startsWith("proxy.conf:4: clusters.main.nodes: patroni is there too");
        assertThat(problems("patroni.members = [\"http://a\"]")).singleElement().asString().startsWith("proxy.conf:").contains("clusters.main.monitor: missing");
        assertThat(problems("patroni { }\nmonitor.user = w")).singleElement().asString().startsWith("proxy.conf:4: clusters.main.patroni.members: missing");
        assertThat(problems("patroni { members = [\"http://a\"], user = u }\nmonitor.user = w")).singleElement().asString().startsWith("proxy.conf:4: clusters.main.patroni.password: missing");
        assertThat(problems("patroni { members = [\"http://a\"], password = p }\nmonitor.user = w")).singleElement().asString().startsWith("proxy.conf:4: clusters.main.patroni.user: missing");
        assertThat(problems("patroni { members = [\"http://a\"], tls.key = k }\nmonitor.user = w")).anyMatch(problem -> problem.startsWith("proxy.conf:4: clusters.main.patroni.tls.cert: missing"));
        assertThat(problems("nodes = [\"a:1\"]\nmonitor { password = p }")).singleElement().asString().startsWith("proxy.conf:5: clusters.main.monitor.user: missing");
        assertThat(problems("nodes = [\"a:1\"]\noutcome = strict")).singleElement().asString().startsWith("proxy.conf:5: clusters.main.outcome: needs monitor");
        assertThat(problems("nodes = [\"a:1\"]\nmonitor { user = w, password = p, password-file = f }")).anyMatch(problem -> problem.startsWith("proxy.conf:5: clusters.main.monitor.password: password-file is there too"));
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "patroni.poll = 99ms", "patroni.poll = 2h", "patroni.poll = often", "patroni.timeout = 49ms", "patroni.timeout = 31s", "patroni.tls.verify = none", "patroni.tls.ca = nowhere.pem",
            "hold.max-wait = 999ms", "hold.max-wait = 2d", "hold.max-clients = 0", "hold.max-clients = 1000001", "hold.max-bytes = 63KiB", "hold.max-bytes = 2TiB",
            "hold.drain-concurrency = 0", "hold.drain-concurrency = 1000001", "outcome = maybe", "timeline-regression = back", "monitor.password-file = nowhere"})
    void a_value_out_of_its_range_is_refused_by_key_with_its_line(String setting) {
        assertThat(problems("patroni.members = [\"http://a\"], monitor.user = w\n" + setting)).singleElement().asString()
                .startsWith("proxy.conf:5: clusters.main." + setting.substring(0, setting.indexOf(' ')) + ":");
    }

    @ParameterizedTest
    @ValueSource(strings = {"patroni.pol", "monitor.usr", "hold.max-waits", "outcomes", "timeline-regresion", "patroni.tls.verfy"})
    void an_unknown_key_is_refused_and_the_nearest_is_named(String key) {
        assertThat(problems("patroni.members = [\"http://a\"], monitor.user = w\n" + key + " = 1")).anyMatch(problem ->
                problem.startsWith("proxy.conf:5: clusters.main." + key + ": unknown key, the nearest known key is 'clusters.main."));
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://rest:hush@a:8008", "http://rest:hu sh@a:8008"})
    void a_password_in_a_url_is_refused_and_not_shown(String member) {
        assertThat(problems("monitor.user = w\npatroni.members = [\"" + member + "\"]")).singleElement().asString()
                .contains("user and password have keys of their own").doesNotContain("hu");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a:8008", "ftp://a:8008", "http://", "http://a:8008/cluster", "http://a:0", "http://a:65536", "http://u:p@a:8008", "http://a:8008?x=1", "http://a b"})
    void a_member_that_is_no_url_of_a_rest_api_is_refused(String member) {
        assertThat(problems("monitor.user = w\npatroni.members = [\"" + member + "\"]")).singleElement().asString()
                .startsWith("proxy.conf:5: clusters.main.patroni.members").contains("expected \"http://host:port\"");
    }
}
