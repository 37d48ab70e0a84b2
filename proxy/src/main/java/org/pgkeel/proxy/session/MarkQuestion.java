package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.OutcomeProbe;
import org.pgkeel.proxy.relay.PendingProbe;

/// The question for a transaction's mark, with what its backend has to be told first.
///
/// Threading: confined to the session's event loop.
enum MarkQuestion {
    /// For the xid that the transaction has, if it has one.
    ASKING,
    /// It gets one if it has none, as a transaction does at its commit that has said NOTIFY.
    NOTING;

    /// What is to become of the replies, in their order.
    interface Replies {
        /// One is PgKeel's own.
        /// @param pending the [PendingProbe] if it is one
        void own(@Nullable Object pending);

        /// One is the mark.
        void mark();
    }

    /// @param out with room for [OutcomeProbe#BYTES_MAX] twice
    void write(BackendConnection leased, ByteBuf out, Replies replies) {
        switch (this) {
            case ASKING -> {
                if (!leased.statements().hasProbe()) {
                    leased.statements().probe(true);
                    replies.own(PendingProbe.IT);
                    OutcomeProbe.writeParse(out);
                }
                OutcomeProbe.writeBindExecute(out);
            }
            case NOTING -> {
                for (int i = 0; i < OutcomeProbe.NOTING_REPLIES_AHEAD; i++) replies.own(null);
                OutcomeProbe.writeNoting(out);
            }
        }
        replies.own(null);
        replies.mark();
        replies.own(null);
    }
}
