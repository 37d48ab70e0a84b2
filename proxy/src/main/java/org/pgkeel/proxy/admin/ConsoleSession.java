package org.pgkeel.proxy.admin;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pgkeel.protocol.backend.CommandComplete;
import org.pgkeel.protocol.backend.EmptyQueryResponse;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.PortalSuspended;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.backend.Severity;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.protocol.frontend.Bind;
import org.pgkeel.protocol.frontend.Close;
import org.pgkeel.protocol.frontend.CopyData;
import org.pgkeel.protocol.frontend.CopyDone;
import org.pgkeel.protocol.frontend.CopyFail;
import org.pgkeel.protocol.frontend.Describe;
import org.pgkeel.protocol.frontend.Execute;
import org.pgkeel.protocol.frontend.Flush;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.FrontendPhase;
import org.pgkeel.protocol.frontend.FunctionCall;
import org.pgkeel.protocol.frontend.Parse;
import org.pgkeel.protocol.frontend.PasswordMessage;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.SaslInitialResponse;
import org.pgkeel.protocol.frontend.SaslResponse;
import org.pgkeel.protocol.frontend.Sync;
import org.pgkeel.protocol.frontend.Terminate;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.protocol.wire.Format;
import org.pgkeel.protocol.wire.Frame;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.proxy.admin.ConsoleStatements.Portal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One logged-in client of the console, in simple and extended protocol. Commands run one after the other; messages that come
/// meanwhile wait, and when too many wait the channel is not read any more. Rows are sent as fast as the client takes them.
///
/// | state     | event                            | to                              |
/// |-----------|----------------------------------|---------------------------------|
/// | Ready     | Query or Execute                 | Awaiting                        |
/// | Ready     | any other message                | Ready, answered at once         |
/// | Ready     | error in extended protocol       | Skipping                        |
/// | Skipping  | Sync                             | Ready                           |
/// | Awaiting  | rows                             | Streaming                       |
/// | Awaiting  | done                             | Ready, or Awaiting the next one |
/// | Awaiting  | failed                           | Ready (simple) or Skipping      |
/// | Streaming | last row, or as many as asked for | Ready, or Awaiting the next one |
/// | any       | violation, Terminate, gone       | Closed                          |
///
/// Threading: confined to its channel's event loop; [#cancel] and [#shutDown] may be called on any thread.
public final class ConsoleSession extends ChannelInboundHandlerAdapter {
    /// Messages that wait for the command before them; beyond, the channel is not read.
    private static final int WAITING_MAX = 64;
    private static final Logger LOG = LoggerFactory.getLogger(ConsoleSession.class);

    /// What a command runs for.
    private sealed interface Work {
        /// @param rest the commands after the one that runs
        record SimpleQuery(Deque<ConsoleCommand> rest) implements Work {}

        record PortalRun(Portal portal, int rowsMax) implements Work {}
    }

    private sealed interface State {
        record Ready() implements State {}

        /// Until Sync, everything is skipped.
        record Skipping() implements State {}

        /// Compared by identity: an answer that comes after a cancel finds another state.
        final class Awaiting implements State {
            private final Work work;

            private Awaiting(Work work) {
                this.work = work;
            }
        }

        /// @param limit rows still to be sent before PortalSuspended
        record Streaming(Work work, Answer.Rows rows, List<Format> formats, long limit) implements State {}

        record Closed() implements State {}
    }

    private final ConsoleExecutor executor;
    private final ConsoleStatements statements = new ConsoleStatements();
    private final Deque<FrontendMessage> waiting = new ArrayDeque<>();
    private State state = new State.Ready();
    private @Nullable ChannelHandlerContext context;
    private @Nullable ConsoleOutput output;

    ConsoleSession(ShowSources sources, String user, ConsoleRole role) {
        this.executor = new ConsoleExecutor(sources, user, role);
    }

    /// A cancel request names this session: the client does not wait any longer; what it began goes on.
    public void cancel() {
        onLoop(() -> {
            if (state instanceof State.Awaiting awaiting) {
                answered(awaiting, new Answer.Failed(SqlState.QUERY_CANCELED, "canceled: the command is not waited for, but goes on", ""));
            }
        });
    }

    /// The proxy shuts down: the client is told, then its connection is closed.
    public void shutDown() {
        // Behind the answer to the SHUTDOWN that is being carried out, which is not in the queue yet.
        onLoop(() -> onLoop(() -> fatal(SqlState.ADMIN_SHUTDOWN, "terminating connection due to administrator command")));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        output = new ConsoleOutput(ctx.channel());
        ctx.channel().config().setAutoRead(true);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object received) {
        if (!(received instanceof Frame frame)) {
            ReferenceCountUtil.release(received);
            throw new IllegalStateException("console: not a frame but " + received.getClass().getSimpleName());
        }
        try {
            if (state instanceof State.Closed) return;
            waiting.add(FrontendMessage.decode(FrontendPhase.LOGGED_IN, frame.type(), frame.body()));
        } finally {
            frame.release();
        }
        advance();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        advance();
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        state = new State.Closed();
        waiting.clear();
        output().discard();
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable root = cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
        switch (root) {
            case ProtocolViolation violation -> fatal(SqlState.PROTOCOL_VIOLATION, violation.getMessage());
            case IOException lost -> {
                LOG.debug("console: connection lost: {}", lost.toString());
                ctx.close();
            }
            default -> {
                LOG.error("console: a bug ended a session", root);
                fatal(SqlState.INTERNAL_ERROR, "internal error, the log has the reason");
            }
        }
    }

    /// Does what can be done now: sends rows while there is room, takes messages while none is being worked on.
    private void advance() {
        while (output().hasRoom()) {
            if (state instanceof State.Streaming streaming) {
                stream(streaming);
            } else {
                boolean takes = state instanceof State.Ready || state instanceof State.Skipping;
                FrontendMessage next = takes ? waiting.poll() : null;
                if (next == null) break;
                take(next);
            }
        }
        output().flush();
        context().channel().config().setAutoRead(waiting.size() < WAITING_MAX);
    }

    private void take(FrontendMessage message) {
        if (state instanceof State.Skipping && !(message instanceof Sync) && !(message instanceof Terminate)) return;
        switch (message) {
            case Query query -> query(query);
            case Parse parse -> reply(statements.parse(parse));
            case Bind bind -> reply(statements.bind(bind));
            case Describe describe -> reply(statements.describe(describe));
            case Execute execute -> execute(execute);
            case Close close -> reply(statements.close(close));
            case Sync _ -> {
                if (executor.status() == TransactionStatus.IDLE) statements.forgetPortals();
                ready();
            }
            case Flush _ -> output().flush();
            case FunctionCall _ -> {
                error(new Answer.Failed(SqlState.FEATURE_NOT_SUPPORTED, "the console has no functions", ""));
                ready();
            }
            // As PostgreSQL: what is left of a COPY that was refused.
            case CopyData _, CopyDone _, CopyFail _ -> { }
            case Terminate _ -> {
                state = new State.Closed();
                output().close();
            }
            case PasswordMessage _, SaslInitialResponse _, SaslResponse _ ->
                    throw new ProtocolViolation("a message of the login after the login");
        }
    }

    private void query(Query query) {
        statements.forgetUnnamed();
        try {
            var commands = new ArrayDeque<>(ConsoleParser.parse(query.sql()));
            if (commands.isEmpty()) commands.add(new ConsoleCommand.Empty());
            next(new Work.SimpleQuery(commands));
        } catch (ConsoleSyntaxError syntax) {
            error(syntax.answer());
            ready();
        }
    }

    /// Starts the next command of a simple query, or ends the query.
    private void next(Work.SimpleQuery query) {
        ConsoleCommand command = query.rest.poll();
        if (command == null) ready();
        else run(command, query);
    }

    private void run(ConsoleCommand command, Work work) {
        var awaiting = new State.Awaiting(work);
        state = awaiting;
        executor.execute(command).whenComplete((answer, failure) -> onLoop(() -> {
            if (failure != null) throw new IllegalStateException("a command of the console failed without an answer", failure);
            answered(awaiting, answer);
        }));
    }

    /// Runs what did not come through the pipeline; what it throws ends as what a handler throws.
    private void onLoop(Runnable step) {
        ChannelHandlerContext ctx = context();
        ctx.executor().execute(() -> {
            try {
                step.run();
            } catch (RuntimeException | Error bug) {
                exceptionCaught(ctx, bug);
            }
        });
    }

    private void answered(State.Awaiting awaiting, Answer answer) {
        if (state != awaiting) return;   // cancelled, or the client has gone
        switch (answer) {
            case Answer.Rows rows -> begin(rows, awaiting.work);
            case Answer.Empty _ -> {
                output().add(EmptyQueryResponse.INSTANCE);
                finished(awaiting.work);
            }
            case Answer.Done(var tag, var notice) -> {
                notice.ifPresent(output()::add);
                output().add(new CommandComplete(tag));
                finished(awaiting.work);
            }
            case Answer.Failed failed -> {
                error(failed);
                switch (awaiting.work) {
                    case Work.SimpleQuery _ -> ready();
                    case Work.PortalRun _ -> state = new State.Skipping();
                }
            }
        }
        advance();
    }

    private void begin(Answer.Rows rows, Work work) {
        switch (work) {
            case Work.SimpleQuery _ -> {
                output().add(rows.shape().describe(List.of()));
                state = new State.Streaming(work, rows, List.of(), Long.MAX_VALUE);
            }
            case Work.PortalRun(var portal, var rowsMax) -> state = new State.Streaming(
                    work, rows, portal.formats(), rowsMax > 0 ? rowsMax : Long.MAX_VALUE);
        }
    }

    private void stream(State.Streaming streaming) {
        Answer.Rows rows = streaming.rows;
        long left = streaming.limit;
        while (left > 0 && rows.rows().hasNext() && output().hasRoom()) {
            output().add(rows.shape().encode(rows.rows().next(), streaming.formats));
            left--;
        }
        if (!rows.rows().hasNext()) {
            output().add(new CommandComplete(rows.tag()));
            finished(streaming.work);
        } else if (left == 0) {
            if (streaming.work instanceof Work.PortalRun(var portal, _)) portal.state(new Portal.State.Suspended(rows));
            output().add(PortalSuspended.INSTANCE);
            state = new State.Ready();
        } else {
            state = new State.Streaming(streaming.work, rows, streaming.formats, left);
        }
    }

    private void finished(Work work) {
        switch (work) {
            case Work.SimpleQuery query -> next(query);
            case Work.PortalRun(var portal, _) -> {
                portal.state(new Portal.State.Finished());
                state = new State.Ready();
            }
        }
    }

    private void execute(Execute execute) {
        statements.portal(execute.portal()).ifPresentOrElse(portal -> {
            var work = new Work.PortalRun(portal, execute.rowsMax());
            switch (portal.state()) {
                case Portal.State.Bound _ -> run(portal.command(), work);
                case Portal.State.Suspended(var rest) -> begin(rest, work);
                case Portal.State.Finished _ -> output().add(new CommandComplete("SHOW"));
            }
        }, () -> reply(ConsoleStatements.noPortal(execute.portal())));
    }

    /// What needs nobody else: prepared at once, or refused.
    private void reply(ConsoleStatements.Reply reply) {
        switch (reply) {
            case ConsoleStatements.Reply.Messages(var messages) -> messages.forEach(output()::add);
            case ConsoleStatements.Reply.Refused(var failed) -> {
                error(failed);
                state = new State.Skipping();
            }
        }
    }

    private void ready() {
        output().add(new ReadyForQuery(executor.status()));
        state = new State.Ready();
    }

    private void error(Answer.Failed failed) {
        executor.failed();
        var response = ErrorResponse.of(Severity.ERROR, failed.sqlState(), failed.message());
        output().add(failed.hint().isEmpty() ? response : response.withHint(failed.hint()));
    }

    private void fatal(SqlState sqlState, @Nullable String message) {
        if (state instanceof State.Closed) return;
        state = new State.Closed();
        waiting.clear();
        output().add(ErrorResponse.of(Severity.FATAL, sqlState, message == null ? "" : message));
        output().close();
    }

    private ChannelHandlerContext context() {
        if (context == null) throw new IllegalStateException("console session without a channel");
        return context;
    }

    private ConsoleOutput output() {
        if (output == null) throw new IllegalStateException("console session without a channel");
        return output;
    }
}
