package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.pgkeel.failover.topology.Reign;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.proxy.cluster.Cluster;
import org.pgkeel.proxy.cluster.ReachedServer;
import org.pgkeel.proxy.cluster.ReachedServer.Match;
import org.pgkeel.proxy.pool.CloseReason;
import org.pgkeel.proxy.pool.PoolSlice;
import org.pgkeel.proxy.pool.PooledConnection;
import org.pgkeel.proxy.relay.Aside;
import org.pgkeel.proxy.relay.BackendConnection;

/// A connection that was opened to a replica says over itself whose it is now, as every connection to a primary does behind its login: of the primary of now, in the run
/// that is watched, and the reign lasts. Else it is closed. Nobody has it meanwhile.
///
/// Threading: confined to the connection's event loop.
final class Confirmation implements Aside {
    /// A connection that was idle may lead nowhere any more, and nobody would hear of it. By then a login may be there.
    private static final Duration ANSWER_MAX = Duration.ofSeconds(2);

    private final PoolSlice<BackendConnection> slice;
    private final BackendConnection connection;
    private final Cluster cluster;
    private final Reign reign;
    private final Runnable confirmed;
    private List<String> answer = List.of();
    private boolean ended;

    /// @param slice     that the connection belongs to already
    /// @param confirmed called before anybody gets the connection
    Confirmation(PoolSlice<BackendConnection> slice, BackendConnection connection, Cluster cluster, Runnable confirmed) {
        this.slice = slice;
        this.connection = connection;
        this.cluster = cluster;
        this.reign = cluster.current();
        this.confirmed = confirmed;
    }

    /// @param epoch of the pool, before the reign was asked for
    void ask(int epoch) {
        connection.serves(reign, epoch);
        if (!connection.greeting().address().equals(reign.address())) {
            close();
            return;
        }
        connection.aside(ReachedServer.SQL, this);
        connection.outgoing().finish();
        slice.eventLoop().schedule(this::close, ANSWER_MAX.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void dataRow(ByteBuf in, int from, int bytes) {
        answer = DataRow.decode(in.slice(from, bytes)).texts();
    }

    @Override
    public void error(byte[] errorBody) {
        answer = List.of();
    }

    @Override
    public void done(byte status) {
        if (TransactionStatus.of(status) != TransactionStatus.IDLE) close();
        else cluster.match(reign, ReachedServer.of(answer)).thenAcceptAsync(this::told, slice.eventLoop());
    }

    private void told(Match match) {
        if (ended || connection.state() != PooledConnection.State.RESETTING) return;   // it was lost meanwhile
        if (match != Match.SAME || reign.number() != cluster.reign() || connection.closesWhenReleased(System.nanoTime())) {
            close();
            return;
        }
        ended = true;
        connection.promoted();
        confirmed.run();
        slice.cleaned(connection, System.nanoTime());
    }

    private void close() {
        if (ended) return;
        ended = true;
        slice.close(connection, CloseReason.RECYCLED, System.nanoTime());
    }
}
