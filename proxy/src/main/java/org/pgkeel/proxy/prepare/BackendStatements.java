package org.pgkeel.proxy.prepare;

import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/// What one backend connection has prepared; bounded, the least recently used goes first.
///
/// Threading: confined to the connection's event loop.
public final class BackendStatements {
    /// A batch number that no batch has: the statement is known to be there.
    private static final int SURE = Integer.MIN_VALUE;

    private final LinkedHashMap<SharedStatement, Standing> prepared = new LinkedHashMap<>(16, 0.75f, true);
    private final int max;
    private @Nullable SharedStatement unnamed;
    private boolean probe;

    /// @param max the `prepared.per-backend` key
    public BackendStatements(int max) {
        this.max = max;
    }

    /// The statement is prepared here; it is the most recently used one now.
    public boolean has(SharedStatement statement) {
        return prepared.get(statement) != null;
    }

    /// The statement is prepared here, or will be unless this batch fails first. A Parse in an earlier batch whose answer is outstanding
    /// is no certainty.
    public boolean isSure(SharedStatement statement, int openBatch) {
        Standing standing = prepared.get(statement);
        return standing != null && (standing.batch == SURE || standing.batch == openBatch);
    }

    /// The backend said that it has it.
    public void confirm(SharedStatement statement) {
        Standing standing = prepared.get(statement);
        if (standing != null) standing.batch = SURE;
    }

    /// A statement that is there for sure, though it may be one too many.
    public void keep(SharedStatement statement) {
        prepared.put(statement, new Standing(SURE));
    }

    /// @param batch in which its Parse was sent
    /// @return a statement that has to be closed, as there would be too many; null mostly
    public @Nullable SharedStatement add(SharedStatement statement, int batch) {
        prepared.put(statement, new Standing(batch));
        if (prepared.size() <= max) return null;
        var oldest = prepared.firstEntry().getKey();
        prepared.remove(oldest);
        return oldest;
    }

    public void remove(SharedStatement statement) {
        prepared.remove(statement);
    }

    /// Nothing is prepared here any more.
    public void clear() {
        prepared.clear();
        unnamed = null;
        probe = false;
    }

    /// Whether the proxy's question for a transaction's mark is prepared here, or on its way.
    public boolean hasProbe() {
        return probe;
    }

    public void probe(boolean there) {
        probe = there;
    }

    public int size() {
        return prepared.size();
    }

    /// How sure it is that a statement is there.
    private static final class Standing {
        private int batch;

        Standing(int batch) {
            this.batch = batch;
        }
    }

    /// What the backend's unnamed statement is; null if it is not known.
    public @Nullable SharedStatement unnamed() {
        return unnamed;
    }

    public void unnamed(@Nullable SharedStatement statement) {
        unnamed = statement;
    }
}
