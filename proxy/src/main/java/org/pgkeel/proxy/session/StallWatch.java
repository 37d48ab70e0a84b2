package org.pgkeel.proxy.session;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Tells when a client has stalled in the same way for so long that it is no coincidence of a moment. It tells of each stall once.
///
/// Threading: confined to the session's event loop.
final class StallWatch {
    private static final long STALL_NANOS = Duration.ofSeconds(5).toNanos();

    private long sinceNanos;
    private @Nullable String by;

    /// @return why the client waits in vain, if that is to be told now; else null
    @Nullable String look(Stall stall, long nowNanos) {
        String reason = stall.reason();
        if (reason == null) {
            by = null;
        } else if (!reason.equals(by)) {
            by = reason;
            sinceNanos = nowNanos;
        } else if (sinceNanos != 0 && nowNanos - sinceNanos >= STALL_NANOS) {
            sinceNanos = 0;
            return reason;
        }
        return null;
    }
}
