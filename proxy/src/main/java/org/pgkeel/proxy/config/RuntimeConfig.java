package org.pgkeel.proxy.config;

/// Threads and sockets: the `runtime.*` keys.
///
/// @param eventLoops 0: one per two cores
public record RuntimeConfig(Transport transport, int eventLoops) {
    /// `auto`: epoll where it is available, else NIO, said in the log.
    public enum Transport { AUTO, EPOLL, IO_URING, NIO }
}
