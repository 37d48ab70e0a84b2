package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// Rows that wait on disk while their database is paused: what clients and operators may do meanwhile.
class SpillHoldEndToEndTest {
    private static final int CLIENTS = 48;
    private static final int ROW_BYTES = 4000;
    private static final int BUFFERED_BYTES_MAX = 64 * 1024;

    private static PostgresFixture postgres;

    @TempDir
    Path folder = Path.of("");

    private RunningProxy proxy;

    @BeforeAll
    static void startPostgres() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table events (id int, note text)", "grant all on events to app");
    }

    @AfterAll
    static void stopPostgres() {
        postgres.close();
    }

    @BeforeEach
    void start() {
        postgres.execute("truncate events");
        proxy = RunningProxy.start(postgres, SpilledClients.config(postgres, SpilledClients.rule(folder, "16MiB")));
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    @Test
    void rows_that_waited_on_disk_are_committed_when_the_database_is_resumed() throws Exception {
        var clients = new SpilledClients(proxy, CLIENTS, ROW_BYTES);
        clients.untilOnDisk(BUFFERED_BYTES_MAX);
        double rows = clients.metric("pgkeel_coalesce_on_disk_rows");
        assertThat(clients.metric("pgkeel_coalesce_on_disk_bytes")).isBetween(rows * ROW_BYTES, rows * (ROW_BYTES + 100));
        Map<String, String> shown = RunningProxy.show(proxy.console(), "COALESCE").getFirst();
        assertThat(shown).containsEntry("rows_on_disk", Long.toString((long) rows)).containsEntry("rows_spilled", Long.toString((long) rows));
        assertThat(clients.told()).isZero();
        assertThat(postgres.query("select count(*) from events where id >= 0")).isEqualTo("0");

        clients.resume();
        assertThat(clients.all(postgres)).containsOnly("");
        clients.checkEmpty();
        assertThat(clients.metric("pgkeel_coalesce_spilled_rows_total")).isEqualTo(rows);
        assertThat(clients.metric("pgkeel_coalesce_spill_read_seconds_count")).isPositive();
    }

    @Test
    void a_cancelled_request_is_not_run_wherever_it_waits() throws Exception {
        var clients = new SpilledClients(proxy, CLIENTS, ROW_BYTES);
        clients.untilOnDisk(BUFFERED_BYTES_MAX);
        double onDisk = clients.metric("pgkeel_coalesce_on_disk_rows");
        clients.cancelAll();
        await().untilAsserted(() -> assertThat(clients.metric("pgkeel_coalesce_on_disk_rows")).isZero());
        await().until(() -> clients.told() >= onDisk);
        clients.resume();
        var told = clients.all(postgres);
        assertThat(told).containsOnly("57014");
        clients.checkEmpty();
        clients.allSendAgain(postgres);
    }

    /// @param rules from the reload on; those that wait do so under the rule under which they came
    @ParameterizedTest
    @ValueSource(strings = {"", "{ table = public.events, max-rows = 7, copy-from-rows = 2 }", "{ table = public.events, copy-from-rows = 5, max-bytes = 16KiB, max-buffered-bytes = 64KiB }"})
    void a_reload_that_takes_the_rule_or_its_disk_away_loses_no_row(String rules) throws Exception {
        var clients = new SpilledClients(proxy, CLIENTS, ROW_BYTES);
        clients.untilOnDisk(BUFFERED_BYTES_MAX);
        double spilled = clients.metric("pgkeel_coalesce_spilled_rows_total");
        proxy.writeConfig(SpilledClients.config(postgres, rules));
        assertThat(proxy.server().reload()).isEmpty();
        assertThat(clients.told()).isZero();
        assertThat(clients.metric("pgkeel_coalesce_on_disk_rows")).isEqualTo(spilled);
        clients.resume();
        assertThat(clients.all(postgres)).containsOnly("");
        clients.checkEmpty();
        clients.allSendAgain(postgres);
        assertThat(clients.metric("pgkeel_coalesce_spilled_rows_total")).isEqualTo(spilled);
    }
}
