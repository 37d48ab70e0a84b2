package org.pgkeel.proxy.config;

import java.time.Duration;

/// The `shutdown.*` keys.
///
/// @param maxWait how long transactions may take to finish after SIGTERM; what is left is closed with 57P01
public record ShutdownConfig(Duration maxWait) {}
