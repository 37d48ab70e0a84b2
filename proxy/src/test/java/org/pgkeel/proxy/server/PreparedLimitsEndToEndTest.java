package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// What prepared statements may take of the proxy's memory.
final class PreparedLimitsEndToEndTest {
    private static final int MIB = 1 << 20;

    private final PostgresFixture postgres = SharedPostgres.get();

    @Test
    void what_sql_prepares_counts_as_what_the_protocol_does() throws SQLException {
        try (RunningProxy proxy = RunningProxy.start(postgres, RunningProxy.config(postgres, 2, "prepared.per-client = 3\n"))) {
            Connection client = proxy.connect();
            for (int i = 0; i < 3; i++) RunningProxy.run(client, "prepare p" + i + " as select " + i);

            assertThatThrownBy(() -> RunningProxy.run(client, "prepare p3 as select 3")).hasFieldOrPropertyWithValue("SQLState", "53400").hasMessageContaining("prepared.per-client");
            RunningProxy.run(client, "deallocate p0");
            RunningProxy.run(client, "prepare p3 as select 3");
            assertThatThrownBy(() -> RunningProxy.run(client, "prepare p4 as select 4")).hasFieldOrPropertyWithValue("SQLState", "53400");
            RunningProxy.run(client, "deallocate all; prepare p4 as select 4");
            assertThat(RunningProxy.value(client, "execute p4")).isEqualTo("4");
        }
    }

    @Test
    void event_loops_share_the_limit_of_shared_statements() throws SQLException {
        try (RunningProxy proxy = RunningProxy.start(postgres, RunningProxy.config(postgres, 4, "prepared.cache-bytes = 1MiB\n"))) {
            Connection[] ofTwoLoops = {proxy.connect(), proxy.connect()};
            for (Connection client : ofTwoLoops) {
                for (int i = 0; i < 15; i++) RunningProxy.run(client, "prepare p" + i + " as select " + i + ", '" + "x".repeat(60_000) + "'");
            }
            Map<String, String> cached = RunningProxy.show(proxy.console(), "MEM").stream().filter(row -> row.get("name").equals("cached_statements")).findFirst().orElseThrow();
            assertThat(Long.parseLong(cached.get("memtotal"))).isBetween(1L, (long) MIB);
            assertThat(RunningProxy.value(ofTwoLoops[0], "execute p0")).isEqualTo("0");
        }
    }
}
