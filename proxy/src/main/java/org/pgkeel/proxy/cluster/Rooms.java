package org.pgkeel.proxy.cluster;

import io.netty.channel.EventLoop;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.pgkeel.proxy.backend.BackendConnector;
import org.pgkeel.proxy.tls.BackendTls;
import org.pgkeel.proxy.tls.PatroniTls;

/// What all clusters are watched with. Threading: immutable.
///
/// @param loop         the one thread of the cluster rooms
/// @param connector    for side connections
/// @param tlsOf        TLS towards a cluster's PostgreSQL, by its name
/// @param patroniTlsOf TLS towards its Patroni, if it has one
public record Rooms(EventLoop loop, BackendConnector connector, Function<String, BackendTls> tlsOf, Function<String, PatroniTls> patroniTlsOf) {
    /// Runs it on the one thread; not at all where that has ended: nobody watches any more.
    void execute(Runnable work) {
        try {
            loop.execute(work);
        } catch (RejectedExecutionException shuttingDown) {
            // Nobody waits for it.
        }
    }
}
