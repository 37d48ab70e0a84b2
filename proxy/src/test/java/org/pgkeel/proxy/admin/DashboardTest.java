package org.pgkeel.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The dashboard and its page ask only for metrics that there are.
class DashboardTest {
    private static final Path FOLDER = Path.of("..", "conf", "dashboards");
    private static final Pattern METRIC = Pattern.compile("\\b(pgkeel|netty|process|jvm_memory)_[a-z_]+[a-z]");

    @Test void the_dashboard_is_well_formed_and_every_metric_in_it_exists() throws IOException {
        Path dashboard = FOLDER.resolve("grafana-pgkeel.json");
        assertThat(ConfigFactory.parseFile(dashboard.toFile()).getList("panels")).hasSizeGreaterThan(20);
        assertThat(exposed()).containsAll(named(dashboard));
    }

    @Test void every_metric_of_pgkeel_is_described() throws IOException {
        String page = Files.readString(FOLDER.resolve("README.md"));
        assertThat(exposed().stream().filter(name -> name.startsWith("pgkeel_")).map(DashboardTest::family))
                .allSatisfy(name -> assertThat(page).containsAnyOf("`" + name + "`", "`" + name + "{", "_" + name.substring(name.lastIndexOf('_') + 1) + "`"));
    }

    private static TreeSet<String> exposed() {
        var metrics = new Metrics();
        try {
            var sample = Sample.take(new FakeOperations()).toCompletableFuture().join();
            return names(new String(metrics.page(Optional.of(sample), "").body(), StandardCharsets.UTF_8));
        } finally {
            metrics.close();
        }
    }

    private static TreeSet<String> named(Path file) throws IOException {
        return names(Files.readString(file));
    }

    private static TreeSet<String> names(String text) {
        var names = new TreeSet<String>();
        var matcher = METRIC.matcher(text);
        while (matcher.find()) names.add(matcher.group());
        return names;
    }

    /// The name without what a histogram adds.
    private static String family(String name) {
        return name.replaceFirst("_(bucket|count|sum)$", "");
    }
}
