package org.pgkeel.proxy.observe;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/// One end of a connection, as the console prints it.
///
/// @param host an address without brackets, or `unix`
/// @param port 0 for a Unix socket
public record Endpoint(String host, int port) {
    public static final Endpoint UNIX = new Endpoint("unix", 0);

    /// @param address Netty's word for the end of a channel; null while there is none
    public static Endpoint of(@Nullable SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) return UNIX;
        var resolved = inet.getAddress();
        return new Endpoint(resolved == null ? inet.getHostString() : resolved.getHostAddress(), inet.getPort());
    }
}
