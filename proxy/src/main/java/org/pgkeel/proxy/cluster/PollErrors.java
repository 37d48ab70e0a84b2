package org.pgkeel.proxy.cluster;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.pgkeel.failover.patroni.PatroniAnswer;
import org.pgkeel.failover.probe.NodeReply;

/// Questions that had no answer, by member, source and kind. Threading: shared; concurrent map.
final class PollErrors {
    /// More members and kinds than any cluster has.
    private static final int COUNTED_MAX = 1000;

    record Key(String member, String source, String kind) {}

    private final Map<Key, LongAdder> counts = new ConcurrentHashMap<>();

    void rest(String member, PatroniAnswer.Kind kind, String text) {
        count(new Key(member, "patroni", kind.word()));
    }

    void sql(String member, NodeReply.Kind kind) {
        count(new Key(member, "postgresql", kind.word()));
    }

    private void count(Key key) {
        LongAdder counter = counts.get(key);
        if (counter == null && counts.size() < COUNTED_MAX) counter = counts.computeIfAbsent(key, _ -> new LongAdder());
        if (counter != null) counter.increment();
    }

    Map<Key, LongAdder> counts() {
        return counts;
    }
}
