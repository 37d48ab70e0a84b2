package org.pgkeel.proxy.config;

/// The `reload.*` keys.
///
/// @param watch reload when the file changes
public record ReloadConfig(boolean watch) {}
