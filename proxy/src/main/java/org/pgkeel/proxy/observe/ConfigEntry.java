package org.pgkeel.proxy.observe;

/// One key of the configuration as it is in force, secrets masked.
///
/// @param changeable whether RELOAD applies a new value without a restart
public record ConfigEntry(String key, String value, String defaultValue, boolean changeable) {}
