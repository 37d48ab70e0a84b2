package org.pgkeel.proxy.large;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.proxy.wire.WireClient;

/// A client of the same proxy that asks one short query after the other, and remembers its longest wait. Threading: a thread of its own.
final class Neighbour {
    private final WireClient client;
    private final FutureTask<Duration> slowest = new FutureTask<>(this::ask);
    private volatile boolean stopped;
    private int queries;

    private Neighbour(WireClient client) {
        this.client = client;
    }

    static Neighbour of(int port) throws IOException {
        var neighbour = new Neighbour(WireClient.ofApp(port, Map.of("application_name", "neighbour")));
        Thread.ofPlatform().name("neighbour").start(neighbour.slowest);
        return neighbour;
    }

    private Duration ask() throws IOException {
        long longest = 0;
        try (client) {
            while (!stopped) {
                long asked = System.nanoTime();
                client.send(new Query("select 1"));
                for (Object reply = client.read(); !(reply instanceof ReadyForQuery); reply = client.read()) {
                    if (reply instanceof ErrorResponse error) throw new IOException(error.toString());
                }
                longest = Math.max(longest, System.nanoTime() - asked);
                queries++;
            }
        }
        return Duration.ofNanos(longest);
    }

    /// @return the longest wait of all its queries
    Duration stop() throws InterruptedException, ExecutionException {
        stopped = true;
        return slowest.get();
    }

    /// To be asked when it has stopped.
    int queries() {
        return queries;
    }
}
