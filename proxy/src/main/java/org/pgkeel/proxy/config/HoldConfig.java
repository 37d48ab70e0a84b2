package org.pgkeel.proxy.config;

import java.time.Duration;

/// Clients without a primary: the `clusters.NAME.hold.*` keys.
///
/// @param maxWait          longest wait of one client; then ERROR 57P03, the client stays
/// @param maxClients       clients that may wait at once; the next one gets ERROR 53300
/// @param maxBytes         what waiting clients have sent and the proxy keeps; beyond it ERROR 53300
/// @param drainConcurrency leases that may be out at once when the wait is over; doubled after each round
public record HoldConfig(Duration maxWait, int maxClients, long maxBytes, int drainConcurrency) {
    public static final HoldConfig DEFAULT = new HoldConfig(Duration.ofSeconds(60), 10_000, 64 * Bounds.MIB, 8);
}
