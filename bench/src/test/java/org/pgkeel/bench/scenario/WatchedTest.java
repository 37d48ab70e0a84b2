package org.pgkeel.bench.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.bench.cluster.PgKeelProcess;
import org.pgkeel.proxy.config.ClusterConfig;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.config.OutcomeMode;
import org.pgkeel.proxy.config.ProxyConfig;

class WatchedTest {
    @TempDir
    private Path folder;

    private ProxyConfig load(String variant) throws IOException {
        Path users = Files.writeString(folder.resolve("users.txt"), "\"bench\" \"secret\"\n");
        String text = """
                clusters  { main { nodes = ["127.0.0.1:5432"] } }
                databases { "*" { cluster = main } }
                auth      { users-file = "%s" }
                %s
                """.formatted(users, variant);
        ConfigResult result = new ConfigLoader(Map.of()).load(Files.writeString(folder.resolve("proxy.conf"), text));
        assertThat(result).isInstanceOf(ConfigResult.Loaded.class);
        return ((ConfigResult.Loaded) result).config();
    }

    @Test
    void those_that_watch_know_both_servers_and_follow_outcomes_only_if_that_is_asked() throws IOException {
        ClusterConfig watched = load(Watched.watched(5432, 5433) + Watched.outcome("off")).clusters().get("main");
        assertThat(watched.nodes()).hasSize(2);
        assertThat(watched.monitor()).isPresent();
        assertThat(watched.outcome()).isEqualTo(OutcomeMode.OFF);
        assertThat(load(Watched.watched(5432, 5433) + Watched.outcome("pipelined")).clusters().get("main").outcome()).isEqualTo(OutcomeMode.PIPELINED);
    }

    @Test
    void the_one_that_routes_has_rules() throws IOException {
        assertThat(load(Watched.watched(5432, 5433) + Watched.outcome("off") + PgKeelProcess.READS_ON_REPLICAS).routing().rules()).hasSize(2);
    }
}
