package org.pgkeel.bench.workload;

import java.time.Duration;

/// Where workers stop between rounds.
///
/// Threading: shared, guarded by itself.
final class Gate {
    private boolean open;
    private int waiting;

    /// Waits until the gate is open.
    synchronized void pass() throws InterruptedException {
        waiting++;
        notifyAll();
        try {
            while (!open) wait();
        } finally {
            waiting--;
        }
    }

    synchronized void open() {
        open = true;
        notifyAll();
    }

    /// @return how many of the workers had not come to the closed gate within the limit
    synchronized int close(int workers, Duration limit) {
        open = false;
        long deadline = System.nanoTime() + limit.toNanos();
        try {
            while (waiting < workers) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) break;
                wait(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return workers - waiting;
    }
}
