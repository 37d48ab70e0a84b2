package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Block;
import org.pgkeel.proxy.relay.Exchange;
import org.pgkeel.proxy.relay.OutcomeProbe;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementKind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One request of a client at whose end no question can go between it and its commit, and which PgKeel commits when the transaction's mark is there: a text of
/// several commands or a FunctionCall that commits by itself, in a transaction block of PgKeel's own; or a text that ends with COMMIT, which is held back.
///
/// | step    | event                                    | sent, PgKeel's own block  | sent, the client's block       | step    |
/// |---------|------------------------------------------|---------------------------|--------------------------------|---------|
/// | any     | the client's request                     | BEGIN, the request, Close | the text up to COMMIT, Close   | RUNNING |
/// | RUNNING | BEGIN fails                              | Sync                      |                                | ENDING  |
/// | RUNNING | ReadyForQuery `T`                        | the question              | the question                   | ASKING  |
/// | RUNNING | ReadyForQuery `E`                        | ROLLBACK, Sync            | Sync                           | ENDING  |
/// | RUNNING | ReadyForQuery `I` of a text that failed  |                           | Sync                           | ENDING  |
/// | RUNNING | ReadyForQuery of a text that was misread | nothing: our bug          | nothing: our bug               | ENDING  |
/// | ASKING  | the mark                                 | COMMIT, Sync              | the client's COMMIT, Sync      | ENDING  |
/// | ASKING  | an error                                 | Sync                      | Sync                           | ENDING  |
/// | ENDING  | ReadyForQuery `T`, `E`                   | ROLLBACK, Sync            | nothing: it is over            | ENDING  |
/// | ENDING  | ReadyForQuery `I`                        | nothing: it is over       | nothing: it is over            | ENDING  |
///
/// BEGIN goes as messages of the extended protocol without a Sync: if it fails, the server skips the request. The client sees what it would have seen
/// without the block. The server tells the end of a request's last command when that is committed, so it is kept until COMMIT completes: an error or a
/// notice of the commit comes in front of it.
///
/// A text without its COMMIT does the same up to there: COMMIT itself has no error that the server could find before it begins, and what has failed before it
/// leaves the client in its failed transaction, or outside where none had begun. The COMMIT goes as messages of the extended protocol, with the client's words.
///
/// The server is never idle in the block: behind the request's ReadyForQuery it finds the beginning of a batch, a Close of nothing, and a batch that has
/// begun is not idle. So no `idle_in_transaction_session_timeout` runs, which would not run without the block. It takes a Close in a failed transaction, too.
///
/// Invariant: one Sync is sent for each step that sends one, and nothing behind the ReadyForQuery that ends the block: a reply to it would be another client's.
///
/// Threading: confined to the session's event loop.
final class Enclosure {
    private static final Logger log = LoggerFactory.getLogger(Enclosure.class);

    private enum Step { RUNNING, ASKING, ENDING }

    /// Whose the transaction block is.
    private sealed interface Whose {
        record Own() implements Whose {}

        /// @param commit as the client wrote it
        /// @param effect of it, if the session is to hear of that
        record Clients(String commit, @Nullable Object effect) implements Whose {}
    }

    private static final byte[] BEGIN = executes("begin");
    private static final byte[] COMMIT = executes("commit");
    private static final byte[] ROLLBACK = executes("rollback");
    /// Of the unnamed statement.
    private static final byte[] CLOSE = {FrontendType.CLOSE, 0, 0, 0, 6, 'S', 0};

    private final ClientSession session;
    private final CommitWatch watch;
    private Step step = Step.ENDING;
    private Whose whose = new Whose.Own();
    /// What is to be sent when the walk of the replies is over: decided by the last event in it.
    private @Nullable Runnable due;

    Enclosure(ClientSession session, CommitWatch watch) {
        this.session = session;
        this.watch = watch;
    }

    /// A text that does in a block what it does without one: several commands of one Query run in a block as it is, that of the server. Not COPY FROM STDIN: what the
    /// client sends while the server takes data could come between the messages of the block. Not cursors: the commit runs the query of one WITH HOLD, and what that
    /// writes has no mark before.
    static boolean isFor(StatementClass text) {
        if (text.kinds().size() < 2) return false;
        for (StatementKind kind : text.kinds()) {
            boolean same = switch (kind) {
                case QUERY, SHOW, EXPLAIN, COPY_OUT, DATA, DDL, COMMITS_INSIDE, LISTEN, NOTIFY, SESSION -> true;
                case COPY_IN, CURSOR, BEGIN, COMMIT, COMMIT_AND_CHAIN, ROLLBACK, SAVEPOINT, SET_TRANSACTION, PREPARE_TRANSACTION, FINISH_PREPARED, EXECUTE, OTHER -> false;
            };
            if (!same) return false;
        }
        return true;
    }

    /// A text that ends with COMMIT, and with nothing else that ends a transaction, and is in a block where it comes to that. Of what it has before,
    /// the same is true as of a text that runs in a block of PgKeel's own.
    /// @param inBlock the client is, where the text begins
    static boolean endsWithCommit(StatementClass text, boolean inBlock) {
        int last = text.kinds().size() - 1;
        if (last < 1) return false;
        boolean open = inBlock;
        for (StatementKind kind : text.kinds().subList(0, last)) {
            boolean goesOn = switch (kind) {
                case QUERY, SHOW, EXPLAIN, COPY_OUT, DATA, DDL, COMMITS_INSIDE, LISTEN, NOTIFY, SESSION, BEGIN, SAVEPOINT, SET_TRANSACTION -> true;
                case COPY_IN, CURSOR, COMMIT, COMMIT_AND_CHAIN, ROLLBACK, PREPARE_TRANSACTION, FINISH_PREPARED, EXECUTE, OTHER -> false;
            };
            if (!goesOn) return false;
            open |= kind == StatementKind.BEGIN;
        }
        StatementKind end = text.kinds().get(last);
        return open && (end == StatementKind.COMMIT || end == StatementKind.COMMIT_AND_CHAIN);
    }

    private void begins(Whose block) {
        whose = block;
        step = Step.RUNNING;
        due = null;
        watch.asked();
    }

    /// BEGIN goes to the backend. What is expected of the request's replies is to be said next.
    void begin(BackendConnection leased) {
        begins(new Whose.Own());
        Exchange exchange = leased.exchange();
        for (int i = 0; i < 2; i++) {
            exchange.expectOwnReply(null);
            exchange.messageSent();
        }
        exchange.expectOwnReply(null);
        exchange.executeSent();
        leased.statements().unnamed(null);
        leased.outgoing().room(BEGIN.length).writeBytes(BEGIN);
    }

    /// The client's request goes to the backend behind BEGIN, a whole Query or FunctionCall.
    void send(BackendConnection leased, ByteBuf in, int at, int next) {
        leased.outgoing().run(in, at, next);
        leased.exchange().block().requestSent();
        leased.outgoing().room(CLOSE.length).writeBytes(CLOSE);
    }

    /// A Query of the client goes to the backend without the COMMIT that it ends with. What is expected of its replies has been said, but for those to COMMIT.
    /// @param text   where it begins
    /// @param commit where its COMMIT begins
    /// @param end    where it ends
    /// @param effect what the COMMIT does to the session; null if that does not matter
    void sendUpToCommit(BackendConnection leased, ByteBuf in, int text, int commit, int end, @Nullable Object effect) {
        begins(new Whose.Clients(in.toString(commit, end - commit, StandardCharsets.US_ASCII), effect));
        leased.outgoing().room(5).writeByte(FrontendType.QUERY).writeInt(commit - text + 5);
        leased.outgoing().run(in, text, commit);
        leased.exchange().block().requestSent();
        leased.outgoing().room(1 + CLOSE.length).writeByte(0).writeBytes(CLOSE);
    }

    /// ReadyForQuery, which does not end the block.
    void goesOn(BackendConnection leased, byte status) {
        boolean running = step == Step.RUNNING;
        if (running) leased.exchange().block().expectOwn(null);   // of the Close
        if (running && isMisread(leased, status)) misread(leased);
        else if (running && status == 'T') then(leased, () -> ask(leased));
        else if (whose instanceof Whose.Clients) then(leased, () -> sync(leased));
        else then(leased, () -> executeAndSync(leased, ROLLBACK));
    }

    /// The text has ended the block by itself, or has more commands than was thought.
    private boolean isMisread(BackendConnection leased, byte status) {
        return switch (whose) {
            case Whose.Own _ -> status == 'I' || leased.exchange().block().isBehindKept();
            case Whose.Clients _ -> status == 'I' && !leased.exchange().hasFailed();
        };
    }

    private void misread(BackendConnection leased) {
        watch.nothingKnown();
        step = Step.ENDING;
        log.error("client {}: a text of several commands was misread, the client is closed", session.identity().address());
        then(leased, () -> session.end(RefusalReason.INTERNAL_ERROR, "internal error"));
    }

    /// The mark came.
    void marked(BackendConnection leased) {
        then(leased, () -> commit(leased));
    }

    private void commit(BackendConnection leased) {
        if (session.commit().mayBeCancelled(leased)) return;
        watch.sent();
        switch (whose) {
            case Whose.Own _ -> executeAndSync(leased, COMMIT);
            case Whose.Clients(String commit, Object effect) -> {
                byte[] words = executes(commit);
                Block block = leased.exchange().block();
                block.expectOwn(null);
                block.expectOwn(null);
                block.expectCommit(effect);
                session.commit().keepCommitted();
                leased.outgoing().room(words.length).writeBytes(words);
                sync(leased);
            }
        }
    }

    /// The mark is there, and had to wait for a cancel.
    void cancelDelivered(BackendConnection leased) {
        if (step == Step.ASKING && due == null) marked(leased);
    }

    /// An error came. Within the client's request the server says by itself that it is ready; what was sent with the extended protocol ends with a Sync.
    void failed(BackendConnection leased) {
        if (step == Step.ASKING || step == Step.RUNNING && !leased.exchange().block().hasBegun()) then(leased, () -> sync(leased));
    }

    /// Not from the walk of the replies: what is composed there is the client's. Of several events in one walk the last one counts: an error behind the mark.
    private void then(BackendConnection leased, Runnable next) {
        boolean expected = due != null;
        due = next;
        if (!expected) session.context().loop().execute(() -> goOn(leased));
    }

    private void goOn(BackendConnection leased) {
        Runnable next = due;
        due = null;
        if (next == null || session.lease().backend() != leased || !leased.exchange().block().isOpen()) return;
        next.run();
        leased.outgoing().finish();
    }

    private void ask(BackendConnection leased) {
        step = Step.ASKING;
        Block block = leased.exchange().block();
        ByteBuf room = leased.outgoing().room(3 * OutcomeProbe.BYTES_MAX);
        session.commit().question().write(leased, room, new MarkQuestion.Replies() {
            @Override
            public void own(@Nullable Object pending) {
                block.expectOwn(pending);
            }

            @Override
            public void mark() {
                block.expectMark();
            }
        });
        OutcomeProbe.writeFlush(room);
    }

    private void executeAndSync(BackendConnection leased, byte[] words) {
        Block block = leased.exchange().block();
        block.expectOwn(null);
        block.expectOwn(null);
        block.expectOwn(null);
        leased.outgoing().room(words.length).writeBytes(words);
        sync(leased);
    }

    private void sync(BackendConnection leased) {
        step = Step.ENDING;
        switch (whose) {
            case Whose.Own _ -> leased.exchange().block().endsOutside();
            case Whose.Clients _ -> leased.exchange().block().endsAsItIs();
        }
        leased.sync();
    }

    /// Parse, Bind and Execute of the unnamed statement and portal.
    private static byte[] executes(String command) {
        byte[] text = command.getBytes(StandardCharsets.US_ASCII);
        byte[] messages = new byte[9 + text.length + 13 + 10];
        ByteBuf out = Unpooled.wrappedBuffer(messages).clear();
        out.writeByte(FrontendType.PARSE).writeInt(text.length + 8).writeByte(0).writeBytes(text).writeByte(0).writeShort(0)
                .writeByte(FrontendType.BIND).writeInt(12).writeShort(0).writeShort(0).writeShort(0).writeShort(0)
                .writeByte(FrontendType.EXECUTE).writeInt(9).writeByte(0).writeInt(0);
        return messages;
    }
}
