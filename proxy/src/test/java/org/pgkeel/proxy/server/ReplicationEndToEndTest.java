package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.postgres.ClientTools;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.postgresql.PGConnection;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/// Clients of the replication protocol: each has a backend of its own, and the others notice nothing.
class ReplicationEndToEndTest {
    private static PostgresFixture postgres;
    private static TestProxy proxy;

    @BeforeAll
    static void start() {
        postgres = PostgresFixture.start(FixtureOptions.DEFAULT);
        postgres.execute("create table watched (id int primary key, text text)", "create publication watched for table watched");
        proxy = TestProxy.start(postgres, "databases.\"*\".pool.max = 2");
    }

    @AfterAll
    static void stop() {
        proxy.close();
        postgres.close();
    }

    private static Connection replicationClient() throws SQLException {
        return proxy.connectAs("postgres", PostgresFixture.SUPERUSER_PASSWORD, "app", "replication", "database", "assumeMinServerVersion", "18", "preferQueryMode", "simple");
    }

    @Test
    void a_logical_stream_by_pgjdbc_is_followed_acknowledged_and_taken_up_again() throws Exception {
        List<String> seen = new ArrayList<>();
        LogSequenceNumber received;
        try (Connection client = replicationClient()) {
            PGConnection replication = client.unwrap(PGConnection.class);
            replication.getReplicationAPI().createReplicationSlot().logical().withSlotName("watcher").withOutputPlugin("pgoutput").make();
            try (PGReplicationStream stream = stream(replication, null)) {
                postgres.execute("insert into watched select i, repeat('x', 20000) from generate_series(1, 200) i");
                boolean committed = false;
                while (!committed) {
                    ByteBuffer message = stream.read();
                    committed = message.get(0) == 'C' && !seen.isEmpty();
                    if (message.get(0) == 'I') seen.add(new String(message.array(), message.arrayOffset(), message.limit(), StandardCharsets.ISO_8859_1));
                }
                received = stream.getLastReceiveLSN();
                stream.setAppliedLSN(received);
                stream.setFlushedLSN(received);
                stream.forceUpdateStatus();
                assertThat(seen).hasSize(200).allMatch(row -> row.contains("x".repeat(20000)));
                // Others go on meanwhile, on backends of their own.
                try (Connection other = proxy.connect()) {
                    assertThat(TestProxy.value(other, "select 'other'")).isEqualTo("other");
                }
            }
            assertThat(TestProxy.value(client, "IDENTIFY_SYSTEM")).hasSizeGreaterThan(10);
        }
        await().until(() -> postgres.query("select count(*) from pg_stat_activity where backend_type = 'walsender'").equals("0"));
        await().until(() -> postgres.query("select active from pg_replication_slots where slot_name = 'watcher'").equals("f"));
        try (Connection client = replicationClient(); PGReplicationStream stream = stream(client.unwrap(PGConnection.class), received)) {
            postgres.execute("insert into watched values (1001, 'later')");
            String inserted = "";
            while (!inserted.startsWith("I")) {
                ByteBuffer message = stream.read();
                inserted = new String(message.array(), message.arrayOffset(), message.limit(), StandardCharsets.ISO_8859_1);
            }
            assertThat(inserted).contains("later");
        }
        await().ignoreExceptions().untilAsserted(() -> postgres.execute("select pg_drop_replication_slot('watcher')"));
    }

    private static PGReplicationStream stream(PGConnection replication, LogSequenceNumber from) throws SQLException {
        var builder = replication.getReplicationAPI().replicationStream().logical().withSlotName("watcher")
                .withSlotOption("proto_version", 1).withSlotOption("publication_names", "watched").withStatusInterval(1, java.util.concurrent.TimeUnit.SECONDS);
        return (from == null ? builder : builder.withStartPosition(from)).start();
    }

    @Test
    void the_server_ends_a_stream_and_its_client_is_told() throws Exception {
        try (Connection client = replicationClient()) {
            PGConnection replication = client.unwrap(PGConnection.class);
            replication.getReplicationAPI().createReplicationSlot().logical().withSlotName("ended").withTemporaryOption().withOutputPlugin("pgoutput").make();
            var stream = replication.getReplicationAPI().replicationStream().logical().withSlotName("ended").withSlotOption("proto_version", 1).withSlotOption("publication_names", "watched").start();
            var read = CompletableFuture.runAsync(() -> {
                try {
                    while (true) stream.read();
                } catch (SQLException ended) {
                    throw new java.util.concurrent.CompletionException(ended);
                }
            });
            postgres.execute("select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'walsender'");
            assertThatThrownBy(() -> read.get(90, java.util.concurrent.TimeUnit.SECONDS)).hasCauseInstanceOf(SQLException.class);
        }
    }

    @Test
    void logical_and_physical_streams_and_a_base_backup_by_postgresqls_own_tools_pass(@TempDir Path folder) throws Exception {
        try (PostgresFixture sameVersion = PostgresFixture.startLocal(FixtureOptions.DEFAULT); TestProxy before = TestProxy.start(sameVersion, "databases.\"*\".pool.max = 2")) {
            sameVersion.execute("create table watched (id int primary key, text text)");
            tools(sameVersion, before, folder);
        }
    }

    private static void tools(PostgresFixture postgres, TestProxy proxy, Path folder) throws Exception {
        var password = Map.of("PGPASSWORD", PostgresFixture.SUPERUSER_PASSWORD);
        String[] where = {"-h", "127.0.0.1", "-p", Integer.toString(proxy.port()), "-U", "postgres"};
        assertThat(Psql.program(password, "psql", "-X", "-A", "-t", "-c", "IDENTIFY_SYSTEM", "host=127.0.0.1 user=postgres replication=true dbname=postgres port=" + proxy.port())).contains("|1|");

        Psql.program(password, "pg_recvlogical", Psql.concat(where, "-d", "app", "--slot", "tool", "--create-slot", "-P", "test_decoding"));
        postgres.execute("insert into watched values (5001, 'by pg_recvlogical')");
        String end = postgres.query("select pg_current_wal_insert_lsn()");
        postgres.execute("insert into watched values (5002, 'beyond')");
        Path decoded = folder.resolve("decoded");
        Psql.program(password, "pg_recvlogical", Psql.concat(where, "-d", "app", "--slot", "tool", "--start", "--endpos", end, "-f", decoded.toString()));
        assertThat(Files.readString(decoded)).contains("by pg_recvlogical").doesNotContain("beyond");
        Psql.program(password, "pg_recvlogical", Psql.concat(where, "-d", "app", "--slot", "tool", "--drop-slot"));

        Path backup = folder.resolve("backup");
        Psql.program(password, "pg_basebackup", Psql.concat(where, "-D", backup.toString(), "-X", "fetch", "-c", "fast", "-F", "tar", "--no-manifest"));
        assertThat(Files.size(backup.resolve("base.tar"))).isGreaterThan(10_000_000);

        Path wal = Files.createDirectory(folder.resolve("wal"));
        Process receiving = receiveWal(wal, where);
        try {
            await().until(() -> postgres.query("select count(*) from pg_stat_replication where state = 'streaming'").equals("1"));
            postgres.execute("insert into watched values (6001, 'streamed')", "select pg_switch_wal()");
            await().until(() -> {
                try (var files = Files.list(wal)) {
                    return files.anyMatch(file -> !file.toString().endsWith(".partial"));
                }
            });
        } finally {
            receiving.destroyForcibly().waitFor();
        }
        await("its backend goes with the client").until(() -> postgres.query("select count(*) from pg_stat_replication").equals("0"));
    }

    private static Process receiveWal(Path wal, String[] where) throws IOException {
        List<String> command = new ArrayList<>(List.of(ClientTools.locate("pg_receivewal"), "-D", wal.toString()));
        command.addAll(List.of(where));
        var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("PGPASSWORD", PostgresFixture.SUPERUSER_PASSWORD);
        return builder.start();
    }
}
