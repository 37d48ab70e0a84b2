package org.pgkeel.proxy.cluster;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.pgkeel.failover.probe.NodeReply;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.NoticeResponse;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.Terminate;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.protocol.wire.Frame;
import org.pgkeel.protocol.wire.FrameDecoder;
import org.pgkeel.protocol.wire.FrameLimits;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.backend.BackendConnector;
import org.pgkeel.proxy.backend.BackendFailure;
import org.pgkeel.proxy.backend.BackendGreeting;
import org.pgkeel.proxy.backend.BackendListener;
import org.pgkeel.proxy.backend.BackendTarget;
import org.pgkeel.proxy.backend.UnreplicatedCommit;

/// The proxy's own connection to one PostgreSQL, over which it asks simple queries, one after the other, each with a deadline. It is
/// opened when the first question comes, and again, at a bounded pace, when it was lost.
///
/// | from       | event                                        | to                           |
/// |------------|----------------------------------------------|------------------------------|
/// | CLOSED     | a question, the pause is over                | CONNECTING                   |
/// | CLOSED     | a question, within the pause                 | CLOSED, the question fails   |
/// | CONNECTING | connected                                    | IDLE                         |
/// | CONNECTING | failed                                       | CLOSED, all questions fail   |
/// | IDLE       | a question                                   | ASKING                       |
/// | ASKING     | ReadyForQuery                                | IDLE, or the next question   |
/// | IDLE       | to be renewed                                | CONNECTING, the old one open |
/// | ASKING     | ReadyForQuery, to be renewed                 | CONNECTING, the old one open |
/// | CONNECTING | failed, the server is full, the old one is   | IDLE, or the next question,  |
/// |            | open and still of use                        | over the old one             |
/// | ASKING     | deadline                                     | CLOSED, the question fails   |
/// | IDLE       | lost                                         | CLOSED, the owner hears      |
/// | ASKING     | lost                                         | CLOSED, the owner hears      |
/// | any        | ended                                        | ENDED                        |
///
/// Threading: [#query] may be called from any thread; everything else is confined to its event loop.
public final class SideConnection {
    /// From one failed connect to the next.
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final int QUESTIONS_MAX = 256;
    private static final int ANSWER_BYTES_MAX = 16 * 1024 * 1024;

    private enum State { CLOSED, CONNECTING, IDLE, ASKING, ENDED }

    /// Whether questions wait for a new connection, and what the open one is worth if there is none to be had.
    enum Renewal {
        NONE,
        /// Where the server has no place for another one, the open one goes on.
        IF_THERE_IS_A_PLACE,
        /// What the open one leads to is not asked any more.
        AT_ANY_RATE
    }

    /// Hears that a connection that was open is lost; the next question opens another.
    interface Owner {
        void lost(SideFailure why);
    }

    private static final class Question {
        private final String sql;
        private final Duration deadline;
        private final CompletableFuture<List<List<String>>> answer = new CompletableFuture<>();
        private final List<List<String>> rows = new ArrayList<>();
        private int answerBytes;
        private ScheduledFuture<?> timer;
        private SideFailure failure;

        Question(String sql, Duration deadline) {
            this.sql = sql;
            this.deadline = deadline;
        }
    }

    private final EventLoop loop;
    private final BackendConnector connector;
    private final Supplier<BackendTarget> target;
    private final Owner owner;
    private final NodeAddress address;
    private final Duration deadline;
    private final Deque<Question> waiting = new ArrayDeque<>();
    private State state = State.CLOSED;
    private Channel channel;
    private Question current;
    private SideFailure lastFailure = new SideFailure(NodeReply.Kind.LOST, "", "not connected yet");
    private long failedNanos;
    private long connections;
    private boolean failedLately;
    private Renewal renewal = Renewal.NONE;

    /// @param target   where and as whom; asked for every connect, so that a changed certificate counts
    /// @param deadline of a question that names none
    SideConnection(EventLoop loop, BackendConnector connector, NodeAddress address, Supplier<BackendTarget> target, Duration deadline, Owner owner) {
        this.loop = loop;
        this.connector = connector;
        this.address = address;
        this.target = target;
        this.deadline = deadline;
        this.owner = owner;
    }

    public NodeAddress address() {
        return address;
    }

    /// Asks, and gives the rows as text; a NULL is an empty text. Fails with a [SideFailure].
    public CompletionStage<List<List<String>>> query(String sql) {
        return query(sql, deadline);
    }

    /// @param deadline from now to the last row, a connect included
    public CompletionStage<List<List<String>>> query(String sql, Duration deadline) {
        var question = new Question(sql, deadline);
        if (loop.inEventLoop()) {
            ask(question);
        } else {
            try {
                loop.execute(() -> ask(question));
            } catch (RejectedExecutionException shuttingDown) {
                question.answer.completeExceptionally(new SideFailure(NodeReply.Kind.LOST, "", "the proxy shuts down"));
            }
        }
        return question.answer;
    }

    /// How many connections there have been: as long as this is the same, so is the server.
    long connections() {
        return connections;
    }

    /// The next question is answered by a new connection. The one under way is answered before, and questions that wait go on waiting. The
    /// open connection is closed when the new one is in, for a full server would give its place to somebody else.
    void renew(Renewal how) {
        assert loop.inEventLoop();
        if (channel == null || state == State.ENDED) return;
        if (how.compareTo(renewal) > 0) renewal = how;
        if (state == State.IDLE) connect();
    }

    void end() {
        assert loop.inEventLoop();
        if (state == State.ENDED) return;
        Channel open = channel;
        State before = state;
        state = State.ENDED;
        failAll(new SideFailure(NodeReply.Kind.LOST, "", "the server is not watched any more"));
        if (open != null && before == State.IDLE) {
            ByteBuf goodbye = open.alloc().buffer(5);
            Terminate.INSTANCE.encode(goodbye);
            open.writeAndFlush(goodbye);
        }
        if (open != null) open.close();
    }

    private void ask(Question question) {
        assert loop.inEventLoop();
        if (state == State.ENDED || waiting.size() >= QUESTIONS_MAX) {
            question.answer.completeExceptionally(new SideFailure(NodeReply.Kind.LOST, "", state == State.ENDED ? "the server is not watched any more" : "too many questions wait"));
            return;
        }
        if (state == State.CLOSED && failedLately && System.nanoTime() - failedNanos < PAUSE_NANOS) {
            question.answer.completeExceptionally(lastFailure);
            return;
        }
        question.timer = loop.schedule(() -> late(question), question.deadline.toNanos(), TimeUnit.NANOSECONDS);
        waiting.add(question);
        switch (state) {
            case CLOSED -> connect();
            case IDLE -> next();
            case CONNECTING, ASKING, ENDED -> { }
        }
    }

    private void late(Question question) {
        var late = new SideFailure(NodeReply.Kind.TIMEOUT, "", "no answer within " + question.deadline.toMillis() + " ms");
        if (question == current) {
            finish(question, late);
            drop(late);
            if (!waiting.isEmpty()) connect();
        } else if (waiting.remove(question)) {
            question.answer.completeExceptionally(late);
        }
    }

    private void connect() {
        state = State.CONNECTING;
        connector.connect(loop, target.get(), new BackendListener() {
            @Override
            public void connected(Channel open, BackendGreeting greeting, ByteBuf early) {
                if (state != State.CONNECTING) {
                    early.release();
                    open.close();
                    return;
                }
                Channel replaced = channel;
                connections++;
                failedLately = false;
                channel = open;
                renewal = Renewal.NONE;
                state = State.IDLE;
                if (replaced != null) replaced.close();
                open.pipeline().addLast(new FrameDecoder(FrameLimits.backend(ANSWER_BYTES_MAX)), new Answers());
                if (early.isReadable()) open.pipeline().fireChannelRead(early);
                else early.release();
                open.config().setAutoRead(true);
                if (state == State.IDLE) next();
            }

            @Override
            public void failed(BackendFailure failure) {
                if (state != State.CONNECTING) return;
                SideFailure why = failureOf(failure);
                if (channel != null && why.kind() == NodeReply.Kind.FULL && renewal == Renewal.IF_THERE_IS_A_PLACE) {
                    renewal = Renewal.NONE;
                    next();
                    return;
                }
                drop(why);
                failedNanos = System.nanoTime();
                failedLately = true;
                failAll(why);
            }
        });
    }

    private static SideFailure failureOf(BackendFailure failure) {
        return switch (failure) {
            case BackendFailure.Unreachable(var text) -> new SideFailure(NodeReply.Kind.LOST, "", text);
            case BackendFailure.TimedOut(var text) -> new SideFailure(NodeReply.Kind.TIMEOUT, "", text);
            case BackendFailure.Refused refused -> new SideFailure(refused.sqlState().equals(SqlState.TOO_MANY_CONNECTIONS.code()) ? NodeReply.Kind.FULL : NodeReply.Kind.REFUSED,
                    refused.sqlState(), refused.text());
            case BackendFailure.AuthenticationFailed(var sqlState, var text) -> new SideFailure(NodeReply.Kind.DENIED, sqlState, text);
            case BackendFailure.ProtocolBroken(var text) -> new SideFailure(NodeReply.Kind.NONSENSE, "", text);
            case BackendFailure.TlsFailed(var text) -> new SideFailure(NodeReply.Kind.DENIED, "", text);
        };
    }

    private void next() {
        Question question = waiting.poll();
        if (question == null) {
            state = State.IDLE;
            return;
        }
        state = State.ASKING;
        current = question;
        ByteBuf out = channel.alloc().buffer(256);
        new Query(question.sql).encode(out);
        channel.writeAndFlush(out, channel.voidPromise());
    }

    /// The connection is of no use any more, and the question that was under way has been answered.
    private void drop(SideFailure why) {
        Channel open = channel;
        channel = null;
        lastFailure = why;
        state = State.CLOSED;
        renewal = Renewal.NONE;
        if (open != null) open.close();
    }

    private void lost(SideFailure why) {
        if (state == State.CONNECTING) {
            // It was to be replaced: the new one tells.
            channel.close();
            channel = null;
            renewal = Renewal.NONE;
            return;
        }
        Question asked = current;
        if (asked != null) finish(asked, asked.failure != null ? asked.failure : why);
        drop(why);
        owner.lost(why);
        if (state == State.CLOSED && !waiting.isEmpty()) connect();
    }

    private void finish(Question question, SideFailure failure) {
        current = null;
        if (question.timer != null) question.timer.cancel(false);
        if (failure != null) question.answer.completeExceptionally(failure);
        else question.answer.complete(question.rows);
    }

    private void failAll(SideFailure why) {
        lastFailure = why;
        if (current != null) finish(current, why);
        for (Question each = waiting.poll(); each != null; each = waiting.poll()) finish(each, why);
    }

    /// What the server says on the open connection.
    private final class Answers extends SimpleChannelInboundHandler<Frame> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, Frame frame) {
            if (channel != ctx.channel()) return;
            int bytes = frame.body().readableBytes();
            switch (BackendMessage.decode(frame.type(), frame.body())) {
                case DataRow row when current != null -> row(row, bytes);
                case ErrorResponse error -> error(error);
                case NoticeResponse(var fields) when current != null && UnreplicatedCommit.isToldBy(fields) ->
                    current.failure = new SideFailure(NodeReply.Kind.REFUSED, fields.code(), fields.message() + " (SQLSTATE " + fields.code() + ")");
                case ReadyForQuery _ when current != null -> {
                    finish(current, current.failure);
                    if (channel != ctx.channel()) return;
                    if (renewal == Renewal.NONE) next();
                    else connect();
                }
                default -> { }   // descriptions, tags, notices, parameters
            }
        }

        private void row(DataRow row, int bytes) {
            current.answerBytes += bytes;
            if (current.answerBytes > ANSWER_BYTES_MAX) throw new ProtocolViolation("an answer of more than " + ANSWER_BYTES_MAX + " bytes");
            current.rows.add(row.texts());
        }

        private void error(ErrorResponse error) {
            var fields = error.fields();
            var failure = new SideFailure(NodeReply.Kind.REFUSED, fields.code(), fields.message() + " (SQLSTATE " + fields.code() + ")");
            boolean fatal = switch (fields.severity()) {
                case FATAL, PANIC -> true;
                default -> false;
            };
            if (fatal) lost(new SideFailure(NodeReply.Kind.LOST, fields.code(), failure.getMessage()));
            else if (current != null) current.failure = failure;
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (channel == ctx.channel()) lost(new SideFailure(NodeReply.Kind.LOST, "", "the server closed the connection"));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            if (channel != ctx.channel()) return;
            boolean broken = cause instanceof io.netty.handler.codec.DecoderException || cause instanceof ProtocolViolation;
            lost(new SideFailure(broken ? NodeReply.Kind.NONSENSE : NodeReply.Kind.LOST, "", "the connection broke: " + cause.getMessage()));
        }
    }
}
