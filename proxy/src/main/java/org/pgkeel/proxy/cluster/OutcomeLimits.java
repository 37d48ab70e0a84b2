package org.pgkeel.proxy.cluster;

import java.time.Duration;

/// @param maxWait         longest time to find out one outcome; then it is unknown
/// @param maxTransactions whose outcome may be open at once; of further ones it is unknown
/// @param historyWait     how long the timeline's history may take after the survivor has answered: Patroni's lags behind a promotion
public record OutcomeLimits(Duration maxWait, int maxTransactions, Duration historyWait) {
    public static final OutcomeLimits DEFAULT = new OutcomeLimits(Duration.ofSeconds(60), 20_000, Duration.ofSeconds(10));
}
