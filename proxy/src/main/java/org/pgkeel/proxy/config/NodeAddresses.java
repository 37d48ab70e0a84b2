package org.pgkeel.proxy.config;

import org.pgkeel.failover.topology.NodeAddress;

/// Reads `host:port`, `[::1]:5432` and `/folder:5432`.
final class NodeAddresses {
    private NodeAddresses() {}

    /// @throws BadValue if it is none of these
    static NodeAddress parse(String text) {
        String expected = "expected \"host:port\", \"[IPv6]:port\" or \"/folder:port\", got '" + text + "'";
        int colon = text.lastIndexOf(':');
        if (colon <= 0) throw new BadValue(expected);
        String host = text.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (bracketed) host = host.substring(1, host.length() - 1);
        boolean sixth = host.indexOf(':') >= 0;
        if (host.isBlank() || host.chars().anyMatch(Character::isWhitespace) || bracketed != sixth && !host.startsWith("/")) throw new BadValue(expected);
        if (bracketed && !Cidr.isIpv6(host)) throw new BadValue(expected);
        return new NodeAddress(host, port(text.substring(colon + 1), expected));
    }

    private static int port(String text, String expected) {
        try {
            int port = Integer.parseInt(text);
            if (port >= 1 && port <= 65_535) return port;
        } catch (NumberFormatException _) {
            // Falls through to the same message: what was expected, what is there.
        }
        throw new BadValue(expected);
    }
}
