package org.pgkeel.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.pgkeel.protocol.auth.ScramClient;
import org.pgkeel.protocol.backend.Authentication;
import org.pgkeel.protocol.backend.AuthenticationCleartextPassword;
import org.pgkeel.protocol.backend.AuthenticationMd5Password;
import org.pgkeel.protocol.backend.AuthenticationOk;
import org.pgkeel.protocol.backend.AuthenticationSasl;
import org.pgkeel.protocol.backend.AuthenticationSaslContinue;
import org.pgkeel.protocol.backend.AuthenticationSaslFinal;
import org.pgkeel.protocol.backend.BackendKeyData;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.backend.CommandComplete;
import org.pgkeel.protocol.backend.DataRow;
import org.pgkeel.protocol.backend.ErrorFields;
import org.pgkeel.protocol.backend.ErrorResponse;
import org.pgkeel.protocol.backend.NegotiateProtocolVersion;
import org.pgkeel.protocol.backend.NoticeResponse;
import org.pgkeel.protocol.backend.ParameterStatus;
import org.pgkeel.protocol.backend.ReadyForQuery;
import org.pgkeel.protocol.backend.RowDescription;
import org.pgkeel.protocol.backend.TransactionStatus;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.PasswordMessage;
import org.pgkeel.protocol.frontend.Query;
import org.pgkeel.protocol.frontend.SaslInitialResponse;
import org.pgkeel.protocol.frontend.SaslResponse;
import org.pgkeel.protocol.wire.Frame;
import org.pgkeel.protocol.wire.FrameLimits;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.proxy.backend.BackendFailure.AuthenticationFailed;

/// The login to one PostgreSQL, from StartupMessage to ReadyForQuery, with a question behind it where there is one. Leaves the pipeline when it is done.
/// <https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP>
///
/// | from                   | message                          | to                                    |
/// |------------------------|----------------------------------|---------------------------------------|
/// | AwaitingAuthentication | Ok                               | AwaitingReady                         |
/// | AwaitingAuthentication | CleartextPassword, MD5Password   | AwaitingOk                            |
/// | AwaitingAuthentication | SASL                             | AwaitingChallenge                     |
/// | AwaitingChallenge      | SASLContinue                     | Computing (the password is stretched) |
/// | Computing              | (computed)                       | AwaitingProof; input waits until then |
/// | AwaitingProof          | SASLFinal, right signature       | AwaitingOk                            |
/// | AwaitingOk             | Ok                               | AwaitingReady                         |
/// | AwaitingReady          | ParameterStatus, BackendKeyData  | AwaitingReady                         |
/// | AwaitingReady          | ReadyForQuery, nothing to ask    | Ended: connected                      |
/// | AwaitingReady          | ReadyForQuery, a question        | AwaitingAnswer                        |
/// | AwaitingAnswer         | DataRow, ParameterStatus, ...    | AwaitingAnswer                        |
/// | AwaitingAnswer         | ReadyForQuery                    | Ended: connected                      |
/// | any open               | NoticeResponse                   | the same                              |
/// | any open               | ErrorResponse, violation, closed | Ended: failed                         |
///
/// It is added to a channel that is open already. Threading: confined to its channel's event loop.
final class BackendLogin extends ChannelInboundHandlerAdapter {
    /// A server that talks more than this before it is ready is broken.
    static final int LOGIN_BYTES_MAX = 256 * 1024;

    /// Hears how the login ended, once.
    interface Listener {
        /// @param early bytes behind ReadyForQuery; the listener releases them
        void ready(Greeting greeting, ByteBuf early);

        void failed(BackendFailure failure);
    }

    /// What the server said of itself.
    record Greeting(LinkedHashMap<String, String> parameterStatus, Optional<BackendKeyData> key, List<String> answer) {}

    private sealed interface State {
        record AwaitingAuthentication() implements State {}

        record AwaitingChallenge(ScramClient scram) implements State {}

        record Computing() implements State {}

        record AwaitingProof(ScramClient.Answer answer) implements State {}

        record AwaitingOk() implements State {}

        record AwaitingReady(Greeting greeting) implements State {}

        record AwaitingAnswer(Greeting greeting) implements State {}

        record Ended() implements State {}
    }

    private final StartupMessage startup;
    private final LoginProof proof;
    private final Optional<String> question;
    private final Listener listener;
    private FrameLimits limits = FrameLimits.backendLogin();
    private State state = new State.AwaitingAuthentication();
    private ByteBuf input = Unpooled.EMPTY_BUFFER;
    private int receivedBytes;

    BackendLogin(StartupMessage startup, LoginProof proof, Optional<String> question, Listener listener) {
        this.startup = startup;
        this.proof = proof;
        this.question = question;
        this.listener = listener;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        begin(ctx);
    }

    private void begin(ChannelHandlerContext ctx) {
        ByteBuf out = ctx.alloc().buffer();
        startup.encode(out);
        ctx.writeAndFlush(out, ctx.voidPromise());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            if (state instanceof State.Ended) return;
            receivedBytes += in.readableBytes();
            if (!(input.isReadable())) {
                input.release();
                input = ctx.alloc().buffer(in.readableBytes());
            }
            input.writeBytes(in);   // copied: the buffer of the read belongs to the event loop
        } finally {
            ReferenceCountUtil.release(in);
        }
        work(ctx);
    }

    private void work(ChannelHandlerContext ctx) {
        try {
            while (!(state instanceof State.Ended || state instanceof State.Computing)) {
                Optional<Frame> frame = Frame.decode(input, limits);
                if (frame.isEmpty()) break;
                BackendMessage message;
                try {
                    message = BackendMessage.decode(frame.get().type(), frame.get().body());
                } finally {
                    frame.get().release();
                }
                state = next(ctx, message);
                if (!(message instanceof ReadyForQuery)) continue;
                if (state instanceof State.AwaitingReady(var greeting) && question.isPresent()) {
                    ask(ctx, greeting, question.get());
                } else if (state instanceof State.AwaitingReady(var greeting)) {
                    finish(ctx, greeting);
                    return;
                } else if (state instanceof State.AwaitingAnswer(var greeting)) {
                    finish(ctx, greeting);
                    return;
                }
            }
            if (receivedBytes > LOGIN_BYTES_MAX && !(state instanceof State.Ended)) {
                fail(new BackendFailure.ProtocolBroken("more than " + LOGIN_BYTES_MAX + " bytes before ReadyForQuery"));
            }
        } catch (ProtocolViolation violation) {
            fail(new BackendFailure.ProtocolBroken(violation.getMessage()));
        } catch (LoginProof.Impossible impossible) {
            fail(new AuthenticationFailed(LoginProof.SQLSTATE, impossible.getMessage()));
        }
    }

    private State next(ChannelHandlerContext ctx, BackendMessage message) {
        if (message instanceof NoticeResponse) return state;
        if (message instanceof ErrorResponse(var fields)) {
            fail(refusal(fields));
            return state;
        }
        return switch (state) {
            case State.AwaitingAuthentication _ -> switch (message) {
                case NegotiateProtocolVersion _ -> state;
                case Authentication request -> authenticate(ctx, request);
                default -> throw unexpected(message);
            };
            case State.AwaitingChallenge(var scram) -> switch (message) {
                case AuthenticationSaslContinue(var challenge) -> {
                    proof.answer(scram, challenge.text(), ctx.executor(), answered -> computed(ctx, answered));
                    yield state instanceof State.AwaitingChallenge ? new State.Computing() : state;
                }
                default -> throw unexpected(message);
            };
            case State.AwaitingProof(var answer) -> switch (message) {
                case AuthenticationSaslFinal(var proved) -> {
                    LoginProof.verify(answer, proved.text());
                    yield new State.AwaitingOk();
                }
                default -> throw unexpected(message);
            };
            case State.AwaitingOk _ -> switch (message) {
                case AuthenticationOk _ -> awaitingReady();
                default -> throw unexpected(message);
            };
            case State.AwaitingReady(var greeting) -> {
                greet(greeting, message);
                yield state;
            }
            case State.AwaitingAnswer(var greeting) -> answered(greeting, message);
            case State.Computing _, State.Ended _ -> throw new IllegalStateException(message.getClass().getSimpleName() + " in " + state);
        };
    }

    private State authenticate(ChannelHandlerContext ctx, Authentication request) {
        return switch (request) {
            case AuthenticationOk _ -> awaitingReady();
            case AuthenticationCleartextPassword _ -> {
                send(ctx, new PasswordMessage(proof.clearPassword()));
                yield new State.AwaitingOk();
            }
            case AuthenticationMd5Password(var salt) -> {
                send(ctx, new PasswordMessage(proof.md5Response(salt)));
                yield new State.AwaitingOk();
            }
            case AuthenticationSasl(var mechanisms) -> {
                ScramClient scram = proof.begin(mechanisms);
                send(ctx, new SaslInitialResponse(scram.mechanism(), Octets.ofText(scram.clientFirst())));
                yield new State.AwaitingChallenge(scram);
            }
            case AuthenticationSaslContinue _, AuthenticationSaslFinal _ -> throw unexpected(request);
        };
    }

    /// The answer to the challenge is there; comes on the event loop, before or after `answer` returned.
    private void computed(ChannelHandlerContext ctx, LoginProof.Answered answered) {
        switch (answered) {
            case LoginProof.Answered.Answer(var answer) -> {
                if (state instanceof State.Ended) return;
                send(ctx, new SaslResponse(Octets.ofText(answer.clientFinal())));
                boolean waited = state instanceof State.Computing;
                state = new State.AwaitingProof(answer);
                if (waited) work(ctx);
            }
            case LoginProof.Answered.Failed(var failure) -> fail(failure);
        }
    }

    private static State awaitingReady() {
        return new State.AwaitingReady(new Greeting(new LinkedHashMap<>(), Optional.empty(), List.of()));
    }

    private void greet(Greeting greeting, BackendMessage message) {
        switch (message) {
            case ParameterStatus(var name, var value) -> greeting.parameterStatus().putLast(name, value);
            case BackendKeyData key -> state = new State.AwaitingReady(new Greeting(greeting.parameterStatus(), Optional.of(key), List.of()));
            case ReadyForQuery(var status) -> mustBeIdle(status);
            default -> throw unexpected(message);
        }
    }

    private static void mustBeIdle(TransactionStatus status) {
        if (status != TransactionStatus.IDLE) throw new ProtocolViolation("ReadyForQuery: first one is " + status);
    }

    private void ask(ChannelHandlerContext ctx, Greeting greeting, String sql) {
        state = new State.AwaitingAnswer(greeting);
        limits = FrameLimits.backend(LOGIN_BYTES_MAX);
        send(ctx, new Query(sql));
    }

    private State answered(Greeting greeting, BackendMessage message) {
        return switch (message) {
            case DataRow row -> new State.AwaitingAnswer(new Greeting(greeting.parameterStatus(), greeting.key(), row.texts()));
            case ParameterStatus(var name, var value) -> {
                greeting.parameterStatus().putLast(name, value);
                yield state;
            }
            case RowDescription _, CommandComplete _ -> state;
            case ReadyForQuery(var status) -> {
                mustBeIdle(status);
                yield state;
            }
            default -> throw unexpected(message);
        };
    }

    private void finish(ChannelHandlerContext ctx, Greeting greeting) {
        state = new State.Ended();
        ByteBuf early = input;
        input = Unpooled.EMPTY_BUFFER;
        if (!early.isReadable()) {
            // Nothing is kept for nothing: the listener may still have somebody to ask, and be stopped meanwhile.
            early.release();
            early = Unpooled.EMPTY_BUFFER;
        }
        ctx.pipeline().remove(this);
        listener.ready(greeting, early);
    }

    private static BackendFailure refusal(ErrorFields fields) {
        return fields.code().startsWith("28")
                ? new AuthenticationFailed(fields.code(), fields.message())
                : new BackendFailure.Refused(fields.code(), fields.message(), fields.detail(), fields.hint());
    }

    private ProtocolViolation unexpected(BackendMessage message) {
        return new ProtocolViolation(message.getClass().getSimpleName() + " is not expected in " + state.getClass().getSimpleName());
    }

    private static void send(ChannelHandlerContext ctx, FrontendMessage message) {
        ByteBuf out = ctx.alloc().buffer();
        message.encode(out);
        ctx.writeAndFlush(out, ctx.voidPromise());
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        fail(new BackendFailure.Unreachable("the server closed the connection during the login"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(new BackendFailure.Unreachable("the connection broke during the login: " + cause.getClass().getSimpleName()));
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        input.release();
        input = Unpooled.EMPTY_BUFFER;
    }

    private void fail(BackendFailure failure) {
        if (state instanceof State.Ended) return;
        state = new State.Ended();
        listener.failed(failure);
    }
}
