package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.FrontendType;

/// A client whose transaction was lost with its backend, until it has ended that transaction: [LostTransaction] answers what it sends.
///
/// Threading: confined to the session's event loop.
final class FailedTransaction {
    private final ClientSession session;
    private @Nullable LostTransaction lost;

    FailedTransaction(ClientSession session) {
        this.session = session;
    }

    void begins(LostTransaction transaction) {
        lost = transaction;
    }

    /// The client has not ended it yet.
    boolean isOpen() {
        return lost != null;
    }

    /// A message of the client, while it is open.
    /// @return whether it has ended the transaction and is for a backend
    boolean isLeftBy(ByteBuf in, byte type, int at, int next, boolean whole) {
        if (lost == null || !whole || !lost.isLeftBy(in, type, at, next)) return false;
        lost = null;
        session.statements().forgetUnnamed();
        return true;
    }

    /// A message of the client, while it is open.
    void answer(ByteBuf in, byte type, int at, int next, boolean whole) {
        if (type == FrontendType.TERMINATE) {
            session.end().terminated();
            return;
        }
        LostTransaction transaction = lost;
        if (transaction == null) throw new IllegalStateException("no transaction was lost");
        ByteBuf out = session.channel().alloc().buffer(64);
        if (whole) transaction.message(in, type, at, next, out);
        else transaction.tooLong(type, out);
        if (out.isReadable()) session.socket().write(out);
        else out.release();
        if (!transaction.isOver()) return;
        lost = null;
        session.statements().forgetUnnamed();
        if (session.context().draining()) session.end().drain();
        else if (session.pins().owesListen()) session.context().loop().execute(session.path()::listenAgain);
    }
}
