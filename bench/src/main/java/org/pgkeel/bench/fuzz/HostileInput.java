package org.pgkeel.bench.fuzz;

import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/// One thing a broken or evil client does on one connection.
///
/// @param seed   with the index it makes the same input again
/// @param phase  how far the connection is before the writes
/// @param kind   in a word, for counting
/// @param writes sent one after the other, each as one packet
/// @param ending what happens after the last write, and with it what the proxy owes
public record HostileInput(long seed, long index, Phase phase, String kind, List<byte[]> writes, Ending ending) {
    public enum Phase {
        /// Nothing has been sent.
        CONNECTED,
        /// The proxy has asked for SCRAM.
        CHALLENGED,
        /// The proxy has said ReadyForQuery.
        READY
    }

    public enum Ending {
        /// The input is surely wrong: an ErrorResponse or a closed socket is owed at once, while we keep the connection open.
        AWAIT_REFUSAL,
        /// We send no more, as a client that died politely: the proxy has to end the connection.
        HALF_CLOSE,
        /// We are gone, with a reset.
        RESET
    }

    String hex() {
        return writes.stream().map(HexFormat.of()::formatHex).collect(Collectors.joining(" "));
    }

    @Override
    public String toString() {
        return "input " + index + " of seed " + seed + " (" + phase + ", " + kind + ", " + ending + "): " + hex();
    }
}
