package org.pgkeel.proxy.observe;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/// Counts events by the word of their reason, as logs, metrics and the console print it. The words come from enums,
/// so there are few; a word beyond [#WORDS_MAX] counts as `other`, that a mistake cannot make metrics grow without end.
///
/// Threading: one writer, confined to its event loop.
public final class ReasonCounter {
    static final int WORDS_MAX = 64;
    private static final String OTHER = "other";

    private final Map<String, long[]> counts = new HashMap<>();

    /// @param word the reason's word, in lower case with `_` or `-`
    public void count(String word) {
        count(word, 1);
    }

    /// @param more events of that word
    public void count(String word, long more) {
        long[] known = counts.get(word);
        if (known == null) known = counts.computeIfAbsent(counts.size() < WORDS_MAX ? word : OTHER, _ -> new long[1]);
        known[0] += more;
    }

    /// Sorted by word.
    public Map<String, Long> snapshot() {
        var sorted = new TreeMap<String, Long>();
        counts.forEach((word, count) -> sorted.put(word, count[0]));
        return Collections.unmodifiableMap(sorted);
    }

    /// Two snapshots added up.
    static Map<String, Long> merge(Map<String, Long> one, Map<String, Long> other) {
        var sum = new TreeMap<>(one);
        other.forEach((word, count) -> sum.merge(word, count, Long::sum));
        return Collections.unmodifiableMap(sum);
    }
}
