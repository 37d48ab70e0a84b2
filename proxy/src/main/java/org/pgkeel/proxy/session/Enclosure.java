package org.pgkeel.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.wire.FrontendType;
import org.pgkeel.proxy.refusal.RefusalReason;
import org.pgkeel.proxy.relay.BackendConnection;
import org.pgkeel.proxy.relay.Block;
import org.pgkeel.proxy.relay.Exchange;
import org.pgkeel.proxy.relay.OutcomeProbe;
import org.pgkeel.proxy.statement.Routine;
import org.pgkeel.proxy.statement.StatementClass;
import org.pgkeel.proxy.statement.StatementKind;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One request of a client at whose end no question can go between it and its commit, and which PgKeel commits when the transaction's mark is there: a text of
/// several commands, a FunctionCall, or a CALL or DO that ends no transaction, in a transaction block of PgKeel's own; or a text that ends with COMMIT, which is held back.
///
/// | step    | event                                    | sent, PgKeel's own block  | sent, the client's block       | step    |
/// |---------|------------------------------------------|---------------------------|--------------------------------|---------|
/// | any     | the client's request                     | BEGIN, the request, Close | the text up to COMMIT, Close   | RUNNING |
/// | any     | the client's Execute of a CALL or DO     | BEGIN, the Execute        |                                | IN_BATCH |
/// | IN_BATCH | the client's Sync, the mark is there    | COMMIT, Sync              |                                | ENDING  |
/// | IN_BATCH | the client's Sync, behind an error      | Sync                      |                                | ENDING  |
/// | IN_BATCH | a procedure may not commit in it        | Sync of PgKeel's own      |                                | ENDING  |
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
/// A CALL or DO does in a block what it does alone, but that it cannot end a transaction: so nothing of it is committed before the COMMIT, whatever is known of it. A procedure that tries to against
/// what is known fails, and when the block is rolled back it runs without one, as from then on.
///
/// The server is never idle in the block: behind the request's ReadyForQuery it finds the beginning of a batch, a Close of nothing, and a batch that has
/// begun is not idle. So no `idle_in_transaction_session_timeout` runs, which would not run without the block. It takes a Close in a failed transaction, too.
///
/// Invariant: one Sync is sent for each step that sends one, and nothing behind the ReadyForQuery that ends the block: a reply to it would be another client's.
///
/// Threading: confined to the session's event loop.
final class Enclosure {
    private static final Logger log = LoggerFactory.getLogger(Enclosure.class);

    private enum Step { RUNNING, IN_BATCH, ASKING, ENDING }

    /// Whose the transaction block is.
    private sealed interface Whose {
        record Own() implements Whose {}

        /// PgKeel's, for this alone.
        record Around(Routine routine) implements Whose {}

        /// @param commit as the client wrote it
        /// @param effect of it, if the session is to hear of that
        record Clients(String commit, @Nullable Object effect) implements Whose {}
    }

    private static final byte[] BEGIN = executes("begin", "");
    /// The unnamed portal may be the client's.
    private static final byte[] BEGIN_IN_BATCH = executes("begin", "pgkeel_begin");
    private static final byte[] COMMIT = executes("commit", "");
    private static final byte[] ROLLBACK = executes("rollback", "");
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
                case QUERY, SHOW, EXPLAIN, COPY_OUT, DATA, DDL, COMMITS_INSIDE, MAINTENANCE, LISTEN, NOTIFY, SESSION -> true;
                case COPY_IN, CURSOR, BEGIN, COMMIT, COMMIT_AND_CHAIN, ROLLBACK, SAVEPOINT, SET_TRANSACTION, PREPARE_TRANSACTION, FINISH_PREPARED, EXECUTE, OTHER -> false;
            };
            if (!same) return false;
        }
        return true;
    }

    /// A CALL or DO alone that ends no transaction, as far as is known. Of one of which nothing is known the catalogue will be asked again.
    boolean isContained(StatementClass text) {
        return text.contained().map(routine -> switch (routine) {
            case Routine.Code _ -> true;
            case Routine.Procedure _ -> !session.pool().wasFoundEnding(routine);
            case Routine.Unheard _ -> {
                session.pool().catalogueMisses(System.nanoTime());
                yield false;
            }
        }).orElse(false);
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
                case QUERY, SHOW, EXPLAIN, COPY_OUT, DATA, DDL, COMMITS_INSIDE, MAINTENANCE, LISTEN, NOTIFY, SESSION, BEGIN, SAVEPOINT, SET_TRANSACTION -> true;
                case COPY_IN, CURSOR, COMMIT, COMMIT_AND_CHAIN, ROLLBACK, PREPARE_TRANSACTION, FINISH_PREPARED, EXECUTE, OTHER -> false;
            };
            if (!goesOn) return false;
            open |= kind == StatementKind.BEGIN;
        }
        StatementKind end = text.kinds().get(last);
        return open && (end == StatementKind.COMMIT || end == StatementKind.COMMIT_AND_CHAIN);
    }

    private void begins(Whose block, Step first) {
        whose = block;
        step = first;
        due = null;
    }

    private static Whose whose(Optional<Routine> routine) {
        return routine.<Whose>map(Whose.Around::new).orElseGet(Whose.Own::new);
    }

    /// BEGIN goes to the backend. What is expected of the request's replies is to be said next.
    /// @param routine what the request runs, if it is a CALL or DO alone
    void begin(BackendConnection leased, Optional<Routine> routine) {
        begins(whose(routine), Step.RUNNING);
        if (routine.isPresent()) watch.encloses();
        watch.asked(session.times().turnNanos());
        begin(leased, BEGIN);
    }

    /// It may begin in the client's batch ahead of an Execute, if nothing but a Sync is behind that.
    boolean mayBeginInBatch(BackendConnection leased, StatementClass statement) {
        return session.commit().keepsEnd(leased) && isContained(statement) && !watch.mayHaveWritten() && !watch.isEnding() && !session.statements().unnamedIsUnseen();
    }

    /// The Execute is about to be sent behind BEGIN.
    /// @return as [CommitPath#executes]
    int beginInBatch(BackendConnection leased, StatementClass statement, ByteBuf in, int from, int at) {
        if (session.commit().waitsForEarlier(leased, in, from, at)) return RequestWalk.HELD;
        leased.outgoing().run(in, from, at);
        session.commit().withhold(leased);
        watch.executes(statement);
        begins(whose(statement.contained()), Step.IN_BATCH);
        watch.encloses();
        begin(leased, BEGIN_IN_BATCH);
        return at;
    }

    private static void begin(BackendConnection leased, byte[] words) {
        expectOwn(leased.exchange());
        leased.statements().unnamed(null);
        leased.outgoing().room(words.length).writeBytes(words);
    }

    /// The replies to Parse, Bind and Execute in the open batch.
    private static void expectOwn(Exchange exchange) {
        for (int i = 0; i < 2; i++) {
            exchange.expectOwnReply(null);
            exchange.messageSent();
        }
        exchange.expectOwnReply(null);
        exchange.executeSent();
    }

    /// It runs in the client's batch, whose Sync was not sent.
    boolean isInBatch() {
        return step == Step.IN_BATCH && watch.isEnclosed();
    }

    /// The batch's Sync goes to the backend next.
    void endsBatch(BackendConnection leased) {
        step = Step.ENDING;
        if (!leased.exchange().skipping()) {
            expectOwn(leased.exchange());
            leased.outgoing().room(COMMIT.length).writeBytes(COMMIT);
        }
        leased.exchange().block().syncs();
    }

    /// A COMMIT or ROLLBACK was not let end a transaction.
    /// @return whether that is for this block alone, which a procedure runs in: nothing has happened, and it may run without
    boolean refusesEnd() {
        if (!watch.isEnclosed() || !(whose instanceof Whose.Around(Routine.Procedure procedure))) return false;
        session.pool().foundEnding(procedure);
        return true;
    }

    /// What it runs will be asked again without it. The client's Sync does not come before that.
    void giveUp(BackendConnection leased) {
        if (!isInBatch()) return;
        session.context().loop().execute(() -> {
            if (session.lease().backend() != leased || !isInBatch()) return;
            endsBatch(leased);
            session.commit().probe().awaitsNothing();
            leased.sync();
            leased.exchange().syncSent();
            leased.outgoing().finish();
        });
    }

    void backendLost() {
        step = Step.ENDING;
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
        begins(new Whose.Clients(in.toString(commit, end - commit, StandardCharsets.US_ASCII), effect), Step.RUNNING);
        watch.asked(session.times().turnNanos());
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
            case Whose.Own _, Whose.Around _ -> status == 'I' || leased.exchange().block().isBehindKept();
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
            case Whose.Own _, Whose.Around _ -> executeAndSync(leased, COMMIT);
            case Whose.Clients(String commit, Object effect) -> {
                byte[] words = executes(commit, "");
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
        session.commit().probe().question().write(leased, room, new MarkQuestion.Replies() {
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
            case Whose.Own _, Whose.Around _ -> leased.exchange().block().endsOutside();
            case Whose.Clients _ -> leased.exchange().block().endsAsItIs();
        }
        leased.sync();
    }

    /// Parse, Bind and Execute of the unnamed statement.
    private static byte[] executes(String command, String portal) {
        byte[] text = command.getBytes(StandardCharsets.US_ASCII);
        byte[] name = portal.getBytes(StandardCharsets.US_ASCII);
        byte[] messages = new byte[9 + text.length + 13 + 10 + 2 * name.length];
        ByteBuf out = Unpooled.wrappedBuffer(messages).clear();
        out.writeByte(FrontendType.PARSE).writeInt(text.length + 8).writeByte(0).writeBytes(text).writeByte(0).writeShort(0)
                .writeByte(FrontendType.BIND).writeInt(12 + name.length).writeBytes(name).writeShort(0).writeShort(0).writeShort(0).writeShort(0)
                .writeByte(FrontendType.EXECUTE).writeInt(9 + name.length).writeBytes(name).writeByte(0).writeInt(0);
        return messages;
    }
}
