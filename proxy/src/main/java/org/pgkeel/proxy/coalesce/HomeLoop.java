package org.pgkeel.proxy.coalesce;

import org.pgkeel.proxy.config.CoalesceConfig;

/// The event loop of clients whose rows have an order: rows of one database and user wait in one queue then, and a queue belongs to one loop. Such clients
/// are moved there when they have logged in.
///
/// Threading: pure functions.
public final class HomeLoop {
    private HomeLoop() {}

    /// A client of this user may insert rows that have an order. What it calls itself (`application_name`) does not matter: that can change.
    public static boolean isNeeded(CoalesceConfig config, String user) {
        return config.rules().stream().anyMatch(rule -> rule.orderBy().isPresent() && (rule.users().isEmpty() || rule.users().contains(user)));
    }

    /// @param loops how many there are, 1 or more
    /// @return the index of one of them, the same for all clients of the database and user
    public static int of(String database, String user, int loops) {
        return Math.floorMod(31 * database.hashCode() + user.hashCode(), loops);
    }
}
