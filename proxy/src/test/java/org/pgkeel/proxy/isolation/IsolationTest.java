package org.pgkeel.proxy.isolation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetSocketAddress;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.pgkeel.proxy.config.PoolMode;
import org.pgkeel.proxy.drivers.ProxyUnderTest;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// `-Dpgkeel.isolation.seconds=` makes it longer, `-Dpgkeel.isolation.seed=` sends the same again, `-Dpgkeel.isolation.clients=` more at once.
@Tag("drivers")
@Tag("isolation")
class IsolationTest {
    private static final Map<String, String> PASSWORDS = Map.of("iso_user_1", "one", "iso_user_2", "two", "iso_user_3", "three", "iso_user_4", "four");
    private static final int BACKENDS_PER_USER = 6;
    private static final Duration DURATION = Duration.ofSeconds(Long.getLong("pgkeel.isolation.seconds", 20));
    private static final long SEED = Long.getLong("pgkeel.isolation.seed", System.nanoTime());
    private static final int CLIENTS = Integer.getInteger("pgkeel.isolation.clients", 300);

    private final PostgresFixture postgres = SharedPostgres.get();

    @BeforeAll
    static void makeUsers() {
        SharedPostgres.get().execute(Clients.setUp(PASSWORDS).toArray(String[]::new));
    }

    @Test
    void the_clients_find_no_mix_up_on_postgresql_itself() throws Exception {
        try (ProxyUnderTest none = ProxyUnderTest.none(postgres)) {
            Tally tally = run(none, Math.min(CLIENTS, 60), Duration.ofSeconds(3));
            assertThat(tally.checked.sum()).isGreaterThan(100);
        }
    }

    @Test
    void hundreds_of_clients_of_several_users_get_their_own_replies_through_the_proxy() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(postgres, PoolMode.TRANSACTION, BACKENDS_PER_USER, PASSWORDS)) {
            Tally tally = run(proxy, CLIENTS, DURATION);
            assertThat(tally.checked.sum()).isGreaterThan(1_000);
            assertThat(tally.cancelled.sum()).isPositive();
        }
    }

    private Tally run(ProxyUnderTest server, int count, Duration duration) throws Exception {
        postgres.execute("truncate iso.rows, iso.undone");
        var clients = new Clients(new InetSocketAddress(server.host(), server.port()), PASSWORDS, count, duration, SEED);
        System.out.println("isolation seed " + SEED + ", " + count + " clients at " + server);
        Tally tally = clients.run();
        System.out.println("isolation: " + tally + ", mix-ups = 0");
        await("nothing of a session that vanished is left").untilAsserted(() -> {
            assertThat(postgres.query("select count(*) from pg_locks where locktype = 'advisory'")).isEqualTo("0");
            assertThat(postgres.query("select count(*) from pg_stat_activity where usename like 'iso_user%' and state <> 'idle'")).isEqualTo("0");
        });
        assertThat(postgres.query("select count(*) from iso.undone")).as("rows of transactions that were not committed").isEqualTo("0");
        assertThat(committedRows()).isEqualTo(tally.rowsCommitted);
        return tally;
    }

    private Map<String, Integer> committedRows() throws SQLException {
        Map<String, Integer> found = new HashMap<>();
        try (var connection = postgres.connectAsSuperuser(PostgresFixture.DATABASE);
                var rows = connection.createStatement().executeQuery("select client, count(*) from iso.rows group by client")) {
            while (rows.next()) found.put(rows.getString(1), rows.getInt(2));
        }
        return found;
    }
}
