package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.client.WireClient;

/// One proxy process.
///
/// @param process the process the launcher became or started
/// @param code    what runs in it
public record RunningProxy(String name, String version, int port, Process process, Code code, Path log) implements Target, AutoCloseable {
    private static final Duration STOP_WITHIN = Duration.ofSeconds(10);

    @Override
    public OptionalLong proxyPid() {
        return OptionalLong.of(process.pid());
    }

    /// Asks `select 1` through the proxy, over and over, until it is answered.
    ///
    /// @throws IOException if it does not answer within the limit, or has ended; the message holds the end of its log
    public void awaitFirstQuery(Login login, Duration limit) throws IOException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            try (WireClient client = WireClient.connect(port, login, limit)) {
                client.queryValue("select 1");
                return;
            } catch (IOException notYet) {
                if (!process.isAlive()) throw new IOException(name + " ended with " + process.exitValue() + ":\n" + Processes.tail(log), notYet);
                if (System.nanoTime() > deadline) throw new IOException(name + " answered no query within " + limit + " (" + notYet.getMessage() + "):\n" + Processes.tail(log), notYet);
            }
            Processes.pause(Duration.ofMillis(1));
        }
    }

    @Override
    public void close() {
        Processes.stop(process, STOP_WITHIN);
    }
}
