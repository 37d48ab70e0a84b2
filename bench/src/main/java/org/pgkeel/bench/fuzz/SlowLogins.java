package org.pgkeel.bench.fuzz;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Clients that never finish their login: a byte now and then, or none at all. Each has to be closed when the login's time is over.
final class SlowLogins {
    private static final Duration DRIP = Duration.ofMillis(200);
    private static final Duration TOLERANCE = Duration.ofSeconds(5);

    private final InetSocketAddress target;
    private final byte[] startup;
    private final Duration loginTimeout;

    SlowLogins(InetSocketAddress target, byte[] startup, Duration loginTimeout) {
        this.target = target;
        this.startup = startup;
        this.loginTimeout = loginTimeout;
    }

    /// @return what went wrong, empty if every one was closed in time
    Optional<String> run(int count, long seed) throws InterruptedException {
        List<Future<Optional<String>>> all = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var random = new SplittableRandom(seed);
            for (int i = 0; i < count; i++) {
                // Half of them say nothing after their first bytes, the others never cease to drip.
                int drips = i % 2 == 0 ? random.nextInt(startup.length / 2) : Integer.MAX_VALUE;
                all.add(threads.submit(() -> slow(drips)));
            }
        }
        for (Future<Optional<String>> each : all) {
            try {
                if (each.get().isPresent()) return each.get();
            } catch (ExecutionException e) {
                return Optional.of("slow login: " + e.getCause());
            }
        }
        return Optional.empty();
    }

    private Optional<String> slow(int drips) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + loginTimeout.plus(TOLERANCE).toNanos();
        try (var socket = new Socket()) {
            socket.connect(target, (int) TOLERANCE.toMillis());
            socket.setSoTimeout((int) DRIP.toMillis());
            for (int at = 0; System.nanoTime() < deadline; at++) {
                try {
                    // The last byte of the packet is never sent.
                    if (at < drips && at < startup.length - 1) socket.getOutputStream().write(startup[at]);
                    if (socket.getInputStream().read() < 0) return Optional.empty();
                } catch (SocketTimeoutException stillOpen) {
                    // Drip on.
                } catch (SocketException closed) {
                    return Optional.empty();
                }
            }
            return Optional.of("a login that never ended was still open " + TOLERANCE + " after its time of " + loginTimeout);
        }
    }
}
