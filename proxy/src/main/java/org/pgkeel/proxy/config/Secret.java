package org.pgkeel.proxy.config;

/// A value that no log, metric, page or exception may show.
/// @param reveal the value itself; call it only where it is used
public record Secret(String reveal) {
    @Override
    public String toString() {
        return "***";
    }
}
