package org.pgkeel.proxy.session;

import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.relay.BackendConnection;

/// Whether a client waits for something that will never come. That is always a bug of the proxy, and is looked for so that it is seen where
/// it happens, not only by its victim.
///
/// Law: a client that has sent a whole request waits in the queue of a pool or for its batch, has its outcome found out, or has a backend that owes a reply.
///
/// Threading: immutable.
///
/// @param state        of the session
/// @param request      a whole message of the client stands and has not been worked on
/// @param held         what the client sends waits for the answer to a question of the proxy's own
/// @param awaits       a message waits for the replies to those before it
/// @param backendOwes  the backend has not answered all that it was sent
/// @param backendTakes the backend's socket and plan take more requests, and the client's socket more replies
/// @param withholds    replies are withheld from the client
record Stall(ClientSession.State state, boolean request, boolean held, boolean awaits, boolean backendOwes, boolean backendTakes, boolean withholds) {
    static Stall of(ClientSession session) {
        BackendConnection leased = session.lease().backend();
        boolean owes = leased != null && (leased.exchange().owed() > 0 || !leased.exchange().allSeen());
        boolean takes = leased != null && leased.isWritable() && session.channel().isWritable() && !leased.exchange().full();
        return new Stall(session.state(), session.walk().hasWholeMessage(), session.shapes().isAsked() || session.commit().probe().awaitsAnswer(), session.lease().awaitsReplies(), owes, takes,
                session.toClient().isWithholding() && leased != null && leased.exchange().settled());
    }

    /// @return what the client waits for in vain; null if it is not so
    @Nullable String reason() {
        return switch (state) {
            case GREETING, WAITING, SHARING, RESOLVING, DEPARTED, CLOSED -> null;
            case IDLE -> held ? "held without a backend" : awaits ? "replies awaited without a backend" : request ? "a request that nobody works on" : null;
            case LEASED -> backendOwes ? null
                    : held ? "held for an answer that is not owed"
                    : awaits ? "replies awaited that are not owed"
                    : withholds ? "replies withheld for ever"
                    : request && backendTakes ? "a request that was not forwarded" : null;
        };
    }
}
