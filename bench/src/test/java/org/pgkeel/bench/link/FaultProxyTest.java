package org.pgkeel.bench.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgkeel.bench.link.Treatment.Way;

@Timeout(180)
class FaultProxyTest {
    private static final int SILENCE_MS = 300;

    private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final BlockingQueue<Socket> accepted = new LinkedBlockingQueue<>();
    private ServerSocket server;
    private Thread accepting;
    private FaultProxy proxy;

    @BeforeEach
    void start() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        opened.add(server);
        accepting = Thread.ofVirtual().start(() -> {
            try {
                while (true) accepted.add(server.accept());
            } catch (IOException closed) {
                // The test is over.
            }
        });
        proxy = proxy(Introduction.postgres(Set.of("replicator")));
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : opened.reversed()) each.close();
        for (Socket socket : accepted) socket.close();
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }

    @Test
    void bytes_pass_both_ways_and_so_does_a_close() throws Exception {
        byte[] much = new byte[3_000_000];
        new java.util.Random(1).nextBytes(much);
        Socket client = client();
        Thread writer = Thread.ofVirtual().start(() -> write(client, much));
        Socket at = serverSide();
        assertThat(at.getInputStream().readNBytes(much.length)).isEqualTo(much);
        writer.join();
        write(at, much);
        assertThat(client.getInputStream().readNBytes(much.length)).isEqualTo(much);
        write(at, "last".getBytes(StandardCharsets.US_ASCII));
        at.close();
        assertThat(client.getInputStream().readAllBytes()).asString().isEqualTo("last");
        client.close();
        awaitConnections(0);
    }

    @Test
    void a_silent_link_lets_nothing_pass_and_tells_of_no_close_until_it_is_healed() throws Exception {
        Socket client = client();
        write(client, "a".getBytes(StandardCharsets.US_ASCII));
        Socket at = serverSide();
        assertThat(at.getInputStream().read()).isEqualTo('a');

        proxy.spoil("x", Caller.ANYONE, new Treatment.Silent());
        write(at, "answer".getBytes(StandardCharsets.US_ASCII));
        at.close();
        assertSilence(client);
        Socket late = client();
        assertSilence(late);

        proxy.heal("x");
        assertThat(client.getInputStream().readAllBytes()).asString().isEqualTo("answer");
        write(late, "b".getBytes(StandardCharsets.US_ASCII));
        assertThat(serverSide().getInputStream().read()).isEqualTo('b');
    }

    @Test
    void clients_can_be_cut_off_while_standbys_stream_on() throws Exception {
        Socket standby = client();
        write(standby, startup("replicator", "n2"));
        Socket standbyAt = serverSide();
        standbyAt.getInputStream().readNBytes(startup("replicator", "n2").length);
        Socket client = client();
        write(client, startup("app", "any"));
        Socket clientAt = serverSide();
        clientAt.getInputStream().readNBytes(startup("app", "any").length);

        proxy.spoil("clients", Caller.CLIENTS, new Treatment.Silent());
        write(standbyAt, new byte[] {1});
        write(clientAt, new byte[] {2});
        assertThat(standby.getInputStream().read()).isEqualTo(1);
        assertSilence(client);
        Socket newStandby = client();
        write(newStandby, sslRequest());
        Socket newStandbyAt = serverSide();
        newStandbyAt.getInputStream().readNBytes(8);
        write(newStandbyAt, new byte[] {'N'});
        assertThat(newStandby.getInputStream().read()).isEqualTo('N');
        write(newStandby, startup("replicator", "n3"));
        assertThat(newStandbyAt.getInputStream().readNBytes(8)).hasSize(8);
        Socket newClient = client();
        write(newClient, startup("app", "any"));
        assertSilence(serverSide());

        proxy.spoil("n2", Caller.node("n2"), new Treatment.Reset());
        assertThatThrownBy(() -> standby.getInputStream().read()).isInstanceOf(SocketException.class);
        write(newStandbyAt, new byte[] {3});
        assertThat(newStandby.getInputStream().read()).isEqualTo(3);
    }

    @Test
    void a_half_open_link_has_lost_its_server_and_its_client_is_not_told() throws Exception {
        Socket client = client();
        write(client, new byte[] {'a'});
        Socket at = serverSide();
        at.getInputStream().read();

        proxy.spoil("x", Caller.ANYONE, new Treatment.HalfOpen());
        assertThatThrownBy(() -> at.getInputStream().read()).isInstanceOf(SocketException.class);
        write(client, new byte[] {'b'});
        assertSilence(client);

        proxy.heal("x");
        assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
        awaitConnections(0);
    }

    @Test
    void a_cut_in_mid_message_delivers_its_first_half_and_then_the_end() throws Exception {
        Socket client = client();
        write(client, new byte[] {'a'});
        Socket at = serverSide();
        at.getInputStream().read();
        proxy.spoil("x", Caller.ANYONE, new Treatment.Cut(Way.TO_CLIENT, 10));

        write(at, new byte[] {1, 2, 3});
        assertThat(client.getInputStream().readNBytes(3)).containsExactly(1, 2, 3);
        var message = new byte[50];   // its length says 49
        message[4] = 49;
        write(at, message);
        assertThat(client.getInputStream().readAllBytes()).hasSize(25);
        assertThatThrownBy(() -> at.getInputStream().read()).isInstanceOf(SocketException.class);
    }

    @Test
    void a_cut_is_never_between_two_messages() throws Exception {
        Socket client = client();
        write(client, new byte[] {'a'});
        Socket at = serverSide();
        at.getInputStream().read();
        proxy.spoil("x", Caller.ANYONE, new Treatment.Cut(Way.TO_CLIENT, 10));

        write(at, new byte[] {'Z', 0, 0, 0, 5, 'I', 'Z', 0, 0, 0, 5, 'I'});
        assertThat(client.getInputStream().readAllBytes()).hasSize(5);
    }

    @Test
    void a_delayed_link_keeps_order_and_delivers_late() throws Exception {
        proxy.spoil("x", Caller.ANYONE, new Treatment.Delay(Duration.ofMillis(120), Duration.ofMillis(30)));
        Socket client = client();
        long sent = System.nanoTime();
        Thread writer = Thread.ofVirtual().start(() -> {
            for (int i = 0; i < 100; i++) write(client, new byte[] {(byte) i});
        });
        byte[] got = serverSide().getInputStream().readNBytes(100);
        assertThat(System.nanoTime() - sent).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(119));
        writer.join();
        for (int i = 0; i < 100; i++) assertThat(got[i]).isEqualTo((byte) i);
    }

    @Test
    void a_refusing_link_refuses_and_leaves_open_connections_alone() throws Exception {
        Socket client = client();
        write(client, new byte[] {'a'});
        Socket at = serverSide();
        at.getInputStream().read();

        proxy.spoil("x", Caller.ANYONE, new Treatment.Refuse());
        assertThatThrownBy(this::client).isInstanceOf(ConnectException.class);
        write(at, new byte[] {'b'});
        assertThat(client.getInputStream().read()).isEqualTo('b');

        proxy.heal("x");
        write(client(), new byte[] {'c'});
        assertThat(serverSide().getInputStream().read()).isEqualTo('c');
    }

    @Test
    void while_the_server_does_not_listen_nobody_does() throws Exception {
        proxy.serverListens(false);
        assertThatThrownBy(this::client).isInstanceOf(ConnectException.class);
        proxy.serverListens(true);
        write(client(), new byte[] {'c'});
        assertThat(serverSide().getInputStream().read()).isEqualTo('c');
    }

    @Test
    void a_server_that_is_gone_gives_a_reset() throws Exception {
        server.close();
        accepting.join();   // Until it has noticed, the kernel goes on listening, and it may accept one more.
        assertThatThrownBy(() -> client().getInputStream().read()).isInstanceOf(SocketException.class);
        awaitConnections(0);
    }

    @Test
    void a_link_that_answers_nonsense_asks_no_server() throws Exception {
        FaultProxy rest = proxy(Introduction.PATRONI_REST);
        rest.spoil("x", Caller.CLIENTS, new Treatment.Answer(List.of("HTTP/1.0 200 OK\r\n\r\n<html>".getBytes(StandardCharsets.US_ASCII))));
        Socket client = connect(rest);
        write(client, "GET /cluster HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(client.getInputStream().readAllBytes()).asString().endsWith("<html>");
        Socket peer = connect(rest);
        write(peer, "GET /patroni HTTP/1.1\r\nUser-Agent: Patroni/4.0.7\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        Socket first = serverSide();
        Socket second = serverSide();
        // The first connection was opened before its caller was known, and got nothing.
        assertThatThrownBy(() -> first.getInputStream().read()).isInstanceOf(SocketException.class);
        assertThat(second.getInputStream().readNBytes(12)).asString().isEqualTo("GET /patroni");
    }

    private FaultProxy proxy(Introduction introduction) throws IOException {
        int port;
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        var made = new FaultProxy(loop, new InetSocketAddress("127.0.0.1", port), new InetSocketAddress("127.0.0.1", server.getLocalPort()), introduction);
        opened.add(made);
        return made;
    }

    private Socket client() throws IOException {
        return connect(proxy);
    }

    private Socket connect(FaultProxy to) throws IOException {
        var socket = new Socket();
        opened.add(socket);
        socket.connect(to.address(), 60_000);
        socket.setSoTimeout(60_000);
        socket.setTcpNoDelay(true);
        return socket;
    }

    private Socket serverSide() throws Exception {
        Socket socket = accepted.poll(60, TimeUnit.SECONDS);
        assertThat(socket).as("the server got a connection").isNotNull();
        opened.add(socket);
        socket.setSoTimeout(60_000);
        socket.setTcpNoDelay(true);
        return socket;
    }

    private void awaitConnections(int count) {
        org.awaitility.Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> proxy.connections() == count);
    }

    private static void assertSilence(Socket socket) throws IOException {
        socket.setSoTimeout(SILENCE_MS);
        InputStream in = socket.getInputStream();
        assertThatThrownBy(in::read).isInstanceOf(SocketTimeoutException.class);
        socket.setSoTimeout(60_000);
    }

    private static void write(Socket socket, byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static byte[] startup(String user, String applicationName) throws IOException {
        var body = new ByteArrayOutputStream();
        body.write(("user\0" + user + "\0application_name\0" + applicationName + "\0\0").getBytes(StandardCharsets.US_ASCII));
        var message = new ByteArrayOutputStream();
        var out = new DataOutputStream(message);
        out.writeInt(8 + body.size());
        out.writeInt(3 << 16);
        body.writeTo(out);
        return message.toByteArray();
    }

    private static byte[] sslRequest() throws IOException {
        var message = new ByteArrayOutputStream();
        var out = new DataOutputStream(message);
        out.writeInt(8);
        out.writeInt(80877103);
        return message.toByteArray();
    }
}
