package org.pgkeel.proxy.pool;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/// The limits of databases, or of users, by their names. Clients choose the names: one is forgotten when no pool and no connection is of it any more.
///
/// Threading: shared, a concurrent map; pools are made where nothing is forgotten meanwhile.
public final class BudgetsByName {
    private final Map<String, BackendBudget> byName = new ConcurrentHashMap<>();

    /// @param max of a name that is not known yet
    public BackendBudget of(String name, int max) {
        return byName.computeIfAbsent(name, _ -> new BackendBudget(max));
    }

    /// Connections of that name, those being opened included.
    public int open(String name) {
        BackendBudget known = byName.get(name);
        return known == null ? 0 : known.open();
    }

    public void forEach(BiConsumer<String, BackendBudget> what) {
        byName.forEach(what);
    }

    public void forgetUnused() {
        byName.values().removeIf(BackendBudget::isUnused);
    }

    int size() {
        return byName.size();
    }
}
