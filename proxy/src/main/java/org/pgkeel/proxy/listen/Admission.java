package org.pgkeel.proxy.listen;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.pgkeel.proxy.config.DatabaseConfig;
import org.pgkeel.proxy.config.ProxyConfig;
import org.pgkeel.proxy.config.UserConfig;
import org.pgkeel.proxy.refusal.Refusal;
import org.pgkeel.proxy.refusal.RefusalReason;

/// Counts clients in: in all, per database, per user. A name without clients is not remembered.
///
/// Threading: shared; atomic counters.
public final class Admission {
    private final AtomicInteger all = new AtomicInteger();
    private final Map<String, Integer> databases = new ConcurrentHashMap<>();
    private final Map<String, Integer> users = new ConcurrentHashMap<>();

    /// Counts a client in; if a limit is reached it is not counted.
    /// @return why not, if not
    Optional<Refusal> enter(ProxyConfig config, DatabaseConfig database, String databaseName, String user) {
        int clientsMax = config.limits().clients();
        if (all.incrementAndGet() > clientsMax) {
            all.decrementAndGet();
            return tooMany(clientsMax, "clients", "limits.clients");
        }
        if (!enter(databases, databaseName, database.maxClients())) {
            all.decrementAndGet();
            return tooMany(database.maxClients().orElseThrow(), "clients of database \"" + databaseName + "\"", "databases." + database.name() + ".max-clients");
        }
        UserConfig own = config.users().get(user);
        OptionalInt userMax = own == null ? OptionalInt.empty() : own.maxClients();
        if (!enter(users, user, userMax)) {
            all.decrementAndGet();
            leave(databases, databaseName);
            return tooMany(userMax.orElseThrow(), "clients of user \"" + user + "\"", "users." + user + ".max-clients");
        }
        return Optional.empty();
    }

    /// Counts a client out.
    void leave(String database, String user) {
        all.decrementAndGet();
        leave(databases, database);
        leave(users, user);
    }

    public int clients() {
        return all.get();
    }

    public int clientsOfDatabase(String database) {
        return databases.getOrDefault(database, 0);
    }

    public int clientsOfUser(String user) {
        return users.getOrDefault(user, 0);
    }

    private static boolean enter(Map<String, Integer> counts, String name, OptionalInt max) {
        int with = counts.merge(name, 1, Integer::sum);
        if (max.isEmpty() || with <= max.getAsInt()) return true;
        leave(counts, name);
        return false;
    }

    private static void leave(Map<String, Integer> counts, String name) {
        counts.compute(name, (_, count) -> count == null || count == 1 ? null : count - 1);
    }

    private static Optional<Refusal> tooMany(int max, String what, String key) {
        return Optional.of(Refusal.of(RefusalReason.TOO_MANY_CLIENTS, "too many " + what + ": " + max, "The limit is " + key + "."));
    }
}
