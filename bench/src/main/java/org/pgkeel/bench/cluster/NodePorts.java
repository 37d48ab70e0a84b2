package org.pgkeel.bench.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;

/// The ports of a node, the same on every node of a cluster; each node has an address of its own.
///
/// @param sql      where PostgreSQL listens
/// @param rest     where Patroni listens
/// @param sqlLink  the fault proxy in front of PostgreSQL: what Patroni tells others
/// @param restLink the fault proxy in front of Patroni: what Patroni tells others
/// @param dcsLink  the fault proxy that this node reaches the DCS by
record NodePorts(int sql, int rest, int sqlLink, int restLink, int dcsLink) {
    private static final int TRIES = 200;

    /// @param hosts on all of these the ports were free a moment ago
    static NodePorts choose(List<String> hosts) throws IOException {
        var held = new ArrayList<ServerSocket>();
        try {
            return new NodePorts(hold(hosts, held), hold(hosts, held), hold(hosts, held), hold(hosts, held), hold(hosts, held));
        } finally {
            for (ServerSocket socket : held) socket.close();
        }
    }

    private static int hold(List<String> hosts, List<ServerSocket> held) throws IOException {
        for (int attempt = 0; attempt < TRIES; attempt++) {
            var sockets = new ArrayList<ServerSocket>();
            try {
                for (String host : hosts) sockets.add(new ServerSocket(sockets.isEmpty() ? 0 : sockets.getFirst().getLocalPort(), 1, InetAddress.getByName(host)));
                held.addAll(sockets);
                return sockets.getFirst().getLocalPort();
            } catch (IOException taken) {
                for (ServerSocket socket : sockets) socket.close();
            }
        }
        throw new IOException("no port that is free on all of " + hosts);
    }
}
