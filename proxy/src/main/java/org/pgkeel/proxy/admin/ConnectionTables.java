package org.pgkeel.proxy.admin;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.pgkeel.proxy.observe.ClientSnapshot;
import org.pgkeel.proxy.observe.Endpoint;
import org.pgkeel.proxy.observe.ServerSnapshot;

/// SHOW CLIENTS, SERVERS, SOCKETS and ACTIVE_SOCKETS: PgBouncer's columns. Where PgBouncer shows addresses of objects
/// (`ptr`, `link`), these show ids in the same form: they join clients and servers as there.
final class ConnectionTables {
    static final long MICROS_PER_SECOND = 1_000_000;
    private static final DateTimeFormatter UTC_SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private ConnectionTables() {}

    /// A client connection or a backend connection.
    private record Socket(String type, String user, String database, String replication, String state,
                          Endpoint remote, Endpoint local, Instant connectedAt, Instant requestedAt, long waitMicros,
                          boolean closeNeeded, String ptr, String link, int remotePid, String tls, String applicationName,
                          int preparedStatements, long id) {}

    static final ShowTable<?> CLIENTS = columns(ShowTable.of("clients", sources ->
            sources.operations().clients().thenApply(clients -> clients.stream().map(ConnectionTables::ofClient).toList())));

    static final ShowTable<?> SERVERS = columns(ShowTable.of("servers", sources ->
            sources.operations().servers().thenApply(servers -> servers.stream().map(ConnectionTables::ofServer).toList())));

    static final ShowTable<?> SOCKETS = debugColumns(columns(ShowTable.of("sockets", sources ->
            sockets(sources.operations(), _ -> true, _ -> true))));

    /// Those with something under way. PgBouncer's word for it is a buffer that is not empty.
    static final ShowTable<?> ACTIVE_SOCKETS = debugColumns(columns(ShowTable.of("active_sockets", sources ->
            sockets(sources.operations(),
                    client -> client.state() == ClientSnapshot.State.ACTIVE || client.state() == ClientSnapshot.State.WAITING,
                    server -> server.state() == ServerSnapshot.State.ACTIVE))));

    private static CompletionStage<List<Socket>> sockets(
            Operations operations, Predicate<ClientSnapshot> client, Predicate<ServerSnapshot> server) {
        return operations.clients().thenCombine(operations.servers(), (clients, servers) -> Stream.concat(
                clients.stream().filter(client).map(one -> named(ofClient(one), "cl_")),
                servers.stream().filter(server).map(one -> named(ofServer(one), "sv_"))).toList());
    }

    private static ShowTable<Socket> columns(ShowTable<Socket> table) {
        return table
                .text("type", Socket::type)
                .text("user", Socket::user)
                .text("database", Socket::database)
                .text("replication", Socket::replication)
                .text("state", Socket::state)
                .text("addr", socket -> socket.remote.host())
                .int4("port", socket -> socket.remote.port())
                .text("local_addr", socket -> socket.local.host())
                .int4("local_port", socket -> socket.local.port())
                .text("connect_time", socket -> UTC_SECONDS.format(socket.connectedAt))
                .text("request_time", socket -> UTC_SECONDS.format(socket.requestedAt))
                .int4("wait", socket -> (int) (socket.waitMicros / MICROS_PER_SECOND))
                .int4("wait_us", socket -> (int) (socket.waitMicros % MICROS_PER_SECOND))
                .int4("close_needed", socket -> socket.closeNeeded ? 1 : 0)
                .text("ptr", Socket::ptr)
                .text("link", Socket::link)
                .int4("remote_pid", Socket::remotePid)
                .text("tls", Socket::tls)
                .text("application_name", Socket::applicationName)
                .int4("prepared_statements", Socket::preparedStatements)
                .int4("id", socket -> (int) socket.id);
    }

    /// Positions in PgBouncer's buffers, which have no counterpart here: always 0.
    private static ShowTable<Socket> debugColumns(ShowTable<Socket> table) {
        return table
                .int4("recv_pos", _ -> 0)
                .int4("pkt_pos", _ -> 0)
                .int4("pkt_remain", _ -> 0)
                .int4("send_pos", _ -> 0)
                .int4("send_remain", _ -> 0)
                .int4("pkt_avail", _ -> 0)
                .int4("send_avail", _ -> 0);
    }

    private static Socket ofClient(ClientSnapshot client) {
        return new Socket("C", client.user(), client.database(), client.replication(), client.state().word(),
                client.remote(), client.local(), client.connectedAt(), client.requestedAt(), client.waitMicros(),
                client.closeNeeded(), ptr('c', client.id()), link('5', client.serverId()), client.remotePid().orElse(0),
                client.tls(), client.applicationName(), client.preparedStatements(), client.id());
    }

    private static Socket ofServer(ServerSnapshot server) {
        return new Socket("S", server.user(), server.database(), server.replication(), server.state().word(),
                server.remote(), server.local(), server.connectedAt(), server.requestedAt(), 0,
                server.closeNeeded(), ptr('5', server.id()), link('c', server.clientId()), server.backendPid(),
                server.tls(), server.applicationName(), server.preparedStatements(), server.id());
    }

    private static Socket named(Socket socket, String prefix) {
        String state = socket.state.equals("new") ? "login" : socket.state;
        return new Socket(socket.type, socket.user, socket.database, socket.replication, prefix + state, socket.remote,
                socket.local, socket.connectedAt, socket.requestedAt, socket.waitMicros, socket.closeNeeded, socket.ptr,
                socket.link, socket.remotePid, socket.tls, socket.applicationName, socket.preparedStatements, socket.id);
    }

    /// Clients and servers have ids of their own; the first digit keeps them apart.
    private static String ptr(char kind, long id) {
        return "0x" + kind + "%011x".formatted(id);
    }

    private static String link(char kind, OptionalLong id) {
        return id.isEmpty() ? "" : ptr(kind, id.getAsLong());
    }
}
