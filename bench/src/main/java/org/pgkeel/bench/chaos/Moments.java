package org.pgkeel.bench.chaos;

import java.util.ArrayList;
import java.util.List;
import org.pgkeel.bench.verdict.Hidden;
import org.pgkeel.bench.verdict.Mark;

/// What happened when in a round.
///
/// Threading: shared, guarded by itself.
final class Moments {
    private final List<Mark> marks = new ArrayList<>();
    private final List<Hidden> hidden = new ArrayList<>();

    synchronized void mark(String what) {
        marks.add(new Mark(System.nanoTime(), what));
    }

    synchronized void hid(Hidden time) {
        hidden.add(time);
    }

    synchronized List<Mark> marks() {
        return List.copyOf(marks);
    }

    synchronized List<Hidden> hidden() {
        return List.copyOf(hidden);
    }
}
