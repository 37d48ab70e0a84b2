package org.pgkeel.proxy.cluster;

import java.io.IOException;
import java.net.ConnectException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.pgkeel.failover.topology.NodeAddress;

/// Asks over sockets of its own, one for each question that is under way. Threading: any.
final class BlockingAsker implements SqlAsker, AutoCloseable {
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<NodeAddress, Deque<RawClient>> idle = new ConcurrentHashMap<>();
    private final String user;

    BlockingAsker(String user) {
        this.user = user;
    }

    @Override
    public CompletionStage<List<List<String>>> ask(NodeAddress node, String sql) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                RawClient client = take(node);
                try {
                    List<List<String>> rows = client.query(sql);
                    give(node, client);
                    return rows;
                } catch (IOException e) {
                    client.close();
                    throw e;
                }
            } catch (ConnectException nobody) {
                throw new Refused("connection refused");
            } catch (RawClient.ServerSaysNo no) {
                if (no.sqlState.equals("57P03")) throw new Refused("57P03");
                throw new IllegalStateException(no);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }, threads);
    }

    private RawClient take(NodeAddress node) throws IOException {
        Deque<RawClient> all = idle.computeIfAbsent(node, _ -> new ArrayDeque<>());
        synchronized (all) {
            if (!all.isEmpty()) return all.pop();
        }
        return new RawClient(node, user, "postgres", 20_000);
    }

    private void give(NodeAddress node, RawClient client) {
        Deque<RawClient> all = idle.computeIfAbsent(node, _ -> new ArrayDeque<>());
        synchronized (all) {
            all.push(client);
        }
    }

    @Override
    public void close() {
        threads.shutdown();
        idle.values().forEach(all -> all.forEach(RawClient::close));
    }
}
