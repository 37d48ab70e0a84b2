package org.pgkeel.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EffectiveConfigTest {
    @TempDir
    Path temporary = Path.of("");

    @Test
    void each_value_is_shown_with_its_origin() {
        ConfigFolder folder = new ConfigFolder(temporary);
        String text = ConfigFolder.MINIMAL + "limits.clients = 7\nlisten.port = ${PORT}\n";

        String rendered = ConfigFolder.fine(folder.load(text, Map.of("PORT", "7432"))).effective().render().replace(temporary + "/", "").replaceAll(" +", " ");

        assertThat(rendered.lines()).contains("limits.clients = 7 # proxy.conf:4", "listen.port = 7432 # environment variable PORT",
                "listen.backlog = 4096 # default", "databases.\"*\".cluster = main # default", "databases.\"*\".pool.max-wait = 30s # default",
                "clusters.main.nodes = [\"db1:5432\"] # proxy.conf:1", "auth.users-file = none # default");
    }

    @Test
    void only_sockets_and_threads_need_a_restart() {
        EffectiveConfig effective = ConfigFolder.fine(new ConfigFolder(temporary).load(ConfigFolder.MINIMAL)).effective();

        assertThat(effective.entries()).filteredOn(entry -> !entry.reloadable()).extracting(EffectiveConfig.Entry::key).containsExactly(
                "listen.address", "listen.port", "listen.unix-socket-directory", "listen.backlog", "admin.address", "admin.port",
                "runtime.transport", "runtime.event-loops");
    }
}
