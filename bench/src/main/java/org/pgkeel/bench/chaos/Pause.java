package org.pgkeel.bench.chaos;

import java.time.Duration;

/// Time that has to pass.
final class Pause {
    private Pause() {}

    /// @throws IllegalStateException if the run is being ended
    static void of(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
