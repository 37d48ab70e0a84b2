package org.pgkeel.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.pgkeel.protocol.auth.ChannelBinding;
import org.pgkeel.protocol.backend.BackendKeyData;
import org.pgkeel.protocol.sqlstate.SqlState;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.proxy.backend.BackendGreeting.Encryption;
import org.pgkeel.proxy.tls.BackendTls;

/// One connect: up to two sockets (`sslmode` allow and prefer try both ways), one deadline, one answer to the listener.
///
/// | from                        | event                                  | to                         |
/// |-----------------------------|----------------------------------------|----------------------------|
/// | CONNECTING                  | socket open, TLS wanted                | SECURING                   |
/// | CONNECTING                  | socket open, no TLS wanted             | LOGGING_IN                 |
/// | SECURING                    | secured; or refused, and `prefer`      | LOGGING_IN                 |
/// | SECURING                    | TLS failed, and `prefer`               | CONNECTING, without TLS    |
/// | LOGGING_IN                  | 28000, and the other way is untried    | CONNECTING, the other way  |
/// | LOGGING_IN                  | ReadyForQuery, the question answered   | ENDED: connected           |
/// | any open                    | any other failure, deadline            | ENDED: failed              |
///
/// Threading: confined to its event loop.
final class ConnectAttempt {
    private enum Step {
        CONNECTING("connecting"), SECURING("the TLS handshake"), LOGGING_IN("the login"), ENDED("the end");

        private final String text;

        Step(String text) {
            this.text = text;
        }
    }

    private final Dialer dialer;
    private final PasswordStretcher stretcher;
    private final SecureRandom random;
    private final EventLoop loop;
    private final BackendTarget target;
    private final BackendListener listener;
    private final Deque<Encryption> untried;
    private final long startNanos;
    private Step step = Step.CONNECTING;
    private Optional<Channel> channel = Optional.empty();
    private Optional<Future<?>> deadline = Optional.empty();

    ConnectAttempt(Dialer dialer, PasswordStretcher stretcher, SecureRandom random, EventLoop loop, BackendTarget target, BackendListener listener) {
        this.dialer = dialer;
        this.stretcher = stretcher;
        this.random = random;
        this.loop = loop;
        this.target = target;
        this.listener = listener;
        this.untried = new ArrayDeque<>(ways(target));
        this.startNanos = loop.ticker().nanoTime();
    }

    /// In which order TLS and plain are tried, as libpq does.
    private static List<Encryption> ways(BackendTarget target) {
        if (target.address().isUnixSocket()) return List.of(Encryption.NONE);
        return switch (target.tls()) {
            case BackendTls.Disabled _ -> List.of(Encryption.NONE);
            case BackendTls.Enabled(var mode, _) -> switch (mode) {
                case DISABLE -> List.of(Encryption.NONE);
                case ALLOW -> List.of(Encryption.NONE, Encryption.TLS);
                case PREFER -> List.of(Encryption.TLS, Encryption.NONE);
                case REQUIRE, VERIFY_CA, VERIFY_FULL -> List.of(Encryption.TLS);
            };
        };
    }

    void start() {
        assert loop.inEventLoop();
        if (target.connectTimeout().isPositive()) deadline = Optional.of(loop.schedule(
                () -> end(new BackendFailure.TimedOut("no connection to " + target.address() + " within "
                        + target.connectTimeout().toMillis() + " ms: still in " + step.text)),
                target.connectTimeout().toNanos(), TimeUnit.NANOSECONDS));
        tryNext();
    }

    private void tryNext() {
        Encryption way = untried.removeFirst();
        step = Step.CONNECTING;
        dialer.dial(loop, target.address(), timeLeft(), () -> step != Step.ENDED, FirstHandler::new, new Dialer.Outcome() {
            @Override
            public void opened(Channel open) {
                if (step == Step.ENDED) {
                    open.close();
                    return;
                }
                channel = Optional.of(open);
                switch (way) {
                    case NONE -> logIn(open, Encryption.NONE, ChannelBinding.NONE);
                    case TLS -> secure(open);
                }
            }

            @Override
            public void unreachable(String text) {
                end(new BackendFailure.Unreachable(text));
            }
        });
    }

    private Duration timeLeft() {
        if (!target.connectTimeout().isPositive()) return Duration.ZERO;
        Duration left = target.connectTimeout().minusNanos(loop.ticker().nanoTime() - startNanos);
        return left.isPositive() ? left : Duration.ofMillis(1);
    }

    private void secure(Channel open) {
        step = Step.SECURING;
        BackendTls.Enabled tls = switch (target.tls()) {
            case BackendTls.Enabled enabled -> enabled;
            case BackendTls.Disabled _ -> throw new IllegalStateException("TLS where it is disabled");
        };
        replaceHandler(open, new TlsNegotiation(tls, target.address(), outcome -> {
            if (step == Step.ENDED) return;
            switch (outcome) {
                case TlsNegotiation.Outcome.Secured(var binding) -> logIn(open, Encryption.TLS, binding);
                case TlsNegotiation.Outcome.RefusedByServer _ -> {
                    if (untried.remove(Encryption.NONE)) logIn(open, Encryption.NONE, ChannelBinding.NONE);
                    else end(new BackendFailure.TlsFailed("the server does not support TLS, and the mode needs it"));
                }
                case TlsNegotiation.Outcome.Failed(var failure) -> failed(open, failure);
            }
        }));
    }

    private void logIn(Channel open, Encryption encryption, ChannelBinding binding) {
        step = Step.LOGGING_IN;
        var proof = new LoginProof(target.user(), target.credential(), binding, stretcher, random);
        replaceHandler(open, new BackendLogin(startup(), proof, target.question(), new BackendLogin.Listener() {
            @Override
            public void ready(BackendLogin.Greeting greeting, ByteBuf early) {
                if (step == Step.ENDED) {
                    early.release();
                    return;
                }
                step = Step.ENDED;
                deadline.ifPresent(timer -> timer.cancel(false));
                open.config().setAutoRead(false);
                listener.connected(open, greeting(greeting, encryption), early);
            }

            @Override
            public void failed(BackendFailure failure) {
                ConnectAttempt.this.failed(open, failure);
            }
        }));
    }

    private BackendGreeting greeting(BackendLogin.Greeting greeting, Encryption encryption) {
        int pid = greeting.key().map(BackendKeyData::backendPid).orElse(0);
        byte[] secretKey = greeting.key().map(BackendKeyData::secretKey).orElse(new byte[0]);
        return new BackendGreeting(greeting.parameterStatus(), pid, secretKey, target.address(), encryption, greeting.answer());
    }

    private StartupMessage startup() {
        var parameters = new LinkedHashMap<String, String>();
        parameters.put("user", target.user());
        parameters.put("database", target.database());
        target.startupParameters().forEach(parameters::putIfAbsent);
        return StartupMessage.of(parameters);
    }

    private void failed(Channel open, BackendFailure failure) {
        if (step == Step.ENDED) return;
        boolean otherWayMayHelp = switch (failure) {
            case BackendFailure.TlsFailed _ -> true;
            // "no pg_hba.conf entry for ..., no encryption" and the like; a wrong password stays wrong.
            case BackendFailure.AuthenticationFailed(var sqlState, _) -> sqlState.equals(SqlState.INVALID_AUTHORIZATION_SPECIFICATION.code());
            case BackendFailure.Unreachable _, BackendFailure.TimedOut _, BackendFailure.Refused _, BackendFailure.ProtocolBroken _ -> false;
        };
        if (otherWayMayHelp && !untried.isEmpty()) {
            channel = Optional.empty();
            open.close();
            tryNext();
        } else {
            end(failure);
        }
    }

    private void end(BackendFailure failure) {
        if (step == Step.ENDED) return;
        step = Step.ENDED;
        deadline.ifPresent(timer -> timer.cancel(false));
        channel.ifPresent(Channel::close);
        listener.failed(failure);
    }

    private static void replaceHandler(Channel open, ChannelHandler handler) {
        if (open.pipeline().get(FirstHandler.class) != null) open.pipeline().remove(FirstHandler.class);
        open.pipeline().addLast(handler);
    }

    /// Holds the place until the socket is open.
    private static final class FirstHandler extends ChannelInboundHandlerAdapter {}
}
