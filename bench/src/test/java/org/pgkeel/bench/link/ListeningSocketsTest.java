package org.pgkeel.bench.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;

class ListeningSocketsTest {
    @Test
    void a_listener_is_seen_at_its_own_address_only_and_until_it_closes() throws IOException {
        InetSocketAddress address;
        try (var server = new ServerSocket(0, 1, InetAddress.getByName("127.0.1.7"))) {
            address = new InetSocketAddress("127.0.1.7", server.getLocalPort());
            ListeningSockets now = ListeningSockets.now();
            assertThat(now.has(address)).isTrue();
            assertThat(now.has(new InetSocketAddress("127.0.1.8", server.getLocalPort()))).isFalse();
        }
        assertThat(ListeningSockets.now().has(address)).isFalse();
    }
}
