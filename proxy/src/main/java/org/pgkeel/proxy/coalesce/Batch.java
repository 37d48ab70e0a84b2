package org.pgkeel.proxy.coalesce;

import java.util.ArrayList;
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

    /// @param some of them, in the same order
    static List<Contribution> without(List<Contribution> those, List<Contribution> some) {
        if (some.size() == those.size()) return List.of();
        var left = new ArrayList<Contribution>();
        int at = 0;
        for (Contribution each : those) {
            if (at < some.size() && some.get(at) == each) at++;
            else left.add(each);
        }
        return left;
    }
}
