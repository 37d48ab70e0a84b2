package org.pgkeel.proxy.config;

/// Byte counts as the file writes them: `64KiB`, `1MiB`, or the bare number.
final class Sizes {
    private Sizes() {}

    static String render(long bytes) {
        if (bytes == 0 || bytes % 1024 != 0) return Long.toString(bytes);
        if (bytes % (1024 * 1024) != 0) return bytes / 1024 + "KiB";
        return bytes % (1024L * 1024 * 1024) == 0 ? bytes / (1024L * 1024 * 1024) + "GiB" : bytes / (1024 * 1024) + "MiB";
    }
}
