package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.relay.Aside;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.ErrorBody;
import org.pgkeel.proxy.relay.Exchange;
import org.pgkeel.proxy.relay.Outgoing;
import org.pgkeel.proxy.relay.OutcomeProbe;

/// The question for the mark of a client's transaction on its way to the backend, and what waits for the answer: with `outcome = strict` all
/// that the client sends behind it, and the Sync of a Query that went as messages of the extended protocol. [MarkQuestion] has its words,
/// [CommitWatch] what it told.
///
/// Threading: confined to the session's event loop.
final class MarkProbe {
    /// They answer a batch that is PgKeel's own.
    private static final MarkQuestion.Replies NO_REPLIES = new MarkQuestion.Replies() {
        @Override
        public void own(@Nullable Object pending) {}

        @Override
        public void mark() {}
    };

    private final ClientSession session;
    private final CommitWatch watch;
    private boolean awaitsAnswer;
    private boolean owesSync;

    MarkProbe(ClientSession session, CommitWatch watch) {
        this.session = session;
        this.watch = watch;
    }

    /// The one whose answer tells most of what is under way. With NOTIFY alone a transaction does not wait for its WAL: only `strict` makes it.
    MarkQuestion question() {
        return watch.isUnmarked() && session.commit().isStrict() ? MarkQuestion.NOTING : MarkQuestion.ASKING;
    }

    /// Asks behind all that was given to the backend before `at`.
    /// @return false if the answer has to be there before the client's message goes
    boolean ask(BackendConnection leased, ByteBuf in, int from, int at) {
        Outgoing out = leased.outgoing();
        Exchange exchange = leased.exchange();
        out.run(in, from, at);
        session.commit().withhold(leased);
        ByteBuf room = out.room(3 * OutcomeProbe.BYTES_MAX);
        question().write(leased, room, new MarkQuestion.Replies() {
            @Override
            public void own(@Nullable Object pending) {
                exchange.expectOwnReply(pending);
                exchange.messageSent();
            }

            @Override
            public void mark() {
                exchange.expectMark();
                exchange.executeSent();
            }
        });
        OutcomeProbe.writeFlush(room);
        return asked();
    }

    /// The same in front of a COMMIT of the simple protocol: in a batch of its own.
    boolean askAside(BackendConnection leased, ByteBuf in, int from, int at) {
        if (session.settings().expectsEffects() && session.lease().waitsForReplies(leased, in, from, at)) return false;
        leased.outgoing().run(in, from, at);
        ByteBuf batch = session.channel().alloc().buffer(2 * OutcomeProbe.BYTES_MAX);
        question().write(leased, batch, NO_REPLIES);
        batch.writeByte(FrontendType.SYNC).writeInt(4);
        leased.asideBatch(batch, new MarkAside(leased));
        batch.release();
        return asked();
    }

    /// A Query went as messages of the extended protocol to the backend, up to `at`, but for the question and their Sync, which waits for the answer where that has to be there first.
    void endInPlaceOfQuery(BackendConnection leased, ByteBuf in, int from, int at) {
        if (ask(leased, in, from, at)) {
            sync(leased);
        } else {
            owesSync = true;
            leased.exchange().endIsOwn();
        }
    }

    private boolean asked() {
        watch.asked(session.times().turnNanos());
        awaitsAnswer = session.commit().isStrict();
        return !awaitsAnswer;
    }

    private final class MarkAside implements Aside {
        private final BackendConnection asked;

        MarkAside(BackendConnection asked) {
            this.asked = asked;
        }

        @Override
        public void dataRow(ByteBuf in, int from, int bytes) {
            watch.answered(OutcomeProbe.parse(in, from, bytes));
        }

        @Override
        public void error(byte[] errorBody) {
            watch.failed();
            if (ErrorBody.hasSqlState(errorBody, "26000")) asked.statements().probe(false);
        }

        @Override
        public void done(byte status) {
            answered();
        }
    }

    /// What the client sends waits.
    boolean awaitsAnswer() {
        return awaitsAnswer;
    }

    /// The batch that was asked about is given up.
    void awaitsNothing() {
        awaitsAnswer = false;
    }

    /// The question is answered, or will never be. Whoever waits goes on behind the replies that are being read.
    void answered() {
        if (awaitsAnswer) session.context().loop().execute(this::goOn);
    }

    /// Whoever waits for the answer goes on, unless a cancel is under way.
    void goOn() {
        BackendConnection leased = session.lease().backend();
        if (!awaitsAnswer || leased != null && session.commit().mayBeCancelled(leased)) return;
        boolean sync = owesSync;
        awaitsAnswer = false;
        owesSync = false;
        // Without a backend the question was answered outside of a transaction, and the lease ended with it.
        if (sync && leased != null) {
            sync(leased);
            leased.outgoing().finish();
        }
        session.progress().resumes();
    }

    private void sync(BackendConnection leased) {
        watch.sent();
        leased.sync();
        leased.exchange().syncSent();
    }

    void backendLost() {
        awaitsAnswer = false;
        owesSync = false;
    }
}
