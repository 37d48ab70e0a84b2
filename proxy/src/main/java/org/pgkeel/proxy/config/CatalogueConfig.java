package org.pgkeel.proxy.config;

import java.time.Duration;

/// What is known of the databases' catalogues: the `catalogue.*` keys. Used in clusters with `monitor`, for routing and for outcomes.
///
/// @param refresh         how often a database is asked which of its functions and views may write
/// @param classCacheBytes texts of statements whose class one event loop remembers
public record CatalogueConfig(Duration refresh, long classCacheBytes) {}
