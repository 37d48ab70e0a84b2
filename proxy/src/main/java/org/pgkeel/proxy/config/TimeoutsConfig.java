package org.pgkeel.proxy.config;

import java.time.Duration;

/// Waits that end by themselves: the `timeouts.*` keys. Zero means no limit.
///
/// @param login             from accept to authenticated; then the socket is closed
/// @param idleInTransaction a client in a transaction that sends nothing; FATAL 25P03
/// @param transaction       a whole transaction; FATAL 25P04
/// @param query             one statement in the backend; it is cancelled, FATAL 57014
/// @param clientIdle        a client outside a transaction that sends nothing; FATAL 57P05
/// @param serverConnect     from connect to ready; then the next try
/// @param serverLoginRetry  pause after a failed connect before the next one
/// @param serverLifetime    age at which a backend connection is closed when it is idle (with 10 % jitter)
/// @param serverIdle        a backend connection nobody used is closed
/// @param serverCheckAfter  a backend connection idle for longer is asked before it is lent
public record TimeoutsConfig(Duration login, Duration idleInTransaction, Duration transaction, Duration query, Duration clientIdle,
                             Duration serverConnect, Duration serverLoginRetry, Duration serverLifetime, Duration serverIdle, Duration serverCheckAfter) {}
