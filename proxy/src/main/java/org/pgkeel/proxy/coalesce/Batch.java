package org.pgkeel.proxy.coalesce;

import java.util.List;

/// Requests that left their queue together, as it was when they left.
///
/// @param all   in the order in which they came
/// @param rows  of them
/// @param bytes of them
/// @param lanes that it holds, see [LaneChoice]
record Batch(List<Contribution> all, int rows, long bytes, long lanes) {
    Batch {
        all = List.copyOf(all);
    }
}
