package org.pgkeel.proxy.config;

import java.time.Duration;

/// One pool's shape: the `databases.NAME.pool.*` keys. There is one pool per database and user.
///
/// @param mode        how long a client keeps a backend connection
/// @param max         backend connections at most, 1 or more
/// @param min         backend connections kept open once the pool is in use, 0 to max
/// @param reserve     more than `max` by this many when clients have waited `reserveWait`
/// @param reserveWait the wait that opens the reserve
/// @param maxWait     longest wait of a client for a backend connection; then ERROR 57P03, the client stays
public record PoolConfig(PoolMode mode, int max, int min, int reserve, Duration reserveWait, Duration maxWait) {}
