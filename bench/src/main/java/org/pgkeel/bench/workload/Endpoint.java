package org.pgkeel.bench.workload;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.pgkeel.bench.client.Login;
import org.pgkeel.bench.client.WireClient;

/// Where the clients of a workload connect.
///
/// @param addresses one or more; a client keeps to one of them until it loses it
/// @param doors     what is behind the addresses
/// @param patience  in which any answer has to come; then the client hangs up
public record Endpoint(List<InetSocketAddress> addresses, Doors doors, Login login, Duration patience) {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);

    public enum Doors {
        /// Every address leads to the primary.
        PROXIES,
        /// The addresses are servers, one of which is the primary: the driver has to look for it.
        SERVERS
    }

    /// @param first of the addresses to try
    String jdbcUrl(int first) {
        String hosts = rotated(first).stream().map(a -> a.getAddress().getHostAddress() + ":" + a.getPort()).collect(Collectors.joining(","));
        String role = switch (doors) {
            case PROXIES -> "";
            case SERVERS -> "&targetServerType=primary&hostRecheckSeconds=0";
        };
        return "jdbc:postgresql://" + hosts + "/" + login.database() + "?sslmode=disable&gssEncMode=disable&connectTimeout=" + CONNECT_LIMIT.toSeconds()
                + "&loginTimeout=" + patience.toSeconds() + "&socketTimeout=" + patience.toSeconds() + role;
    }

    /// For libpq: `host=... port=...` and, for servers, the search for the primary.
    List<String> libpqEnvironment() {
        String hosts = addresses.stream().map(a -> a.getAddress().getHostAddress()).collect(Collectors.joining(","));
        String ports = addresses.stream().map(a -> Integer.toString(a.getPort())).collect(Collectors.joining(","));
        String role = switch (doors) {
            case PROXIES -> "any";
            case SERVERS -> "read-write";
        };
        return List.of("PGHOST=" + hosts, "PGPORT=" + ports, "PGTARGETSESSIONATTRS=" + role, "PGSSLMODE=disable", "PGGSSENCMODE=disable",
                "PGUSER=" + login.user(), "PGPASSWORD=" + login.password(), "PGDATABASE=" + login.database());
    }

    /// A session of a client that speaks the protocol itself.
    WireClient connect(int first) throws IOException {
        IOException last = new IOException("no address");
        for (InetSocketAddress address : rotated(first)) {
            try {
                WireClient client = WireClient.connect(address, login, patience);
                if (doors == Doors.PROXIES || client.queryValue("select pg_is_in_recovery()").equals("f")) return client;
                client.close();
                last = new IOException(address + " is no primary");
            } catch (IOException e) {
                last = e;
            }
        }
        throw last;
    }

    private List<InetSocketAddress> rotated(int first) {
        int start = Math.floorMod(first, addresses.size());
        return Stream.concat(addresses.stream().skip(start), addresses.stream().limit(start)).toList();
    }
}
