package org.pgkeel.proxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.auth.ScramVerifier;
import org.pgkeel.protocol.frontend.PasswordMessage;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.StartupMessage;
import org.pgkeel.proxy.postgres.PostgresFixture;
import org.pgkeel.proxy.postgres.SharedPostgres;

/// Clients that mean no good, or do not know how to speak, while others work.
class LoginSurfaceEndToEndTest {
    private static final int SLOW_LOGINS = 1_000;
    private static final byte[] HALF_STARTUP = ByteBuffer.allocate(12).putInt(100).putInt(3 << 16).put("user".getBytes(StandardCharsets.US_ASCII)).array();

    private final PostgresFixture postgres = SharedPostgres.get();

    private static Socket socket(TestProxy proxy) throws IOException {
        var socket = new Socket();
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port()), 60_000);
        socket.setSoTimeout(90_000);
        return socket;
    }

    private static void closeAll(List<Socket> sockets) throws IOException {
        for (Socket socket : sockets) socket.close();
    }

    @Test
    void a_thousand_half_open_logins_are_cut_in_time_while_others_come_in() throws Exception {
        List<Socket> slow = new ArrayList<>();
        try (TestProxy proxy = TestProxy.start(postgres, "timeouts.login = 8s\nauth.pending-max = 1100\nlimits.clients = 50")) {
            for (int i = 0; i < SLOW_LOGINS; i++) {
                Socket socket = socket(proxy);
                if (i % 2 == 0) socket.getOutputStream().write(HALF_STARTUP);
                slow.add(socket);
            }
            for (int i = 0; i < 10; i++) {
                try (Connection client = proxy.connect()) {
                    assertThat(TestProxy.value(client, "select 'in'")).isEqualTo("in");
                }
            }
            long begun = System.nanoTime();
            for (Socket socket : slow) assertThat(firstBytesThenEnd(socket)).matches(answer -> answer.isEmpty() || answer.startsWith("E"));
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(60));
            await().until(() -> proxy.server().pendingLogins().count() == 0);
        } finally {
            closeAll(slow);
        }
    }

    @Test
    void passwords_that_take_long_to_check_keep_nobody_from_looking_for_servers() throws Exception {
        Octets nobodys = Octets.of(new byte[32]);
        String verifier = new ScramVerifier(30_000_000, Octets.ofText("0123456789abcdef"), nobodys, nobodys).secret();
        List<Socket> slow = new ArrayList<>();
        try (RunningProxy proxy = RunningProxy.start(postgres, RunningProxy.config(postgres, 2, "").replace("[\"" + postgres.host(), "[\"localhost")
                + "auth.rules = [ { type = hostnossl, user = slow, method = password }, { user = app, method = trust } ]\n")) {
            proxy.writeUsers(Map.of("slow", verifier));
            assertThat(proxy.server().reload()).isEmpty();
            for (int i = 0; i < 2; i++) {
                var client = new Socket(InetAddress.getLoopbackAddress(), proxy.server().port());
                client.setSoTimeout(60_000);
                slow.add(client);
                ByteBuf startup = Unpooled.buffer();
                StartupMessage.of(new LinkedHashMap<>(Map.of("user", "slow", "database", "app"))).encode(startup);
                client.getOutputStream().write(startup.array(), 0, startup.readableBytes());
                assertThat((char) client.getInputStream().read()).as("asks for the password").isEqualTo('R');
                ByteBuf password = Unpooled.buffer();
                new PasswordMessage("wrong").encode(password);
                client.getOutputStream().write(password.array(), 0, password.readableBytes());
            }
            await().until(() -> proxy.server().pendingLogins().count() == 2);

            assertThat(RunningProxy.value(proxy.connect(), "select 'in'")).isEqualTo("in");
            assertThat(proxy.server().pendingLogins().count()).as("still at work").isEqualTo(2);
        } finally {
            closeAll(slow);
        }
    }

    @Test
    void logins_beyond_the_limit_are_refused_at_once_and_the_places_come_back() throws Exception {
        List<Socket> slow = new ArrayList<>();
        try (TestProxy proxy = TestProxy.start(postgres, "timeouts.login = 10m\nauth.pending-max = 20")) {
            for (int i = 0; i < 20; i++) slow.add(socket(proxy));
            await().until(() -> proxy.server().pendingLogins().count() == 20);
            try (Socket oneMore = socket(proxy)) {
                assertThat(firstBytesThenEnd(oneMore)).startsWith("E").contains("53300").contains("auth.pending-max");
            }
            closeAll(slow);
            await().until(() -> proxy.server().pendingLogins().count() == 0);
            try (Connection client = proxy.connect()) {
                assertThat(TestProxy.value(client, "select 'in'")).isEqualTo("in");
            }
        } finally {
            closeAll(slow);
        }
    }

    @Test
    void garbage_before_and_after_the_login_ends_its_own_connection_only() throws Exception {
        long seed = Long.getLong("pgkeel.garbage.seed", System.nanoTime());
        System.out.println("garbage seed " + seed);
        var random = new SplittableRandom(seed);
        try (TestProxy proxy = TestProxy.start(postgres, "auth.rules = [ { type = host, user = [app], method = trust } ]\ntimeouts.login = 6s");
                Connection witness = proxy.connect("ApplicationName", "witness")) {
            for (int i = 0; i < 300; i++) {
                byte[] garbage = new byte[1 + random.nextInt(400)];
                for (int at = 0; at < garbage.length; at++) garbage[at] = (byte) random.nextInt();
                try (Socket socket = socket(proxy)) {
                    if (i % 2 == 0) logIn(socket);
                    socket.getOutputStream().write(garbage);
                    if (i % 3 == 0) socket.shutdownOutput();
                    if (i % 3 == 0) socket.getInputStream().readAllBytes();
                } catch (IOException cut) {
                    // The proxy closed in the middle of the garbage, as it should.
                }
                if (i % 20 == 0) assertThat(TestProxy.value(witness, "show application_name")).isEqualTo("witness");
            }
            await().until(() -> proxy.server().admission().clients() == 1 && proxy.server().pendingLogins().count() == 0);
        }
    }

    @Test
    void impossible_lengths_are_refused_at_once_while_the_client_holds_on() throws Exception {
        try (TestProxy proxy = TestProxy.start(postgres, "auth.rules = [ { type = host, user = [app], method = trust } ]\ntimeouts.login = 10m")) {
            for (int length : new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE, -1, 0, 3}) {
                try (Socket before = socket(proxy)) {
                    before.setSoTimeout(60_000);
                    before.getOutputStream().write(ByteBuffer.allocate(8).putInt(length).putInt(3 << 16).array());
                    assertThat(firstBytesThenEnd(before)).matches(answer -> answer.isEmpty() || answer.contains("08P01"));
                }
                for (char type : "QPBDECSHFdcfX?".toCharArray()) {
                    try (Socket after = socket(proxy)) {
                        after.setSoTimeout(60_000);
                        logIn(after);
                        after.getOutputStream().write(ByteBuffer.allocate(9).put((byte) type).putInt(length).putInt(0).array());
                        assertThat(firstBytesThenEnd(after)).as("type %s, length %d", type, length).matches(answer -> answer.isEmpty() || answer.contains("08P01"));
                    }
                }
            }
        }
    }

    private static void logIn(Socket socket) throws IOException {
        byte[] parameters = "user\0app\0database\0app\0\0".getBytes(StandardCharsets.US_ASCII);
        socket.getOutputStream().write(ByteBuffer.allocate(8 + parameters.length).putInt(8 + parameters.length).putInt(3 << 16).put(parameters).array());
        InputStream in = socket.getInputStream();
        while (true) {
            int type = in.read();
            if (type < 0) throw new IOException("the login ended");
            int length = ByteBuffer.wrap(in.readNBytes(4)).getInt();
            in.readNBytes(length - 4);
            if (type == 'Z') return;
        }
    }

    /// What the proxy says until it closes.
    private static String firstBytesThenEnd(Socket socket) throws IOException {
        try {
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (java.net.SocketException reset) {
            return "";
        }
    }
}
