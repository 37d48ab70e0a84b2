package org.pgkeel.proxy.login;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.frontend.SaslInitialResponse;
import org.pgkeel.protocol.wire.GssEncRequest;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.SslRequest;
import org.pgkeel.proxy.refusal.RefusalReason;

/// Mangled logins. Replay one with `-Dpgkeel.seed=SEED`.
class LoginFuzzTest {
    private static final int INPUTS = 5_000;

    @Test
    void mangled_logins_wait_or_end_and_are_never_a_bug() {
        long seed = Long.getLong("pgkeel.seed", System.nanoTime());
        System.out.println("LoginFuzzTest: -Dpgkeel.seed=" + seed);
        var random = new Random(seed);
        var harness = new LoginHarness().user("alice", "secret");
        LoginPolicy policy = harness.policy();
        for (int i = 0; i < INPUTS; i++) {
            try (var client = new LoginClient(policy, harness.pending, harness.refused, LoginClient.TCP)) {
                ByteBuf bytes = mangled(random);
                while (bytes.isReadable() && client.isOpen()) {
                    client.sendBytes(bytes.readRetainedSlice(Math.min(bytes.readableBytes(), 1 + random.nextInt(64))));
                }
                bytes.release();
                assertThat(client.identity()).as("input %d of seed %d", i, seed).isEmpty();
                assertThat(client.refusals).as("input %d of seed %d", i, seed)
                        .allMatch(refusal -> refusal.reason() != RefusalReason.INTERNAL_ERROR);
                client.pass(61);
                assertThat(client.isOpen()).as("input %d of seed %d", i, seed).isFalse();
            }
        }
        assertThat(harness.pending.count()).isZero();
    }

    private static ByteBuf mangled(Random random) {
        ByteBuf out = Unpooled.buffer();
        if (random.nextInt(4) == 0) SslRequest.INSTANCE.encode(out);
        if (random.nextInt(4) == 0) GssEncRequest.INSTANCE.encode(out);
        LoginClient.startupMessage("alice", "db", random.nextInt(4)).encode(out);
        new SaslInitialResponse("SCRAM-SHA-256", Octets.ofText("n,,n=,r=" + Long.toHexString(random.nextLong()))).encode(out);
        for (int flips = random.nextInt(6); flips > 0; flips--) {
            int at = random.nextInt(out.writerIndex());
            switch (random.nextInt(3)) {
                case 0 -> out.setByte(at, random.nextInt());
                case 1 -> out.writerIndex(Math.max(1, at));
                default -> out.writeByte(random.nextInt());
            }
        }
        return out;
    }
}
