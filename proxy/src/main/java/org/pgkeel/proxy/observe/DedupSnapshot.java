package org.pgkeel.proxy.observe;

/// The rows of one table that were there already, on one event loop or all of them.
///
/// @param state      `on`; `off: ` and what is in the way; empty without `dedup-by`, or before the first INSERT
/// @param duplicates rows that were acknowledged and not inserted
public record DedupSnapshot(String state, long duplicates) {
    public static final DedupSnapshot NONE = new DedupSnapshot("", 0);

    /// What is off somewhere is off.
    public DedupSnapshot plus(DedupSnapshot other) {
        boolean mine = other.state.isEmpty() || state.startsWith("off");
        return new DedupSnapshot(mine ? state : other.state, duplicates + other.duplicates);
    }
}
