package org.pgkeel.proxy.coalesce;

/// How many rows of each key have been counted since it was cleared last. A table of hashes that grows and never shrinks; clearing costs nothing.
///
/// Threading: confined to its event loop.
final class KeyCounts {
    private long[] keys = new long[64];
    private int[] counts = new int[64];
    /// A place counts if it has the present number.
    private int[] rounds = new int[64];
    private int round = 1;
    private int used;

    void clear() {
        round++;
        used = 0;
    }

    int of(long key) {
        int place = placeOf(key);
        return rounds[place] == round ? counts[place] : 0;
    }

    void add(long key) {
        if (2 * used >= keys.length) grow();
        int place = placeOf(key);
        if (rounds[place] == round) {
            counts[place]++;
            return;
        }
        keys[place] = key;
        counts[place] = 1;
        rounds[place] = round;
        used++;
    }

    private int placeOf(long key) {
        int mask = keys.length - 1;
        int place = (int) (key >>> 32) & mask;
        while (rounds[place] == round && keys[place] != key) place = place + 1 & mask;
        return place;
    }

    private void grow() {
        long[] oldKeys = keys;
        int[] oldCounts = counts;
        int[] oldRounds = rounds;
        keys = new long[2 * oldKeys.length];
        counts = new int[keys.length];
        rounds = new int[keys.length];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldRounds[i] != round) continue;
            int place = placeOf(oldKeys[i]);
            keys[place] = oldKeys[i];
            counts[place] = oldCounts[i];
            rounds[place] = round;
        }
    }
}
