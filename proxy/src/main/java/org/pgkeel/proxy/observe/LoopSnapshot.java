package org.pgkeel.proxy.observe;

import java.util.Collection;
import java.util.Map;

/// What an event loop, or all of them together, have counted since the start, see [LoopStats].
/// The maps go from a reason's word to its count, sorted by word.
///
/// @param logins       by outcome: `ok`, or what was wrong
/// @param pins         pins ever made, by reason
/// @param clientCloses client connections closed, by reason
/// @param serverCloses backend connections closed, by reason
/// @param losses       clients that stayed when their backend was lost, by what became of them
/// @param insertedRows rows of INSERTs, by the word of their [InsertHabit]; an estimate where there were many
public record LoopSnapshot(
        Map<String, Long> logins,
        Map<String, Long> refusals,
        Map<String, Long> pins,
        Map<String, Long> clientCloses,
        Map<String, Long> serverCloses,
        Map<String, Long> losses,
        Map<String, Long> insertedRows,
        long cancelRequests) {

    public static LoopSnapshot empty() {
        return new LoopStats().snapshot();
    }

    public LoopSnapshot plus(LoopSnapshot other) {
        return new LoopSnapshot(
                ReasonCounter.merge(logins, other.logins),
                ReasonCounter.merge(refusals, other.refusals),
                ReasonCounter.merge(pins, other.pins),
                ReasonCounter.merge(clientCloses, other.clientCloses),
                ReasonCounter.merge(serverCloses, other.serverCloses),
                ReasonCounter.merge(losses, other.losses),
                ReasonCounter.merge(insertedRows, other.insertedRows),
                cancelRequests + other.cancelRequests);
    }

    /// All event loops added up.
    public static LoopSnapshot merge(Collection<LoopSnapshot> loops) {
        return loops.stream().reduce(empty(), LoopSnapshot::plus);
    }
}
