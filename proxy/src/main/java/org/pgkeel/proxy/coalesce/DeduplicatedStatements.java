package org.pgkeel.proxy.coalesce;

import java.util.LinkedHashMap;
import java.util.Optional;
import org.pgkeel.proxy.insert.ConflictClause;
import org.pgkeel.proxy.prepare.SharedStatement;

/// Clients' INSERTs with a conflict clause, as backends prepare them instead.
///
/// Threading: confined to its event loop.
final class DeduplicatedStatements {
    private static final int STATEMENTS_MAX = 1024;

    private final LinkedHashMap<Key, Optional<SharedStatement>> known = new LinkedHashMap<>(16, 0.75f, true);

    /// Both by identity: a statement stands for its text and for the settings that it was prepared with.
    private record Key(SharedStatement statement, ConflictClause clause) {}

    /// @return empty if the INSERT has a clause of its own
    Optional<SharedStatement> of(SharedStatement statement, ConflictClause clause) {
        var key = new Key(statement, clause);
        Optional<SharedStatement> there = known.get(key);
        if (there == null) {
            there = clause.into(statement.body()).map(body -> statement.withNames(body, statement.uses(), statement.effects()));
            known.put(key, there);
            if (known.size() > STATEMENTS_MAX) known.pollFirstEntry();
        }
        return there;
    }
}
