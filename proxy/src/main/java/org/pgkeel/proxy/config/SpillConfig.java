package org.pgkeel.proxy.config;

import java.nio.file.Path;

/// Where requests of clients go that wait while memory is short: the `coalesce.spill` keys.
///
/// @param folder   that exists; the file in it has no name and ends with the process
/// @param maxBytes of one event loop's file
public record SpillConfig(Path folder, long maxBytes) {}
