package org.pgkeel.proxy.session;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.pgkeel.proxy.prepare.SharedStatement;

/// What the names of prepared statements stood for before batches changed them that are not answered yet: should the backend be
/// lost, the batches are undone before they are sent to another one.
///
/// Threading: confined to the session's event loop.
final class NamesJournal {
    private int[] batches = new int[4];
    private byte[][] names = new byte[4][];
    private @Nullable SharedStatement[] before = new SharedStatement[4];
    private int size;

    /// Gives a name its meaning back.
    interface Restorer {
        /// @param name      empty for the unnamed statement
        /// @param statement what it stood for; null for nothing
        void restore(byte[] name, @Nullable SharedStatement statement);
    }

    /// A message of this batch changes what `name` stands for.
    void changes(int batch, byte[] name, @Nullable SharedStatement was) {
        if (size == batches.length) {
            batches = Arrays.copyOf(batches, 2 * size);
            names = Arrays.copyOf(names, 2 * size);
            before = Arrays.copyOf(before, 2 * size);
        }
        batches[size] = batch;
        names[size] = name;
        before[size++] = was;
    }

    /// Batches below this one are answered.
    void answered(int upTo) {
        int done = 0;
        while (done < size && batches[done] - upTo < 0) done++;
        if (done == 0) return;
        System.arraycopy(batches, done, batches, 0, size - done);
        System.arraycopy(names, done, names, 0, size - done);
        System.arraycopy(before, done, before, 0, size - done);
        Arrays.fill(before, size - done, size, null);
        size -= done;
    }

    /// Takes all back, the last change first.
    void undo(Restorer restorer) {
        while (size > 0) {
            size--;
            restorer.restore(names[size], before[size]);
            before[size] = null;
        }
    }
}
