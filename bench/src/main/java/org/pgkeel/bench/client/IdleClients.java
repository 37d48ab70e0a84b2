package org.pgkeel.bench.client;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Sessions that have logged in, have asked one query, and then do nothing.
///
/// Threading: confined to one thread.
public final class IdleClients implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final int port;
    private final Login login;
    private final List<WireClient> clients = new ArrayList<>();

    public IdleClients(int port, Login login) {
        this.port = port;
        this.login = login;
    }

    /// Opens sessions until there are this many.
    public void growTo(int count) throws IOException {
        while (clients.size() < count) {
            WireClient client = WireClient.connect(port, login, LIMIT);
            clients.add(client);
            client.queryValue("select 1");
        }
    }

    @Override
    public void close() throws IOException {
        for (WireClient client : clients) client.close();
        clients.clear();
    }
}
