package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.relay.BackendConnection;

/// A COPY FROM STDIN of the simple protocol that commits by itself, in `strict`. It goes as messages of the extended protocol, whose Sync is PgKeel's to
/// send, so that the question for the mark goes between the end of the data and the commit.
///
/// | step  | event                                       | sent                                  | step  |
/// |-------|---------------------------------------------|---------------------------------------|-------|
/// | NONE  | the client's Query                          | Parse, Bind, Describe, Execute        | TAKES |
/// | TAKES | CopyData, CopyFail, Flush                   | the same                              | TAKES |
/// | TAKES | Sync, the server takes data                 | nothing: it would pass over it        | TAKES |
/// | TAKES | another message, not known if it takes data | nothing: it waits                     | TAKES |
/// | TAKES | CopyDone                                    | CopyDone, the question                | NONE  |
/// | TAKES | an error                                    | Sync, behind the message under way    | NONE  |
///
/// From CopyDone on it is a commit like that of any other Query ([CommitPath]): Sync is sent when the mark is there, or an error.
///
/// Invariant: while data is taken nothing that commits was sent; its data is not kept, so it never runs a second time by itself.
///
/// Threading: confined to the session's event loop.
final class CopyCommit {
    private final ClientSession session;
    private boolean takes;

    CopyCommit(ClientSession session) {
        this.session = session;
    }

    /// The COPY was sent as messages of the extended protocol.
    void begin(BackendConnection leased) {
        takes = true;
        leased.exchange().endIsOwn();
        session.commit().watch().endIsKept();
    }

    /// Its data is under way.
    boolean takes() {
        return takes;
    }

    /// A message of the client that comes behind the COPY.
    /// @return as [ClientMessages#message]
    int message(BackendConnection leased, ByteBuf in, byte type, int from, int at, int next) {
        boolean begun = leased.exchange().copyIn();
        switch (type) {
            case FrontendType.COPY_DATA -> {
                leased.requests().incomplete();
                return from;
            }
            case FrontendType.COPY_DONE -> {
                if (next > in.writerIndex()) return RequestWalk.INCOMPLETE;
                takes = false;
                leased.exchange().copyEndSent();
                session.commit().probe().endInPlaceOfQuery(leased, in, from, next);
                return next;
            }
            case FrontendType.COPY_FAIL -> {
                leased.exchange().copyEndSent();
                return from;
            }
            case FrontendType.FLUSH -> {
                return from;
            }
            case FrontendType.SYNC -> {
                if (!begun) return waits(leased, in, from, at);
                leased.outgoing().run(in, from, at);
                return next;
            }
            default -> {
                if (begun) throw new ProtocolViolation("message type " + (type & 0xFF) + " during COPY from stdin");
                return waits(leased, in, from, at);
            }
        }
    }

    private int waits(BackendConnection leased, ByteBuf in, int from, int at) {
        session.lease().waitsForReplies(leased, in, from, at);
        return RequestWalk.HELD;
    }

    /// An error came. Not from the walk of the replies: what is composed there is the client's.
    void failed(BackendConnection leased) {
        session.context().loop().execute(() -> {
            if (session.lease().backend() != leased || !isDue(leased) || session.walk().midMessage()) return;
            end(leased);
            leased.outgoing().finish();
            session.progress().resumes();
        });
    }

    /// It has failed, and its Sync was not sent: the client may have been inside of a message.
    boolean isDue(BackendConnection leased) {
        return takes && leased.exchange().skipping();
    }

    /// Sends the Sync behind an error.
    void end(BackendConnection leased) {
        takes = false;
        leased.sync();
        leased.exchange().syncSent();
    }

    void backendLost() {
        takes = false;
    }
}
