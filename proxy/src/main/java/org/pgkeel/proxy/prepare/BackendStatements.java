package org.pgkeel.proxy.prepare;

import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/// What one backend connection has prepared; bounded, the least recently used goes first.
///
/// Threading: confined to the connection's event loop.
public final class BackendStatements {
    private final LinkedHashMap<SharedStatement, SharedStatement> prepared = new LinkedHashMap<>(16, 0.75f, true);
    private final int max;
    private @Nullable SharedStatement unnamed;

    /// @param max the `prepared.per-backend` key
    public BackendStatements(int max) {
        this.max = max;
    }

    /// The statement is prepared here; it is the most recently used one now.
    public boolean has(SharedStatement statement) {
        return prepared.get(statement) != null;
    }

    /// @return a statement that has to be closed, as there would be too many; null mostly
    public @Nullable SharedStatement add(SharedStatement statement) {
        prepared.put(statement, statement);
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
    }

    public int size() {
        return prepared.size();
    }

    /// What the backend's unnamed statement is; null if it is not known.
    public @Nullable SharedStatement unnamed() {
        return unnamed;
    }

    public void unnamed(@Nullable SharedStatement statement) {
        unnamed = statement;
    }
}
