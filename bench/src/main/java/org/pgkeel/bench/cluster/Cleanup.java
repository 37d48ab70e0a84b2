package org.pgkeel.bench.cluster;

import java.util.ArrayDeque;
import java.util.Deque;

/// Ends what was started, last first: at the end of the run, and on Ctrl-C.
///
/// Threading: shared, guarded by itself.
public final class Cleanup implements AutoCloseable {
    private final Deque<AutoCloseable> open = new ArrayDeque<>();

    public Cleanup() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::close, "cleanup"));
    }

    public synchronized <T extends AutoCloseable> T add(T started) {
        open.push(started);
        return started;
    }

    @Override
    public synchronized void close() {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                System.err.println("while cleaning up: " + e);
            }
        }
    }
}
