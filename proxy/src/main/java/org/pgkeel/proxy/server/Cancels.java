package org.pgkeel.proxy.server;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.pgkeel.proxy.backend.BackendCancel;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.cluster.Clusters;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.session.BackendCanceller;
import org.pgkeel.proxy.tls.BackendTls;

/// The cancel requests on their way to the servers: those of clients, and those that end a statement whose client has gone or whose time
/// has run out.
///
/// Threading: shared; an atomic counter. Who asked hears of the end on the backend's event loop.
final class Cancels implements BackendCanceller {
    private final BackendCancel socket;
    private final Clusters clusters;
    private final Function<String, BackendTls> tls;
    private final AtomicInteger underWay = new AtomicInteger();

    /// @param tls towards the servers of a cluster
    Cancels(BackendCancel socket, Clusters clusters, Function<String, BackendTls> tls) {
        this.socket = socket;
        this.clusters = clusters;
        this.tls = tls;
    }

    /// Those that servers have not taken yet, and that are not given up.
    int underWay() {
        return underWay.get();
    }

    @Override
    public void cancel(BackendConnection backend, Runnable delivered) {
        var greeting = backend.greeting();
        var cluster = clusters.of(greeting.address()).stream().map(Cluster::name).findFirst();
        if (cluster.isEmpty() || greeting.pid() == 0) {
            delivered.run();
            return;
        }
        underWay.incrementAndGet();
        socket.send(backend.slice().eventLoop(), greeting.address(), tls.apply(cluster.get()), greeting.pid(), greeting.secretKey(), end -> {
            underWay.decrementAndGet();
            if (end == BackendCancel.End.IN_DOUBT) backend.cancelLost();
            delivered.run();
        });
    }
}
