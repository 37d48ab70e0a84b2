package org.pgkeel.bench.chaos;

import java.util.ArrayList;
import java.util.List;
import org.pgkeel.bench.verdict.Mark;

/// What happened when in a round.
///
/// Threading: shared, guarded by itself.
final class Moments {
    private final List<Mark> marks = new ArrayList<>();

    synchronized void mark(String what) {
        marks.add(new Mark(System.nanoTime(), what));
    }

    synchronized List<Mark> drain() {
        List<Mark> drained = List.copyOf(marks);
        marks.clear();
        return drained;
    }
}
