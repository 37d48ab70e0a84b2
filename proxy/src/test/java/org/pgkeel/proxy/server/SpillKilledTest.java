package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.embedded.ServerSettings;
import org.pgkeel.proxy.large.ProxyProcess;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// A proxy is killed while rows wait on its disk. Another one uses the same folder.
class SpillKilledTest {
    private static final int ROWS = 48;
    private static final int ROW_BYTES = 4000;
    private static final String NOTE = "x".repeat(ROW_BYTES);

    @TempDir
    Path folder = Path.of("");

    /// A process, and clients of it that each send one row.
    private final class Proxy implements AutoCloseable {
        private final int adminPort = ServerSettings.freePort();
        private final ProxyProcess process;
        private final List<Connection> clients = new ArrayList<>();
        private final List<CompletableFuture<String>> told = new ArrayList<>();

        Proxy(PostgresFixture postgres) throws IOException {
            process = ProxyProcess.start(postgres, "admin { address = \"127.0.0.1\", port = " + adminPort + " }\ndatabases.\"*\".pool.max-wait = 300s\n"
                    + "coalesce = [ " + SpilledClients.rule(folder, "16MiB") + " ]");
        }

        Connection connect() throws SQLException {
            return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + process.port() + "/" + PostgresFixture.DATABASE + "?preferQueryMode=simple&socketTimeout=300",
                    PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD);
        }

        /// All clients log in, and the proxy knows the table.
        void warmUp() throws SQLException {
            try (Connection connection = connect()) {
                await().until(() -> {
                    insert(connection, -1);
                    return Scrape.sum(page(), "pgkeel_coalesce_rows_total", "way=\"alone\"") > 0;
                });
            }
            while (clients.size() < ROWS) clients.add(connect());
        }

        void allSend(int firstId) {
            for (int i = 0; i < ROWS; i++) {
                Connection client = clients.get(i);
                int id = firstId + i;
                var answer = new CompletableFuture<String>();
                told.add(answer);
                Thread.ofPlatform().daemon().start(() -> answer.complete(tryInsert(client, id)));
            }
        }

        double metric(String name) {
            return page().getOrDefault(name + "{table=\"public.events\"}", Double.NaN);
        }

        private Map<String, Double> page() {
            try (var client = HttpClient.newHttpClient()) {
                var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + adminPort + "/metrics")).timeout(Duration.ofSeconds(90)).build();
                return Scrape.of(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
            } catch (IOException busy) {
                return Map.of();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        void untilMostRowsAreOnDisk() {
            await().untilAsserted(() -> assertThat(metric("pgkeel_coalesce_on_disk_rows")).isGreaterThan(ROWS / 2.0));
        }

        @Override
        public void close() {
            process.close();
        }
    }

    private static void insert(Connection by, int id) throws SQLException {
        try (Statement statement = by.createStatement()) {
            statement.execute("insert into events (id, note) values (" + id + ", '" + NOTE + "')");
        }
    }

    /// @return the SQLSTATE, empty if the row is committed
    private static String tryInsert(Connection by, int id) {
        try (by) {
            insert(by, id);
            return "";
        } catch (SQLException e) {
            return String.valueOf(e.getSQLState());
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> names = Files.list(folder)) {
            return names.toList();
        }
    }

    @Test
    void a_killed_proxy_acknowledges_nothing_leaves_no_file_and_takes_none_from_another() throws Exception {
        try (PostgresFixture postgres = PostgresFixture.start(FixtureOptions.DEFAULT)) {
            postgres.execute("create table events (id int, note text)", "grant all on events to app");
            try (var killed = new Proxy(postgres); var other = new Proxy(postgres)) {
                killed.warmUp();
                other.warmUp();
                double onDisk;
                postgres.freeze();
                try {
                    killed.allSend(0);
                    other.allSend(1000);
                    killed.untilMostRowsAreOnDisk();
                    other.untilMostRowsAreOnDisk();
                    onDisk = killed.metric("pgkeel_coalesce_on_disk_rows");
                    killed.process.kill();
                    assertThat(files()).isEmpty();
                    assertThat(killed.told).allSatisfy(each -> assertThat(each.join()).startsWith("08"));
                    assertThat(other.metric("pgkeel_coalesce_on_disk_rows")).isGreaterThan(ROWS / 2.0);
                    assertThat(other.told).noneMatch(CompletableFuture::isDone);
                } finally {
                    postgres.thaw();
                }
                assertThat(other.told).allSatisfy(each -> assertThat(each.join()).isEmpty());
                assertThat(postgres.query("select count(*) || ' ' || count(distinct id) from events where id >= 1000")).isEqualTo(ROWS + " " + ROWS);

                try (var again = new Proxy(postgres)) {
                    again.warmUp();
                    again.allSend(2000);
                    assertThat(again.told).allSatisfy(each -> assertThat(each.join()).isEmpty());
                    assertThat(postgres.query("select count(*) || ' ' || count(distinct id) from events where id >= 2000")).isEqualTo(ROWS + " " + ROWS);
                }
                // Of the killed one's rows the server has had no more than those that had been sent to it.
                assertThat(Double.parseDouble(postgres.query("select count(*) from events where id between 0 and 999"))).isLessThanOrEqualTo(ROWS - onDisk);
                await().untilAsserted(() -> assertThat(List.of(other.metric("pgkeel_coalesce_on_disk_rows"), other.metric("pgkeel_coalesce_on_disk_bytes"))).containsOnly(0.0));
                assertThat(other.metric("pgkeel_coalesce_spilled_rows_total")).isGreaterThan(ROWS / 2.0);
                assertThat(files()).isEmpty();
            }
        }
    }
}
