package org.pgkeel.bench.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.config.ClusterConfig;
import org.pgkeel.proxy.config.ConfigLoader;
import org.pgkeel.proxy.config.ConfigResult;
import org.pgkeel.proxy.config.OutcomeMode;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.config.PreparedConfig;

class PgKeelConfigurationTest {
    @TempDir
    private Path folder;

    private ConfigResult load(String variant) throws IOException {
        Path users = Files.writeString(folder.resolve("users.txt"), "\"bench\" \"secret\"\n");
        Path file = Files.writeString(folder.resolve("proxy.conf"), PgKeel.configuration(6432, 9632, 5432, users, variant));
        return new ConfigLoader(Map.of()).load(file);
    }

    @Test
    void the_measured_configuration_is_one_that_pgkeel_takes() throws IOException {
        assertThat(load("")).isInstanceOfSatisfying(ConfigResult.Loaded.class, loaded -> {
            assertThat(loaded.config().runtime().eventLoops()).isEqualTo(1);
            assertThat(loaded.config().prepared().unnamed()).isEqualTo(PreparedConfig.Unnamed.CACHE);
            assertThat(loaded.config().databases()).singleElement().satisfies(database -> {
                assertThat(database.pool().mode()).isEqualTo(PoolMode.TRANSACTION);
                assertThat(database.pool().max()).isEqualTo(10);
            });
        });
    }

    @Test
    void a_variant_overrides_what_it_names() throws IOException {
        assertThat(load("prepared.unnamed = forward")).isInstanceOfSatisfying(ConfigResult.Loaded.class,
                loaded -> assertThat(loaded.config().prepared().unnamed()).isEqualTo(PreparedConfig.Unnamed.FORWARD));
    }

    @Test
    void the_configuration_in_front_of_a_cluster_is_one_that_pgkeel_takes() throws IOException {
        Files.writeString(folder.resolve("users.txt"), "\"app\" \"secret\"\n");
        List<URI> members = List.of(URI.create("http://127.0.1.1:8008"), URI.create("http://127.0.1.2:8008"));
        String text = PgKeelProcess.inFrontOf(members, "clusters.main.outcome = strict").apply(new PgKeelProcess.Place("one", 6432, 9632, folder));
        assertThat(new ConfigLoader(Map.of()).load(Files.writeString(folder.resolve("proxy.conf"), text))).isInstanceOfSatisfying(ConfigResult.Loaded.class, loaded -> {
            ClusterConfig cluster = loaded.config().clusters().get("main");
            assertThat(cluster.patroni().orElseThrow().members()).hasSize(2);
            assertThat(cluster.monitor().orElseThrow().user()).isEqualTo("pgkeel");
            assertThat(cluster.outcome()).isEqualTo(OutcomeMode.STRICT);
        });
    }
}
