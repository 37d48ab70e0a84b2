package org.pgkeel.failover.topology;

/// Where one PostgreSQL listens. A host that starts with `/` is the folder of a Unix-domain socket.
///
/// @param host name, IPv4 or IPv6 address, or an absolute folder
/// @param port 1 to 65535
public record NodeAddress(String host, int port) {
    public boolean isUnixSocket() {
        return host.startsWith("/");
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
