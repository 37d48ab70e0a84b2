package org.pgkeel.proxy.config;

import java.time.Duration;

/// Bounds that several keys share.
final class Bounds {
    static final Duration NONE = Duration.ZERO;
    static final Duration MILLISECOND = Duration.ofMillis(1);
    static final Duration HOUR = Duration.ofHours(1);
    static final Duration YEAR = Duration.ofDays(365);
    static final int CONNECTIONS_MAX = 1_000_000;
    static final long KIB = 1024;
    static final long MIB = 1024 * KIB;
    /// PostgreSQL's own limit of one message, `PQ_LARGE_MESSAGE_LIMIT`: 1 GiB less one byte.
    static final long MESSAGE_BYTES_MAX = 0x3fffffff;

    private Bounds() {}
}
