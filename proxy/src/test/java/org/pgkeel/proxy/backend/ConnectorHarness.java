package org.pgkeel.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.pgkeel.failover.topology.NodeAddress;
import org.pgkeel.proxy.config.BackendTlsConfig;
import org.pgkeel.proxy.config.RuntimeConfig;
import org.pgkeel.proxy.config.Secret;
import org.pgkeel.proxy.config.TlsMode;
import org.pgkeel.proxy.postgres.TestCertificates;
import org.pgkeel.proxy.tls.BackendTls;
import org.pgkeel.proxy.tls.TlsContexts;
import org.pgkeel.proxy.transport.Transport;

/// Connects for tests, on an event loop of its own, and waits for the answer.
final class ConnectorHarness implements AutoCloseable {
    static final Duration WAIT = Duration.ofSeconds(60);
    /// More than the helper has threads.
    static final int HANGING = 5;

    /// How a connect ended.
    sealed interface Result {
        record Connected(Channel channel, BackendGreeting greeting, int earlyBytes) implements Result {}

        record Failed(BackendFailure failure) implements Result {}
    }

    final Transport transport;
    final EventLoopGroup group;
    final ExecutorService helper = Executors.newFixedThreadPool(2);
    final BackendConnector connector;
    /// Counts the names that are looked up in vain.
    final CountDownLatch asked = new CountDownLatch(HANGING);
    private final CompletableFuture<Void> end = new CompletableFuture<>();

    ConnectorHarness(RuntimeConfig.Transport wanted) {
        transport = Transport.choose(wanted);
        group = transport.newGroup(1, "test");
        connector = new BackendConnector(transport, this::lookUp, helper, _ -> new AdaptiveRecvByteBufAllocator());
    }

    /// `other.example` is this host under a name that no certificate has; `two.example` has an address where nobody listens, too.
    /// `hangs-1.example` and the like have a name server that says nothing until the end.
    private InetAddress[] lookUp(String host) throws UnknownHostException {
        if (host.startsWith("hangs")) {
            asked.countDown();
            end.join();
            throw new UnknownHostException(host);
        }
        return switch (host) {
            case "other.example" -> new InetAddress[] {InetAddress.getByName("127.0.0.1")};
            case "two.example" -> new InetAddress[] {InetAddress.getByName("::1"), InetAddress.getByName("127.0.0.1")};
            default -> InetAddress.getAllByName(host);
        };
    }

    EventLoop loop() {
        return group.next();
    }

    static Credential password(String text) {
        return new Credential.Password(new Secret(text));
    }

    static BackendTls tls(TlsMode mode, TestCertificates certificates) {
        return TlsContexts.client("main", new BackendTlsConfig(mode, Optional.of(certificates.caCert()), Optional.empty(), Optional.empty()));
    }

    /// Without a `ca`: whatever the server shows is taken.
    static BackendTls tls(TlsMode mode) {
        return TlsContexts.client("main", new BackendTlsConfig(mode, Optional.empty(), Optional.empty(), Optional.empty()));
    }

    static BackendTarget target(NodeAddress address, String user, Credential credential, BackendTls tls, Duration timeout) {
        var parameters = new LinkedHashMap<String, String>();
        parameters.put("application_name", "connector_test");
        return new BackendTarget(address, "app", user, credential, tls, parameters, timeout);
    }

    Result connect(NodeAddress address, String user, Credential credential, BackendTls tls) {
        return connect(target(address, user, credential, tls, WAIT));
    }

    Result connect(BackendTarget target) {
        var result = new CompletableFuture<Result>();
        connector.connect(loop(), target, new BackendListener() {
            @Override
            public void connected(Channel channel, BackendGreeting greeting, ByteBuf early) {
                int bytes = early.readableBytes();
                early.release();
                result.complete(new Result.Connected(channel, greeting, bytes));
            }

            @Override
            public void failed(BackendFailure failure) {
                result.complete(new Result.Failed(failure));
            }
        });
        return result.orTimeout(WAIT.toSeconds() + 5, TimeUnit.SECONDS).join();
    }

    /// Connects and closes again.
    BackendGreeting greeting(NodeAddress address, String user, Credential credential, BackendTls tls) {
        return switch (connect(address, user, credential, tls)) {
            case Result.Connected(var channel, var greeting, _) -> {
                channel.close().syncUninterruptibly();
                yield greeting;
            }
            case Result.Failed(var failure) -> throw new AssertionError(failure.toString());
        };
    }

    BackendFailure failure(NodeAddress address, String user, Credential credential, BackendTls tls) {
        return failure(target(address, user, credential, tls, WAIT));
    }

    BackendFailure failure(BackendTarget target) {
        return switch (connect(target)) {
            case Result.Connected(var channel, var greeting, _) -> {
                channel.close();
                throw new AssertionError("connected: " + greeting);
            }
            case Result.Failed(var failure) -> failure;
        };
    }

    @Override
    public void close() {
        end.complete(null);
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        helper.shutdownNow();
    }
}
