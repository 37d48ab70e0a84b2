package org.pgkeel.proxy.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgkeel.proxy.relay.BackendBytes.server;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgkeel.proxy.pool.PooledConnection;
import org.pgkeel.proxy.prepare.SharedStatement;
import org.pgkeel.proxy.prepare.StatementCache;
import org.pgkeel.proxy.settings.Settings;

/// A server that does not speak the protocol is given up, whatever it says instead.
class BrokenProtocolTest {
    static Stream<BackendBytes> garbage() {
        return Stream.of(
                server().message('?'),
                server().message('\0'),
                server().raw('D', 3),
                server().raw('D', 0),
                server().raw('D', -1),
                server().raw('D', Integer.MIN_VALUE),
                server().raw('D', Integer.MAX_VALUE),
                server().raw('D', 0x40000004),
                server().raw('Z', 1_000_000),
                server().raw('C', 1_000_000),
                server().message('Z'),
                server().message('Z', (byte) 'X'),
                server().message('Z', (byte) 'I', (byte) 'I'),
                server().message('R', "\0\0\0\0"),
                server().message('K', "\0\0\0\1\0\0\0\1"),
                server().message('S', "no terminator"),
                server().complete("SELECT 1").ready('I').ready('I'));
    }

    @ParameterizedTest
    @MethodSource("garbage")
    void a_server_that_breaks_the_protocol_is_given_up(BackendBytes rubbish) {
        try (var world = new RelayWorld()) {
            world.exchange().expectEffect("effect", 1);
            world.exchange().querySent();
            world.says(rubbish);
            assertThat(world.connection.state()).isEqualTo(PooledConnection.State.CLOSED);
            assertThat(world.client.heard.getLast()).startsWith("lost: the server broke the protocol");
            assertThat(world.pool.open()).isZero();
            assertThat(world.server.isOpen()).isFalse();
        }
    }

    @Test
    void mangled_replies_pass_or_are_a_broken_protocol_and_never_a_bug() {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        var random = new Random(seed);
        byte[] whole = server().message('1').message('2').message('t', "\0\0").columns().row("x").complete("SELECT 1").message('N', "SNOTICE\0\0")
                .message('S', "a\0b\0").ready('I').error("ERROR", "0A000").ready('I').bytes();
        for (int round = 0; round < 2000; round++) {
            byte[] mangled = whole.clone();
            for (int i = random.nextInt(4); i >= 0; i--) mangled[random.nextInt(mangled.length)] = (byte) (random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(8));
            int split = random.nextInt(mangled.length);
            try (var world = new RelayWorld()) {
                var exchange = world.exchange();
                exchange.expectOwnReply(null);
                exchange.messageSent();
                exchange.messageSent();
                exchange.expectShape(statement());
                exchange.messageSent();
                exchange.expectEffect("effect");
                exchange.executeSent();
                exchange.syncSent();
                exchange.querySent();
                world.says(mangled, 0, split);
                if (world.server.isOpen()) world.says(mangled, split, mangled.length);
                assertThat(world.client.heard).as("-Dpgkeel.seed=%s, round %s", seed, round).noneMatch(word -> word.contains("closed the connection"));
                world.server.close();
            }
        }
    }

    private static SharedStatement statement() {
        byte[] body = "select 1\0\0\0".getBytes(StandardCharsets.US_ASCII);
        return new StatementCache(() -> 1000).ownOf(Settings.NONE, 0, Unpooled.wrappedBuffer(body), 0, body.length);
    }

    static Stream<BackendBytes> repliesToNobody() {
        return Stream.of(server().complete("SELECT 1"), server().message('G', "\0\0\0"));
    }

    @ParameterizedTest
    @MethodSource("repliesToNobody")
    void replies_to_nobody_are_a_broken_protocol_and_what_may_come_at_any_time_is_not(BackendBytes reply) {
        try (var world = new RelayWorld()) {
            world.connection.endLease(world.connection.applied(), System.nanoTime());
            world.says(server().message('N', "SNOTICE\0\0").message('S', "a\0b\0").message('A', "\0\0\0\7ch\0\0"));
            assertThat(world.connection.state()).isEqualTo(PooledConnection.State.IDLE);
            world.says(reply);
            assertThat(world.connection.state()).isEqualTo(PooledConnection.State.CLOSED);
            assertThat(world.client.got()).isEmpty();
        }
    }
}
