package org.pgkeel.proxy.isolation;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/// What all clients did, together. Threading: any.
final class Tally {
    /// Replies that were compared with what their client must get.
    final LongAdder checked = new LongAdder();
    final LongAdder sessions = new LongAdder();
    final LongAdder transactions = new LongAdder();
    final LongAdder cancelled = new LongAdder();
    final LongAdder rudeEnds = new LongAdder();
    /// Rows that each session has committed, by its token.
    final Map<String, Integer> rowsCommitted = new ConcurrentHashMap<>();

    @Override
    public String toString() {
        return checked + " replies checked, " + sessions + " sessions, " + transactions + " transactions, " + cancelled + " statements cancelled, "
                + rudeEnds + " sessions ended rudely";
    }
}
