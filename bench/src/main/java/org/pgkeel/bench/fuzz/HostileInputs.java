package org.pgkeel.bench.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.pgkeel.bench.fuzz.HostileInput.Ending;
import org.pgkeel.bench.fuzz.HostileInput.Phase;

/// All inputs of a seed: the same seed and index give the same input, so any of them can be thrown again alone.
///
/// Threading: immutable.
public final class HostileInputs {
    private static final int LENGTH_AT = 1;
    private static final int PIPELINE_MAX = 6;
    private static final int GARBAGE_MAX_BYTES = 600;
    private static final int OVERSIZED_BYTES = 96 * 1024;

    private final long seed;
    private final String user;
    private final String database;

    /// @param user     whose name startup packets carry
    /// @param database which they ask for
    public HostileInputs(long seed, String user, String database) {
        this.seed = seed;
        this.user = user;
        this.database = database;
    }

    /// @param index any number of 0 or more
    public HostileInput input(long index) {
        var random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + index);
        return switch (random.nextInt(8)) {
            case 0, 1 -> connected(index, random);
            case 2 -> challenged(index, random);
            default -> ready(index, random);
        };
    }

    private HostileInput connected(long index, SplittableRandom random) {
        byte[] startup = ValidMessages.startup(user, database, random);
        return switch (random.nextInt(12)) {
            case 0 -> refused(index, Phase.CONNECTED, "startup length too small", new Octets().int32(random.nextInt(8)).toBytes());
            case 1 -> refused(index, Phase.CONNECTED, "startup length negative", new Octets().int32(-1 - random.nextInt(Integer.MAX_VALUE)).toBytes());
            case 2 -> refused(index, Phase.CONNECTED, "startup length huge", new Octets().int32(Integer.MAX_VALUE - random.nextInt(1 << 20)).int32(3 << 16).toBytes());
            case 3 -> refused(index, Phase.CONNECTED, "unknown protocol version", Octets.untyped(new Octets().int32(random.nextInt(1, 3) << 16 | random.nextInt(9)).int8(0)));
            case 4 -> refused(index, Phase.CONNECTED, "startup without user", Octets.untyped(new Octets().int32(3 << 16).text("database").text(database).int8(0)));
            case 5 -> closing(index, Phase.CONNECTED, "startup cut off", List.of(cut(startup, random)), random);
            case 6 -> closing(index, Phase.CONNECTED, "startup mutated", List.of(mutated(startup, random)), random);
            case 7 -> closing(index, Phase.CONNECTED, "garbage first", List.of(garbage(random)), random);
            case 8 -> closing(index, Phase.CONNECTED, "query before login", List.of(startup, ValidMessages.any(random)), random);
            case 9 -> closing(index, Phase.CONNECTED, "cancel of nobody", List.of(Octets.untyped(new Octets().int32(80877102).int32(random.nextInt()).raw(bytes(random, 4 + random.nextInt(40))))), random);
            case 10 -> closing(index, Phase.CONNECTED, "encryption asked for, then clear text",
                    List.of(Octets.untyped(new Octets().int32(random.nextBoolean() ? 80877103 : 80877104)), startup), random);
            case 11 -> closing(index, Phase.CONNECTED, "byte by byte", drops(startup), random);
            default -> throw new IllegalStateException("unreachable");
        };
    }

    private HostileInput challenged(long index, SplittableRandom random) {
        byte[] first = ValidMessages.saslInitial("SCRAM-SHA-256", "n,,n=,r=0123456789abcdefghij".getBytes(StandardCharsets.US_ASCII));
        return switch (random.nextInt(8)) {
            case 0 -> refused(index, Phase.CHALLENGED, "query in place of a password", ValidMessages.query("select 1"));
            case 1 -> refused(index, Phase.CHALLENGED, "unknown mechanism", ValidMessages.saslInitial("SCRAM-SHA-" + random.nextInt(999), first));
            case 2 -> refused(index, Phase.CHALLENGED, "password length negative", Octets.withLength('p', -random.nextInt(1, Integer.MAX_VALUE), new Octets()));
            case 3 -> refused(index, Phase.CHALLENGED, "password length huge", Octets.withLength('p', Integer.MAX_VALUE - random.nextInt(1 << 20), new Octets().int32(0)));
            case 4 -> closing(index, Phase.CHALLENGED, "SASL mutated", List.of(mutated(first, random)), random);
            case 5 -> closing(index, Phase.CHALLENGED, "SASL cut off", List.of(cut(first, random)), random);
            case 6 -> refused(index, Phase.CHALLENGED, "wrong proof", first, Octets.message('p', new Octets().raw(("c=biws,r=0123456789abcdefghij,p=" + "A".repeat(43) + "=").getBytes(StandardCharsets.US_ASCII))));
            case 7 -> closing(index, Phase.CHALLENGED, "garbage in login", List.of(garbage(random)), random);
            default -> throw new IllegalStateException("unreachable");
        };
    }

    private HostileInput ready(long index, SplittableRandom random) {
        byte[] valid = ValidMessages.any(random);
        return switch (random.nextInt(12)) {
            case 0 -> refused(index, Phase.READY, "length negative", withLength(valid, -random.nextInt(1, Integer.MAX_VALUE)));
            case 1 -> refused(index, Phase.READY, "length too small", withLength(valid, random.nextInt(4)));
            case 2 -> refused(index, Phase.READY, "length huge", withLength(valid, Integer.MAX_VALUE - random.nextInt(1 << 20)));
            case 3 -> refused(index, Phase.READY, "unknown type", Octets.message(unknownType(random), new Octets().raw(bytes(random, random.nextInt(32)))));
            case 4 -> closing(index, Phase.READY, "message cut off", List.of(cut(valid, random)), random);
            case 5, 6 -> closing(index, Phase.READY, "message mutated", List.of(mutated(valid, random), ValidMessages.sync()), random);
            case 7 -> closing(index, Phase.READY, "garbage", List.of(garbage(random)), random);
            case 8 -> closing(index, Phase.READY, "pipeline of anything", pipeline(random), random);
            case 9 -> closing(index, Phase.READY, "pipeline mutated", List.of(mutated(joined(pipeline(random)), random)), random);
            case 10 -> closing(index, Phase.READY, "oversized statement", List.of(ValidMessages.query("select '" + "x".repeat(random.nextInt(OVERSIZED_BYTES)) + "'")), random);
            case 11 -> closing(index, Phase.READY, "pipeline byte by byte", drops(joined(pipeline(random))), random);
            default -> throw new IllegalStateException("unreachable");
        };
    }

    private HostileInput refused(long index, Phase phase, String kind, byte[]... writes) {
        return new HostileInput(seed, index, phase, kind, List.of(writes), Ending.AWAIT_REFUSAL);
    }

    private HostileInput closing(long index, Phase phase, String kind, List<byte[]> writes, SplittableRandom random) {
        return new HostileInput(seed, index, phase, kind, writes, random.nextInt(4) == 0 ? Ending.RESET : Ending.HALF_CLOSE);
    }

    private static List<byte[]> pipeline(SplittableRandom random) {
        var messages = new ArrayList<byte[]>();
        int count = random.nextInt(1, PIPELINE_MAX + 1);
        for (int i = 0; i < count; i++) messages.add(ValidMessages.any(random));
        if (random.nextBoolean()) messages.add(ValidMessages.sync());
        return messages;
    }

    /// Some bits flipped, bytes replaced, removed or doubled.
    private static byte[] mutated(byte[] valid, SplittableRandom random) {
        byte[] bytes = valid.clone();
        int changes = random.nextInt(1, 5);
        for (int i = 0; i < changes && bytes.length > 1; i++) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt();
                case 2 -> bytes = joined(List.of(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, at + 1, bytes.length)));
                case 3 -> bytes = joined(List.of(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, random.nextInt(at + 1), bytes.length)));
                default -> throw new IllegalStateException("unreachable");
            }
        }
        return bytes;
    }

    private static byte[] cut(byte[] valid, SplittableRandom random) {
        return Arrays.copyOf(valid, random.nextInt(1, valid.length));
    }

    private static byte[] garbage(SplittableRandom random) {
        return bytes(random, random.nextInt(1, GARBAGE_MAX_BYTES));
    }

    private static byte[] bytes(SplittableRandom random, int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    /// At most as many writes as a short message has bytes; the rest comes in one.
    private static List<byte[]> drops(byte[] bytes) {
        var drops = new ArrayList<byte[]>();
        int single = Math.min(bytes.length, 48);
        for (int i = 0; i < single; i++) drops.add(new byte[] {bytes[i]});
        if (single < bytes.length) drops.add(Arrays.copyOfRange(bytes, single, bytes.length));
        return drops;
    }

    private static byte[] withLength(byte[] message, int length) {
        byte[] bytes = message.clone();
        byte[] wrong = new Octets().int32(length).toBytes();
        System.arraycopy(wrong, 0, bytes, LENGTH_AT, wrong.length);
        return bytes;
    }

    private static byte[] joined(List<byte[]> parts) {
        var all = new Octets();
        parts.forEach(all::raw);
        return all.toBytes();
    }

    /// No type that a client may send in any phase.
    private static int unknownType(SplittableRandom random) {
        while (true) {
            int type = random.nextInt(256);
            if ("BCDEFHPQSXcdfp".indexOf(type) < 0) return type;
        }
    }
}
