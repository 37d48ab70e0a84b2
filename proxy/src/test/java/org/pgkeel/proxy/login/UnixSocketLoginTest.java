package org.pgkeel.proxy.login;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgkeel.protocol.frontend.PasswordMessage;
import org.pgkeel.protocol.wire.SslRequest;
import org.pgkeel.proxy.config.AuthMethod;
import org.pgkeel.proxy.config.AuthRule;
import org.pgkeel.proxy.config.RuntimeConfig;
import org.pgkeel.proxy.transport.Transport;

class UnixSocketLoginTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @Tag("transport")
    @MethodSource("org.pgkeel.proxy.transport.Transports#wanted")
    void a_client_of_the_unix_socket_is_local_and_gets_no_tls(RuntimeConfig.Transport wanted) throws IOException {
        Transport transport = Transport.choose(wanted);
        var harness = new LoginHarness().method(AuthMethod.REJECT).rule(AuthRule.Connection.LOCAL, AuthMethod.PASSWORD).user("alice", "secret");
        LoginPolicy policy = harness.policy();
        var identity = new CompletableFuture<ClientIdentity>();
        Path path = folder.resolve("s");
        EventLoopGroup group = transport.newGroup(1, "test");
        try {
            new ServerBootstrap().group(group).channel(transport.serverDomainChannel()).childHandler(new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(new ClientLogin(policy, harness.pending, harness.refused, new LoginListener() {
                        @Override
                        public void authenticated(Channel client, ClientIdentity who, ByteBuf early) {
                            early.release();
                            identity.complete(who);
                        }

                        @Override
                        public CompletionStage<Void> cancel(int pid, byte[] secretKey, Channel client) {
                            return CompletableFuture.completedStage(null);
                        }
                    }));
                }
            }).bind(transport.domainAddress(path)).syncUninterruptibly();
            try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                client.connect(UnixDomainSocketAddress.of(path));
                ByteBuf out = Unpooled.buffer();
                SslRequest.INSTANCE.encode(out);
                client.write(out.nioBuffer());
                ByteBuffer answer = ByteBuffer.allocate(1);
                client.read(answer);
                assertThat((char) answer.get(0)).isEqualTo('N');
                out.clear();
                LoginClient.startupMessage("alice", "db", 0).encode(out);
                new PasswordMessage("secret").encode(out);
                client.write(out.nioBuffer());
                ClientIdentity who = identity.orTimeout(90, TimeUnit.SECONDS).join();
                assertThat(who.kind()).isEqualTo(ConnectionKind.UNIX_SOCKET);
                assertThat(who.address()).isNotNull();
            }
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }
}
