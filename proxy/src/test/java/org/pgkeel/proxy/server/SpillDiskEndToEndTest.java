package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.postgres.FixtureOptions;
import org.pgkeel.proxy.postgres.PostgresFixture;

/// Rows that wait in a file that is full, or that somebody has changed.
class SpillDiskEndToEndTest {
    private static final int FILE_BYTES_MAX = 1 << 20;

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
        proxy = RunningProxy.start(postgres, SpilledClients.config(postgres, SpilledClients.rule(folder, "1MiB")));
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    @Test
    void when_the_file_is_full_requests_wait_in_memory_and_all_go_on_later() throws Exception {
        int rowBytes = 15_000;
        int clients = FILE_BYTES_MAX / rowBytes + 40;
        for (int round = 0; round < 2; round++) {
            var waiting = new SpilledClients(proxy, clients, rowBytes);
            waiting.untilOnDisk(Double.MAX_VALUE);
            assertThat(waiting.metric("pgkeel_coalesce_on_disk_bytes")).isBetween(FILE_BYTES_MAX - 16.0 * 1024, (double) FILE_BYTES_MAX);
            assertThat(waiting.metric("pgkeel_coalesce_buffered_bytes")).isGreaterThan(64 * 1024);
            assertThat(waiting.told()).isZero();
            waiting.resume();
            assertThat(waiting.all(postgres)).containsOnly("");
            waiting.checkEmpty();
            postgres.execute("truncate events");
        }
    }

    @Test
    void a_request_whose_bytes_have_changed_on_disk_is_refused_and_no_other() throws Exception {
        int rowBytes = 4000;
        var clients = new SpilledClients(proxy, 48, rowBytes);
        clients.untilOnDisk(64 * 1024);
        try (FileChannel file = FileChannel.open(openFile(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            assertThat(file.size()).isGreaterThan(10L * rowBytes);
            for (long at : List.of(100L, 5L * (rowBytes + 100))) {
                var one = ByteBuffer.allocate(1);
                file.read(one, at);
                one.put(0, (byte) (one.get(0) ^ 1)).flip();
                file.write(one, at);
            }
        }
        clients.resume();
        var told = clients.all(postgres);
        assertThat(told).containsOnly("", "58030");
        assertThat(told.stream().filter("58030"::equals)).hasSize(2);
        clients.checkEmpty();
        assertThat(clients.page()).containsEntry("pgkeel_coalesce_spill_failed_requests_total{reason=\"wrong_checksum\",table=\"public.events\"}", 2.0);
        clients.allSendAgain(postgres);
    }

    /// The file has no name: this process has it open.
    private Path openFile() throws IOException {
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            for (Path each : all.toList()) {
                try {
                    if (Files.readSymbolicLink(each).toString().startsWith(folder.resolve("pgkeel-spill-").toString())) return each;
                } catch (NoSuchFileException closed) {
                    continue;
                }
            }
        }
        throw new AssertionError("no file is open in " + folder);
    }
}
