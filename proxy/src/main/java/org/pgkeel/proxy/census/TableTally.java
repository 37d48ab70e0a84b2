package org.pgkeel.proxy.census;

import java.util.EnumMap;
import java.util.Map;
import org.pgkeel.proxy.observe.InsertHabit;

/// The rows of one table in the last minute, by the habit of their INSERTs: in slots of ten seconds, of which the oldest is forgotten.
///
/// Threading: confined to its event loop.
final class TableTally {
    static final int SLOTS = 7;

    private final long[][] rows = new long[SLOTS][InsertHabit.values().length];

    void add(int slot, InsertHabit habit, long count) {
        rows[slot][habit.ordinal()] += count;
    }

    void clear(int slot) {
        java.util.Arrays.fill(rows[slot], 0);
    }

    boolean isEmpty() {
        for (long[] slot : rows) for (long count : slot) if (count > 0) return false;
        return true;
    }

    Map<InsertHabit, Long> sum() {
        var sum = new EnumMap<InsertHabit, Long>(InsertHabit.class);
        for (InsertHabit habit : InsertHabit.values()) {
            long count = 0;
            for (long[] slot : rows) count += slot[habit.ordinal()];
            if (count > 0) sum.put(habit, count);
        }
        return sum;
    }
}
