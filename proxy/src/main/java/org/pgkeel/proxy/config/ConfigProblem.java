package org.pgkeel.proxy.config;

/// Something in the configuration that is wrong, or (as a warning) suspicious. Never shows a secret.
///
/// @param key     the full key, `databases.app.pool.max`
/// @param origin  where it is said: `proxy.conf:12`, an environment variable, or the place where it is missing
/// @param message what is wrong with it, and what would be right
public record ConfigProblem(String key, String origin, String message) {
    @Override
    public String toString() {
        return origin + ": " + (key.isEmpty() ? "" : key + ": ") + message;
    }
}
