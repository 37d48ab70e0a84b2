package org.pgkeel.proxy.config;

/// What transaction pooling cannot carry: the `pinning.*` keys.
///
/// @param policy `allow`: the client keeps its backend connection; `refuse`: ERROR 0A000
public record PinningConfig(Policy policy) {
    public enum Policy { ALLOW, REFUSE }
}
