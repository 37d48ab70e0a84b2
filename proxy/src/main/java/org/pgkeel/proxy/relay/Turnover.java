package org.pgkeel.proxy.relay;

import io.netty.buffer.ByteBuf;
import org.pgkeel.proxy.pool.CloseReason;
import org.pgkeel.proxy.pool.PooledConnection;

/// What a backend is asked between two leases, while the pool has it as [PooledConnection.State#RESETTING]: to forget its last client, to answer at
/// all, or something of the proxy's own.
///
/// It can be lent again when it has answered as it should, is outside of a transaction, and no CancelRequest is under way to it: one that came too late
/// for the last client's statement must not hit the next client's. When the last of them has arrived, the backend answers a check first; if one of them is
/// lost on its way, the backend is closed.
///
/// Threading: confined to the connection's event loop.
final class Turnover {
    private static final Aside IGNORED = new Aside() {
        @Override
        public void error(byte[] errorBody) {}

        @Override
        public void done(byte status) {}
    };

    private final BackendConnection connection;
    private int cancelsUnderWay;
    private boolean cancelLost;

    Turnover(BackendConnection connection) {
        this.connection = connection;
    }

    /// Asks something that leaves nothing behind in the session.
    /// @param answers hears nothing any more if the connection is lost
    void ask(String sql, Aside answers) {
        connection.aside(sql, new Aside() {
            @Override
            public void dataRow(ByteBuf in, int from, int bytes) {
                answers.dataRow(in, from, bytes);
            }

            @Override
            public void error(byte[] errorBody) {
                answers.error(errorBody);
            }

            @Override
            public void done(byte status) {
                answers.done(status);
                ended(status == Exchange.IDLE && !connection.isStale(), CloseReason.RECYCLED);
            }
        });
        connection.outgoing().finish();
    }

    /// Whether the server answers. The empty Query asks for nothing else.
    void check(CloseReason onFailure) {
        clean("", onFailure);
    }

    /// Ends the transaction that the last client left open, if it left one.
    /// @param discardsAll with all other state of the session
    void reset(boolean discardsAll) {
        if (connection.exchange().status() != Exchange.IDLE) connection.aside("ROLLBACK", IGNORED);
        if (discardsAll) connection.statements().clear();
        clean(discardsAll ? "DISCARD ALL" : "", CloseReason.RESET_FAILED);
    }

    /// A Query whose failure means that the connection is of no use.
    private void clean(String sql, CloseReason onFailure) {
        connection.aside(sql, new Aside() {
            private boolean broken;

            @Override
            public void error(byte[] errorBody) {
                // A cancel that was meant for the client before hits the check; then the check has done its work.
                broken = !ErrorBody.hasSqlState(errorBody, "57014") || !sql.isEmpty();
            }

            @Override
            public void done(byte status) {
                ended(!broken && status == Exchange.IDLE, onFailure);
            }
        });
        connection.outgoing().finish();
    }

    private void ended(boolean clean, CloseReason onFailure) {
        long now = System.nanoTime();
        if (!clean) connection.slice().close(connection, onFailure, now);
        else if (connection.isSpent()) connection.slice().close(connection, CloseReason.DEDICATED, now);
        else if (cancelsUnderWay == 0) connection.slice().cleaned(connection, now);
    }

    // --- cancels

    /// CancelRequests for it that the server has not been told yet.
    int cancelsUnderWay() {
        return cancelsUnderWay;
    }

    /// A cancel may come at any time.
    boolean isSpent() {
        return cancelLost;
    }

    void cancelLost() {
        cancelLost = true;
    }

    void cancelBegan() {
        cancelsUnderWay++;
    }

    /// The server has been told.
    void cancelEnded() {
        cancelsUnderWay--;
        if (cancelsUnderWay == 0 && connection.lessee() == null && connection.state() == PooledConnection.State.RESETTING) check(CloseReason.CHECK_FAILED);
    }
}
