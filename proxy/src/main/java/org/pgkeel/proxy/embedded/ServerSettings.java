package org.pgkeel.proxy.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// How one server is run. Immutable.
///
/// @param address    the address it listens on
/// @param port       its TCP port
/// @param superuser  made by `initdb`
/// @param password   the superuser's
/// @param parameters PostgreSQL settings, written to a file that `postgresql.conf` includes
/// @param hba        lines of `pg_hba.conf`
public record ServerSettings(String address, int port, String superuser, String password, Map<String, String> parameters, List<String> hba) {
    /// Local connections are trusted (the socket lies in a folder of the server's account), others prove themselves by SCRAM.
    public static final List<String> SCRAM_HBA = List.of(
            "local all all trust", "local replication all trust",
            "host all all all scram-sha-256", "host replication all all scram-sha-256");

    public ServerSettings {
        parameters = Map.copyOf(parameters);
        hba = List.copyOf(hba);
    }

    @Override
    public String toString() {
        return superuser + "@" + address + ":" + port;
    }

    ServerSettings withPort(int port) {
        return new ServerSettings(address, port, superuser, password, parameters, hba);
    }

    ServerSettings with(Map<String, String> more) {
        var all = new LinkedHashMap<>(parameters);
        all.putAll(more);
        return new ServerSettings(address, port, superuser, password, all, hba);
    }

    /// A port nobody listens on at this moment.
    public static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException("no free port", e);
        }
    }
}
