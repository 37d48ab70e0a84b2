package org.pgkeel.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.pgkeel.protocol.auth.ChannelBinding;
import org.pgkeel.protocol.auth.ScramChallenge;
import org.pgkeel.protocol.auth.ScramClient;
import org.pgkeel.protocol.auth.ScramSecret;
import org.pgkeel.protocol.auth.ScramServer;
import org.pgkeel.protocol.auth.ScramVerifier;
import org.pgkeel.protocol.auth.TlsServerEndPoint;
import org.pgkeel.protocol.backend.BackendMessage;
import org.pgkeel.protocol.frontend.FrontendMessage;
import org.pgkeel.protocol.frontend.FrontendPhase;
import org.pgkeel.protocol.wire.Frame;
import org.pgkeel.protocol.wire.FrameDecoder;
import org.pgkeel.protocol.wire.FrameLimits;
import org.pgkeel.protocol.wire.Octets;
import org.pgkeel.protocol.wire.ProtocolViolation;
import org.pgkeel.protocol.wire.StartupPacket;

/// Garbage, and valid messages with something changed: nothing but a message or a [ProtocolViolation] comes out,
/// and no more memory is asked for than the bytes that are there justify.
/// Replay a run with `-Dpgkeel.fuzz.seed=SEED`, lengthen it with `-Dpgkeel.fuzz.runs=N`.
class DecoderFuzzTest {
    private static final int RUNS = Integer.getInteger("pgkeel.fuzz.runs", 20_000);
    private static final long ALLOCATED_BYTES_BASE = 8 * 1024;
    private static final long ALLOCATED_BYTES_PER_BYTE = 200;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final long seed = Long.getLong("pgkeel.fuzz.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @BeforeEach void print_the_seed() {
        System.out.println("DecoderFuzzTest: -Dpgkeel.fuzz.seed=" + seed);
    }

    private interface Decoding {
        void run(ByteBuf input);
    }

    /// @return whether the input was refused
    private boolean refused(byte[] input, Decoding decoding) {
        long allowed = ALLOCATED_BYTES_BASE + ALLOCATED_BYTES_PER_BYTE * input.length;
        long before = THREADS.getCurrentThreadAllocatedBytes();
        boolean refused = decodingRefuses(input, decoding);
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        if (allocated > allowed) {
            // The first time on a path the JVM links it, and allocates for that; the second time shows the decoder alone.
            before = THREADS.getCurrentThreadAllocatedBytes();
            decodingRefuses(input, decoding);
            allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        }
        assertThat(allocated).as("bytes allocated, seed %d, input of %d bytes", seed, input.length).isLessThanOrEqualTo(allowed);
        return refused;
    }

    private boolean decodingRefuses(byte[] input, Decoding decoding) {
        try {
            decoding.run(Unpooled.wrappedBuffer(input));
            return false;
        } catch (ProtocolViolation expected) {
            return true;
        } catch (Throwable other) {
            throw new AssertionError("seed " + seed + ", input " + HexFormat.of().formatHex(input), other);
        }
    }

    @Test void bodies_decode_or_are_refused() {
        List<byte[]> frontend = MessageSamples.frontend().stream().map(message -> encoded(message::encode)).toList();
        List<byte[]> backend = MessageSamples.backend().stream().map(message -> encoded(message::encode)).toList();
        int refused = 0;
        for (int run = 0; run < RUNS; run++) {
            byte[] fromClient = body(mutated(pick(frontend)));
            FrontendPhase phase = FrontendPhase.values()[random.nextInt(FrontendPhase.values().length)];
            byte clientType = type(frontend);
            if (refused(fromClient, in -> FrontendMessage.decode(phase, clientType, in))) refused++;
            byte[] fromServer = body(mutated(pick(backend)));
            byte serverType = type(backend);
            if (refused(fromServer, in -> BackendMessage.decode(serverType, in))) refused++;
        }
        assertThat(refused).as("refused, seed %d", seed).isBetween(RUNS / 2, 2 * RUNS - 1);
    }

    @Test void startup_packets_decode_or_are_refused_or_wait() {
        List<byte[]> packets = MessageSamples.startup().stream().map(packet -> encoded(packet::encode)).toList();
        int refused = 0;
        for (int run = 0; run < RUNS; run++) {
            if (refused(mutated(pick(packets)), in -> StartupPacket.decode(in, StartupPacket.BYTES_MAX))) refused++;
        }
        assertThat(refused).as("refused, seed %d", seed).isBetween(RUNS / 10, RUNS - 1);
    }

    @Test void streams_cut_anywhere_become_frames_or_are_refused_once() {
        List<byte[]> messages = new ArrayList<>(MessageSamples.frontend().stream().map(message -> encoded(message::encode)).toList());
        for (int run = 0; run < RUNS / 20; run++) {
            var channel = new EmbeddedChannel(new FrameDecoder(FrameLimits.frontend(1000)));
            int refusals = 0;
            for (int part = 0; part < 10; part++) {
                byte[] bytes = random.nextInt(4) == 0 ? mutated(pick(messages)) : pick(messages);
                try {
                    channel.writeInbound(Unpooled.copiedBuffer(bytes, 0, bytes.length));
                } catch (DecoderException e) {
                    assertThat(e).as("seed %d", seed).hasCauseInstanceOf(ProtocolViolation.class);
                    refusals++;
                }
            }
            assertThat(refusals).as("refusals, seed %d", seed).isLessThanOrEqualTo(1);
            for (Frame frame = channel.readInbound(); frame != null; frame = channel.readInbound()) frame.release();
            channel.close();
        }
    }

    @Test void scram_messages_lead_on_or_are_refused() {
        var verifier = ScramVerifier.derive("pencil", Octets.ofText("salt"), 2);
        ChannelBinding binding = new TlsServerEndPoint(Octets.ofText("hash"));
        var randomBytes = new SecureRandom();
        int accepted = 0;
        for (int run = 0; run < RUNS / 4; run++) {
            ScramClient client = ScramClient.begin(ScramServer.mechanisms(binding), new ScramSecret.Password("pencil"),
                    random.nextBoolean() ? binding : ChannelBinding.NONE, 2, randomBytes);
            String clientFirst = maybeMutated(client.clientFirst());
            try {
                if (!(ScramServer.begin(verifier, binding, randomBytes).first(client.mechanism(), clientFirst)
                        instanceof ScramChallenge challenge)) continue;
                ScramClient.Answer answer = client.answer(maybeMutated(challenge.serverFirst()));
                if (challenge.last(maybeMutated(answer.clientFinal())) instanceof ScramServer.Accepted last) {
                    answer.verify(maybeMutated(last.serverFinal()));
                    accepted++;
                }
            } catch (ProtocolViolation expected) {
                assertThat(expected).hasNoCause();
            }
            ScramVerifier.parse(maybeMutated(verifier.secret()));
        }
        assertThat(accepted).as("accepted, seed %d", seed).isPositive();
    }

    private static byte[] encoded(Consumer<ByteBuf> encode) {
        ByteBuf out = Unpooled.buffer();
        encode.accept(out);
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        return bytes;
    }

    private byte[] pick(List<byte[]> samples) {
        return samples.get(random.nextInt(samples.size()));
    }

    /// The type byte of some sample, or any byte.
    private byte type(List<byte[]> samples) {
        return random.nextInt(20) == 0 ? (byte) random.nextInt() : pick(samples)[0];
    }

    private static byte[] body(byte[] message) {
        return message.length <= Frame.HEADER_BYTES ? message
                : Arrays.copyOfRange(message, Frame.HEADER_BYTES, message.length);
    }

    private String maybeMutated(String text) {
        return random.nextInt(3) > 0 ? text
                : new String(mutated(text.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
    }

    private byte[] mutated(byte[] original) {
        byte[] bytes = original.clone();
        for (int change = random.nextInt(4); change >= 0; change--) {
            switch (random.nextInt(6)) {
                case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
                case 1 -> bytes = Arrays.copyOf(bytes, bytes.length + random.nextInt(20));
                case 2 -> random.nextBytes(bytes);
                case 3 -> {
                    if (bytes.length > 0) bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
                case 4 -> {
                    if (bytes.length > 0) bytes[random.nextInt(bytes.length)] = (byte) (random.nextBoolean() ? -1 : 0);
                }
                default -> {
                    if (bytes.length > 4) Unpooled.wrappedBuffer(bytes).setInt(random.nextInt(bytes.length - 4), extreme());
                }
            }
        }
        return bytes;
    }

    private int extreme() {
        return switch (random.nextInt(5)) {
            case 0 -> Integer.MIN_VALUE;
            case 1 -> Integer.MAX_VALUE;
            case 2 -> -1;
            case 3 -> random.nextInt(100);
            default -> random.nextInt();
        };
    }
}
