package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// Clients that each send one row while their database is paused, so that most of the rows wait on disk.
///
/// Threading: one test.
final class SpilledClients {
    private static final String TABLE = "{table=\"public.events\"}";

    private final RunningProxy proxy;
    private final String note;
    private final List<Client> clients = new ArrayList<>();

    /// @param told the SQLSTATE, empty if the row is committed
    private record Client(int id, Connection connection, Statement statement, CompletableFuture<String> told) {}

    /// While the first row waits for its backend all others wait for it, however slowly they come: one lane, and a long `max-delay`.
    /// @param spillBytesMax as `proxy.conf` has it
    static String rule(Path folder, String spillBytesMax) {
        return "{ table = public.events, copy-from-rows = 5, lanes = 1, max-delay = 10s, max-bytes = 16KiB, max-buffered-bytes = 64KiB, spill { dir = \"%s\", max-bytes = %s } }".formatted(folder, spillBytesMax);
    }

    static String config(PostgresFixture postgres, String rules) {
        return RunningProxy.config(postgres, 6, "databases.app.pool.max-wait = 300s\nclusters.main.hold.max-wait = 300s\nruntime.event-loops = 1\ncoalesce = [ " + rules + " ]\n");
    }

    /// Pauses the database, has the clients send, and comes back when all their requests have come to the proxy.
    /// @param rowBytes of each of them
    SpilledClients(RunningProxy proxy, int count, int rowBytes) throws SQLException {
        this.proxy = proxy;
        this.note = "x".repeat(rowBytes);
        Connection first = connect();
        await().until(() -> {
            try (Statement statement = first.createStatement()) {
                statement.execute("insert into events (id, note) values (-1, 'until the proxy knows the table')");
            }
            return Scrape.sum(page(), "pgkeel_coalesce_rows_total", "way=\"alone\"") > 0;
        });
        for (int id = 0; id < count; id++) {
            Connection connection = connect();
            clients.add(new Client(id, connection, connection.createStatement(), new CompletableFuture<>()));
        }
        RunningProxy.run(proxy.console(), "PAUSE app");
        for (Client each : clients) Thread.ofPlatform().daemon().start(() -> each.told.complete(insert(each)));
    }

    private Connection connect() throws SQLException {
        return proxy.connect(PostgresFixture.DATABASE + "?preferQueryMode=simple&socketTimeout=300", PostgresFixture.APP_USER, PostgresFixture.APP_PASSWORD);
    }

    private String insert(Client by) {
        try {
            by.statement.execute("insert into events (id, note) values (" + by.id + ", '" + note + "')");
            return "";
        } catch (SQLException e) {
            return String.valueOf(e.getSQLState());
        }
    }

    /// Of a moment at which every event loop had time for it.
    Map<String, Double> page() {
        return await().until(this::pageNow, page -> !page.isEmpty());
    }

    private Map<String, Double> pageNow() {
        try {
            var page = Scrape.of(proxy.get("/metrics").body());
            return page.getOrDefault("pgkeel_snapshot_available", 0.0) == 1 ? page : Map.of();
        } catch (UncheckedIOException busy) {
            return Map.of();
        }
    }

    double metric(String name) {
        return page().getOrDefault(name + TABLE, Double.NaN);
    }

    /// All of them wait, and the disk has what it can take.
    void untilOnDisk(double bytesInMemoryMax) {
        await().untilAsserted(() -> {
            var page = page();
            assertThat(page.get("pgkeel_coalesce_on_disk_rows" + TABLE)).isGreaterThan(10);
            assertThat(page.get("pgkeel_coalesce_buffered_bytes" + TABLE)).isLessThanOrEqualTo(bytesInMemoryMax);
            // All but the one that runs alone.
            assertThat(page.get("pgkeel_coalesce_buffered_bytes" + TABLE) + page.get("pgkeel_coalesce_on_disk_bytes" + TABLE)).isGreaterThan((clients.size() - 1.0) * note.length());
        });
    }

    void resume() throws SQLException {
        RunningProxy.run(proxy.console(), "RESUME app");
    }

    void cancelAll() throws SQLException {
        for (Client each : clients) each.statement.cancel();
    }

    /// How many clients know what became of their row.
    long told() {
        return clients.stream().filter(each -> each.told.isDone()).count();
    }

    /// What each of them was told; the table has exactly the rows that were told as committed.
    List<String> all(PostgresFixture postgres) {
        await().until(() -> told() == clients.size());
        List<String> words = clients.stream().map(each -> each.told.join()).toList();
        var committed = clients.stream().filter(each -> each.told.join().isEmpty()).map(each -> Integer.toString(each.id)).toList();
        assertThat(postgres.query("select coalesce(string_agg(id::text, ',' order by id), '') from events where id >= 0 and note = '" + note + "'")).isEqualTo(String.join(",", committed));
        return words;
    }

    /// They send the same once more, and succeed.
    void allSendAgain(PostgresFixture postgres) {
        postgres.execute("truncate events");
        for (Client each : clients) assertThat(insert(each)).isEmpty();
        assertThat(postgres.query("select count(*) from events where id >= 0")).isEqualTo(Integer.toString(clients.size()));
    }

    /// Nothing is left, in memory or on disk.
    void checkEmpty() {
        await().untilAsserted(() -> {
            var page = page();
            for (String name : List.of("on_disk_rows", "on_disk_bytes", "buffered_bytes", "waiting_rows")) assertThat(page.get("pgkeel_coalesce_" + name + TABLE)).as(name).isZero();
        });
    }
}
