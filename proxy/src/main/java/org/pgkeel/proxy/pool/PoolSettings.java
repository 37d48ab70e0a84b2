package org.pgkeel.proxy.pool;

import org.pgkeel.proxy.config.PoolConfig;
import org.pgkeel.proxy.config.TimeoutsConfig;

/// How a pool behaves now; a reload replaces it.
///
/// @param shape    `databases.NAME.pool.*`, with the user's own settings applied
/// @param timeouts `timeouts.*`
public record PoolSettings(PoolConfig shape, TimeoutsConfig timeouts) {}
