package org.pgkeel.bench.verdict;

import java.util.List;
import java.util.Optional;

/// A time in which a fault kept proxies and clients from reaching a node, or from recognising what it is, while the direct writer could.
///
/// @param node whom; empty for all of them
public record Hidden(Optional<String> node, long fromNanos, long toNanos) {
    /// How much of a time `node` was hidden.
    ///
    /// @param all one after the other, as faults are
    static long nanos(List<Hidden> all, String node, long fromNanos, long toNanos) {
        return all.stream().filter(each -> each.node.isEmpty() || each.node.get().equals(node))
                .mapToLong(each -> Math.max(0, Math.min(toNanos, each.toNanos) - Math.max(fromNanos, each.fromNanos))).sum();
    }
}
