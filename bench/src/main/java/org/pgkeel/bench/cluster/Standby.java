package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// A standby of a [PostgresServer] on the same disk, for reads; the server does not wait for it.
///
/// Threading: confined to one thread.
public final class Standby implements AutoCloseable {
    /// Its `application_name`.
    static final String NAME = "standby";
    private static final Duration COPY_LIMIT = Duration.ofMinutes(5);
    private static final Duration START_LIMIT = Duration.ofSeconds(60);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

    private final PostgresServer primary;
    private final int port;
    private final Process postmaster;

    private Standby(PostgresServer primary, int port, Process postmaster) {
        this.primary = primary;
        this.port = port;
        this.postmaster = postmaster;
    }

    /// @return when it streams
    public static Standby start(WorkFolder work, PostgresServer primary) throws IOException {
        Path data = work.folder("standby");
        Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwx------"));
        var unprivileged = new Unprivileged();
        unprivileged.own(data);
        Processes.run(COPY_LIMIT, Map.of("PGPASSWORD", PostgresServer.PASSWORD), unprivileged.command(List.of(primary.bin() + "/pg_basebackup",
                "--pgdata=" + data, "--host=127.0.0.1", "--port=" + primary.port(), "--username=" + PostgresServer.SUPERUSER, "--checkpoint=fast")));
        Files.writeString(data.resolve("standby.signal"), "");
        int port = Processes.freePort();
        Files.writeString(data.resolve("postgresql.auto.conf"), Files.readString(data.resolve("postgresql.auto.conf")) + """
                port = %d
                primary_conninfo = 'host=127.0.0.1 port=%d user=%s password=%s application_name=%s'
                """.formatted(port, primary.port(), PostgresServer.SUPERUSER, PostgresServer.PASSWORD, NAME));
        unprivileged.own(data);
        Path log = work.path().resolve("standby.log");
        var standby = new Standby(primary, port, Processes.start(log, Map.of(), unprivileged.command(List.of(primary.bin() + "/postgres", "-D", data.toString()))));
        try {
            standby.awaitStreaming(log);
        } catch (IOException e) {
            standby.close();
            throw e;
        }
        return standby;
    }

    public int port() {
        return port;
    }

    private void awaitStreaming(Path log) throws IOException {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (!primary.sql("postgres", "select count(*) from pg_stat_replication where state = 'streaming'").equals("1")) {
            if (!postmaster.isAlive() || System.nanoTime() > deadline) throw new IOException("the standby does not stream:\n" + Processes.tail(log));
            Processes.pause(Duration.ofMillis(100));
        }
    }

    @Override
    public void close() {
        Processes.stop(postmaster, STOP_LIMIT);
    }
}
