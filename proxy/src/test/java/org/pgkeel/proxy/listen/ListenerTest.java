package org.pgkeel.proxy.listen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgkeel.proxy.config.ListenConfig;
import org.pgkeel.proxy.config.RuntimeConfig;
import org.pgkeel.proxy.config.ServerTlsConfig;
import org.pgkeel.proxy.config.TlsMode;
import org.pgkeel.proxy.transport.Transport;

/// The Unix-domain socket, whose folder others use too.
final class ListenerTest {
    @TempDir
    private Path folder;
    private final Transport transport = Transport.choose(RuntimeConfig.Transport.AUTO);
    private final EventLoopGroup loops = transport.newGroup(1, "test-listener");
    private final AtomicInteger accepted = new AtomicInteger();

    @AfterEach
    void stop() {
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private Listener open(int port) throws IOException {
        var tls = new ServerTlsConfig(TlsMode.DISABLE, Optional.empty(), Optional.empty(), Optional.empty());
        return Listener.open(new ListenConfig("127.0.0.1", port, Optional.of(folder), 16, tls), transport, loops, _ -> accepted.incrementAndGet());
    }

    private Path file(int port) {
        return folder.resolve(".s.PGSQL." + port);
    }

    @Test
    void everybody_may_connect_to_it_and_it_goes_with_its_server() throws IOException {
        try (Listener listener = open(0)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file(listener.port())))).isEqualTo("rwxrwxrwx");
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void what_a_killed_server_left_is_replaced_and_what_a_living_one_has_is_not() throws IOException {
        int port;
        try (Listener listener = open(0)) {
            port = listener.port();
        }
        try (var dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(file(port)));
        }
        assertThat(file(port)).exists();
        try (Listener listener = open(port); var client = SocketChannel.open(UnixDomainSocketAddress.of(file(port)))) {
            await().until(() -> accepted.get() == 1);
            assertThat(client.isConnected()).isTrue();
        }

        try (var alive = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            alive.bind(UnixDomainSocketAddress.of(file(port)));
            assertThatThrownBy(() -> open(port)).isInstanceOf(IOException.class)
                    .hasMessageContaining(file(port).toString()).hasMessageContaining("another process listens there").hasMessageContaining("listen.unix-socket-directory");
            try (var client = SocketChannel.open(UnixDomainSocketAddress.of(file(port)))) {
                assertThat(client.isConnected()).as("its clients still find it").isTrue();
            }
        }
    }
}
