package org.pgkeel.proxy.session;

import org.pgkeel.proxy.relay.BackendConnection;

/// One client's cancel key, and what a CancelRequest with it does: what waits is taken back, what a backend works on is cancelled there.
/// <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS>
///
/// Threading: confined to the session's event loop.
final class ClientCancel {
    private final ClientSession session;
    private final CancelKeys.Key key;

    ClientCancel(ClientSession session) {
        this.session = session;
        this.key = session.context().cancelKeys().issue(session, session.identity().protocolMinor() >= 2 ? 32 : 4);
    }

    CancelKeys.Key key() {
        return key;
    }

    /// The client is gone.
    void withdraw() {
        session.context().cancelKeys().withdraw(key.pid());
    }

    /// @param delivered called on this event loop when there is nothing left to do for it
    void requested(Runnable delivered) {
        BackendConnection leased = session.lease().backend();
        if (session.state() == ClientSession.State.WAITING) session.path().cancelled();
        else if (session.state() == ClientSession.State.SHARING && session.sharing().withdraw()) session.path().cancelled();
        // A cancelled wait for a synchronous standby looks like a success, and is none.
        if (leased == null || leased.exchange().settled() || session.commit().isUnderWay()) {
            delivered.run();
            return;
        }
        session.context().stats().cancelRequested();
        leased.cancelBegan();
        session.context().canceller().cancel(leased, () -> {
            leased.cancelEnded();
            session.commit().cancelDelivered();
            delivered.run();
        });
    }
}
